//! What must hold in a plan beyond its form: names that exist, numbers that mean something.

use std::collections::BTreeSet;
use std::fmt;

use super::injection::{Fault, FaultKind};
use super::plan::{Plan, ProducerPlan, QueuePlan};

/// Something that must not be so, and where it stands.
#[derive(Debug)]
pub(super) struct Problem {
    /// From the outermost table inwards.
    pub path: Vec<Step>,
    text: String,
}

/// One step into a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The value of a key.
    Key(&'static str),
    /// An element of an array.
    Index(usize),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for step in &self.path {
            match step {
                Step::Key(key) => write!(formatter, "{separator}{key}")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
            separator = ".";
        }
        write!(formatter, ": {}", self.text)
    }
}

/// Fails with what `describe` says is expected, unless `holds`.
fn ensure(holds: bool, path: &[Step], describe: impl FnOnce() -> String) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem { path: path.to_vec(), text: describe() }) }
}

/// Whether a plan can be played.
///
/// # Errors
/// The first problem found.
pub(super) fn check(plan: &Plan) -> Result<(), Problem> {
    use Step::{Index, Key};
    ensure(plan.version == Plan::VERSION, &[Key("version")], || format!("expected {}", Plan::VERSION))?;
    ensure(plan.seed <= Plan::MAX_SEED, &[Key("seed")], || format!("expected at most {}", Plan::MAX_SEED))?;
    plan.link.check().or_else(|error| ensure(false, &[Key("link")], || error.to_string()))?;
    ensure(!plan.queues.is_empty(), &[Key("queue")], || "expected at least one queue".into())?;
    check_names(plan)?;
    for (index, queue) in plan.queues.iter().enumerate() {
        check_queue(plan, queue, &[Key("queue"), Index(index)])?;
    }
    for (index, producer) in plan.producers.iter().enumerate() {
        check_producer(plan, producer, &[Key("producer"), Index(index)])?;
    }
    for (index, consumer) in plan.consumers.iter().enumerate() {
        let path = [Key("consumer"), Index(index), Key("queue")];
        known_queue(plan, &consumer.queue, &path)?;
    }
    plan.faults.iter().enumerate().try_for_each(|(index, fault)| check_fault(plan, fault, index))
}

/// Names are short, and each names one thing.
fn check_names(plan: &Plan) -> Result<(), Problem> {
    let queues = plan.queues.iter().enumerate().map(|(index, queue)| ("queue", index, &queue.name));
    unique(queues, &mut BTreeSet::new())?;
    let producers = plan.producers.iter().enumerate().map(|(index, producer)| ("producer", index, &producer.name));
    let consumers = plan.consumers.iter().enumerate().map(|(index, consumer)| ("consumer", index, &consumer.name));
    let mut taken = Plan::RESERVED.iter().map(|name| (*name).to_owned()).collect();
    unique(producers.chain(consumers), &mut taken)
}

fn unique<'a>(
    names: impl Iterator<Item = (&'static str, usize, &'a String)>,
    taken: &mut BTreeSet<String>,
) -> Result<(), Problem> {
    for (kind, index, name) in names {
        let path = [Step::Key(kind), Step::Index(index), Step::Key("name")];
        ensure((1..=100).contains(&name.len()), &path, || "expected 1 to 100 bytes".into())?;
        ensure(taken.insert(name.clone()), &path, || format!("expected a name of its own, '{name}' is taken"))?;
    }
    Ok(())
}

fn check_queue(plan: &Plan, queue: &QueuePlan, path: &[Step]) -> Result<(), Problem> {
    let at = |key| [path, &[Step::Key(key)]].concat();
    let limits = [
        ("max_length", queue.max_length),
        ("max_length_bytes", queue.max_length_bytes),
        ("message_ttl_us", queue.message_ttl_us),
    ];
    for (key, limit) in limits {
        ensure(limit != Some(0), &at(key), || "expected at least 1".into())?;
    }
    let Some(name) = &queue.dead_letter_queue else { return Ok(()) };
    ensure(name != &queue.name, &at("dead_letter_queue"), || "expected another queue than itself".into())?;
    known_queue(plan, name, &at("dead_letter_queue"))
}

fn check_producer(plan: &Plan, producer: &ProducerPlan, path: &[Step]) -> Result<(), Problem> {
    let at = |key| [path, &[Step::Key(key)]].concat();
    known_queue(plan, &producer.queue, &at("queue"))?;
    ensure(producer.in_flight > 0, &at("in_flight"), || "expected at least 1".into())
}

fn known_queue(plan: &Plan, name: &str, path: &[Step]) -> Result<(), Problem> {
    ensure(plan.queues.iter().any(|queue| queue.name == name), path, || {
        format!("expected one of the plan's queues ({}), found '{name}'", list(plan.queues.iter().map(|it| &it.name)))
    })
}

fn check_fault(plan: &Plan, fault: &Fault, index: usize) -> Result<(), Problem> {
    let at = |key| [Step::Key("fault"), Step::Index(index), Step::Key(key)];
    let (kind, node) = (&fault.kind, &fault.node);
    let Some(role) = plan.role(node) else {
        let producers = plan.producers.iter().map(|producer| &producer.name);
        let nodes = list(producers.chain(plan.consumers.iter().map(|consumer| &consumer.name)));
        return ensure(false, &at("node"), || {
            format!("expected {} or a node of the plan ({nodes}), found '{node}'", Plan::BROKER)
        });
    };
    ensure(kind.can_happen_to(role), &at("node"), || {
        format!("expected a node to which '{}' can happen, found '{node}'", kind.name())
    })?;
    ensure(!kind.needs_heartbeat() || plan.heartbeat_s > 0, &at("kind"), || {
        format!("'{}' is found out by heartbeats alone: expected heartbeat_s above 0", kind.name())
    })?;
    match kind {
        FaultKind::Delay(delay) => delay.check().or_else(|error| ensure(false, &at("kind"), || error.to_string()))?,
        FaultKind::Bandwidth { bytes_per_s: 0 } => {
            ensure(false, &at("kind"), || "expected bytes_per_s of at least 1".into())?;
        }
        _ => {}
    }
    let has_moment = fault.moment.is_none_or(|moment| moment.comes_to(role));
    ensure(has_moment, &at("moment"), || format!("expected a moment that comes to '{node}'"))
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}
