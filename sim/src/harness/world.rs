//! A world as the application furnishes it: nodes, faults and invariants.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;

use super::fault::{Fault, Faults};
use super::host::BROKER;
use super::node::{Node, Program, Role};
use super::plan::Plan;
use crate::world::{Delay, generator};

/// Something that has to hold, and what is wrong if it does not.
pub(super) struct Invariant {
    pub name: String,
    pub check: Box<dyn Fn() -> Result<(), String> + Send>,
}

/// The world of one seed, before it begins. What outlives a crash (another company's service, say) is shared by the
/// functions that are given to it, and new for each world.
pub struct World {
    plan: Plan,
    /// By name: what they may be, and what they are.
    pub(super) numbers: BTreeMap<String, (RangeInclusive<u64>, u64)>,
    pub(super) programs: Vec<Arc<Program>>,
    pub(super) always: Vec<Invariant>,
    pub(super) eventually: Vec<Invariant>,
    pub(super) delay: Delay,
    faults: Faults,
    /// What cannot be played, first of all.
    problem: Option<String>,
}

impl World {
    /// An empty one, but for the broker.
    pub(super) fn new(plan: &Plan) -> Self {
        World {
            plan: plan.clone(),
            numbers: BTreeMap::new(),
            programs: Vec::new(),
            always: Vec::new(),
            eventually: Vec::new(),
            delay: Delay::Uniform { minimum_us: 100, maximum_us: 1_000 },
            faults: Faults::new(),
            problem: None,
        }
    }

    /// The seed, for randomness of the application's own.
    pub fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// A number that the seed draws, and that is made smaller when a failing world is: how many messages, say.
    ///
    /// # Panics
    /// If `range` is empty.
    pub fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> u64 {
        let drawn = generator(self.plan.seed, &format!("number {name}")).random_range(range.clone());
        let value = self.plan.numbers.get(name).copied().unwrap_or(drawn);
        if !range.contains(&value) {
            self.complain(format!("{name}={value}: expected a number from {} to {}", range.start(), range.end()));
        }
        self.numbers.insert(name.to_owned(), (range, value));
        value
    }

    /// A node that has something to do and is then done. `start` is called for each of its lives, and again 10 ms after
    /// what it returned has failed.
    pub fn client<Work, E>(&mut self, name: &str, start: impl Fn(Node) -> Work + Send + Sync + 'static)
    where
        Work: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.program(Program::new(name, Role::Client, start));
    }

    /// A node that serves for ever. `start` is called for each of its lives, and again 10 ms after what it returned has
    /// ended, as a supervisor would.
    pub fn service<Work, E>(&mut self, name: &str, start: impl Fn(Node) -> Work + Send + Sync + 'static)
    where
        Work: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.program(Program::new(name, Role::Service, start));
    }

    /// The faults that may strike; none if this is not called.
    pub fn faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// How long a segment takes between two nodes; anything from 100 us to 1 ms if this is not called.
    pub fn delay(&mut self, delay: Delay) {
        self.delay = delay;
    }

    /// What must hold after everything that the broker does.
    pub fn always<E: Display>(&mut self, name: &str, check: impl Fn() -> Result<(), E> + Send + 'static) {
        self.always.push(Invariant::new(name, check));
    }

    /// What must hold at the end: the faults are over, clients are done, and every queue is empty.
    pub fn eventually<E: Display>(&mut self, name: &str, check: impl Fn() -> Result<(), E> + Send + 'static) {
        self.eventually.push(Invariant::new(name, check));
    }

    /// The faults that strike, each with its place among all that were drawn.
    pub(super) fn planned_faults(&self) -> Vec<(usize, Fault)> {
        let drawn = self.faults.draw(self.plan.seed).into_iter().enumerate();
        let planned = |(place, mut fault): (usize, Fault)| {
            if let Some(kept) = &self.plan.faults
                && let Some(at_us) = kept.get(&place)?
            {
                fault.at = Duration::from_micros(*at_us);
            }
            Some((place, fault))
        };
        drawn.filter_map(planned).collect()
    }

    /// Whether it can be played.
    ///
    /// # Errors
    /// One line, if the plan or what it was furnished with is not possible.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        if let Some(unknown) = self.plan.numbers.keys().find(|name| !self.numbers.contains_key(*name)) {
            let known: Vec<&str> = self.numbers.keys().map(String::as_str).collect();
            return Err(format!("{unknown}: expected one of the test's numbers ({})", known.join(", ")));
        }
        let drawn = self.faults.draw(self.plan.seed).len();
        if let Some(place) = self.plan.faults.iter().flatten().map(|(place, _)| *place).find(|place| *place >= drawn) {
            return Err(format!("fault {place}: seed {} draws {drawn}, counted from 0", self.plan.seed));
        }
        let is_node = |name: &str| name == BROKER || self.programs.iter().any(|program| &*program.name == name);
        match self.faults.nodes().find(|name| !is_node(name)) {
            Some(name) => Err(format!("a fault for '{name}', but no node is called so")),
            None => Ok(()),
        }
    }

    fn program(&mut self, program: Program) {
        let is_taken = |other: &Arc<Program>| other.name == program.name;
        if &*program.name == BROKER || self.programs.iter().any(is_taken) {
            self.complain(format!("a second node is called '{}'", program.name));
        }
        self.programs.push(Arc::new(program));
    }

    fn complain(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}

impl Invariant {
    fn new<E: Display>(name: &str, check: impl Fn() -> Result<(), E> + Send + 'static) -> Self {
        Invariant { name: name.to_owned(), check: Box::new(move || check().map_err(|error| error.to_string())) }
    }
}
