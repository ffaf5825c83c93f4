//! A broker, its clients and the network between them, moved one step at a time by a random hand.

mod acts;
mod moves;
mod phases;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::core::{self, Command, ConnectionId, Effect, Machine, QueueOptions, QueuePolicy, Reply};
use handoff_sim::history::{Counts, History, MessageId, Observed, ProcessLog, QueueId, Recorder, encode_body};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::client::Client;
use crate::link::{Down, Link};
use crate::machine::Inspect;

/// No properties at all.
pub const PROPERTIES: &[u8] = &[0, 0];
const SILENCE: Duration = Duration::from_millis(500);
const QUEUES: [&str; 2] = ["work", "dead"];

/// The body of a message of the test.
pub fn body(message: MessageId) -> Vec<u8> {
    encode_body(message, b"work to be done")
}

/// How rough a run is.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub steps: u32,
    /// Of `work`; its dead letters always go to `dead`.
    pub policy: QueuePolicy,
    pub prefetch: u16,
    /// Whether connections are cut and clients crash.
    pub is_faulty: bool,
    /// Whether a producer sends again what ended unknown.
    pub sends_again: bool,
    pub restarts: bool,
}

impl Plan {
    pub fn calm(seed: u64, steps: u32) -> Self {
        let policy = QueuePolicy {
            dead_letter_exchange: Some(String::new()),
            dead_letter_routing_key: Some(b"dead".to_vec()),
            ..QueuePolicy::default()
        };
        Plan { seed, steps, policy, prefetch: 3, is_faulty: false, sends_again: false, restarts: false }
    }
}

pub struct Network<M> {
    plan: Plan,
    random: ChaCha8Rng,
    clock: Arc<AtomicU64>,
    recorder: Recorder,
    run: ProcessLog,
    make: Box<dyn Fn() -> M>,
    broker: Observed<M>,
    queues: [QueueId; 2],
    clients: Vec<Client>,
    links: BTreeMap<u64, Link>,
    connections: u64,
    messages: u64,
}

/// Runs a plan to its end, and returns what was recorded.
pub fn run<M: Inspect>(plan: Plan, make: impl Fn() -> M + 'static) -> History {
    let mut network = Network::new(plan, Box::new(make));
    for _ in 0..network.plan.steps {
        network.step();
    }
    network.drain();
    network.recorder.take()
}

impl<M: Inspect> Network<M> {
    fn new(plan: Plan, make: Box<dyn Fn() -> M>) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let reading = Arc::clone(&clock);
        let recorder = Recorder::new(move || Timestamp::from_nanoseconds(reading.load(Ordering::Relaxed)));
        let broker = Observed::new(make(), &recorder);
        let mut network = Network {
            random: ChaCha8Rng::seed_from_u64(plan.seed),
            clock,
            run: recorder.process("run"),
            broker,
            make,
            queues: [QueueId(0), QueueId(1)],
            clients: Vec::new(),
            links: BTreeMap::new(),
            connections: 0,
            messages: 0,
            recorder,
            plan,
        };
        network.declare();
        let [work, dead] = network.queues;
        let prefetch = network.plan.prefetch;
        for (name, source) in [
            ("p1", None),
            ("p2", None),
            ("c1", Some((work, prefetch))),
            ("c2", Some((work, 1))),
            ("c3", Some((work, 0))),
            ("d1", Some((dead, 2))),
        ] {
            let log = network.recorder.process(name);
            network.clients.push(Client { log, source, session: None, unknown: Vec::new() });
        }
        network
    }

    fn declare(&mut self) {
        let connection = ConnectionId(0);
        for name in QUEUES.iter().rev() {
            let policy = if *name == "work" { self.plan.policy.clone() } else { QueuePolicy::default() };
            let options = QueueOptions { policy, ..QueueOptions::default() };
            let declared = self.handle(Command::DeclareQueue { connection, name, passive: false, options });
            assert!(declared.is_ok());
        }
        let known = |name| self.recorder.queue(handoff_sim::history::Queue::new(name));
        self.queues = [known("work"), known("dead")];
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.clock.load(Ordering::Relaxed))
    }

    /// A millisecond passes.
    fn tick(&mut self) {
        self.clock.fetch_add(1_000_000, Ordering::Relaxed);
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    fn handle(&mut self, command: Command<'_>) -> Result<Reply, core::Refusal> {
        let reply = self.broker.handle(self.now(), command);
        while let Some(effect) = self.broker.next_effect() {
            if let Effect::Deliver { channel, delivery, .. } = effect
                && let Some(link) = self.links.get_mut(&channel.connection.0)
            {
                link.send_down(Down::Deliver(Box::new(delivery)));
            }
        }
        reply
    }

    fn step(&mut self) {
        self.tick();
        match self.random.random_range(0..100) {
            0..25 => self.act(),
            25..60 => self.move_up(),
            60..95 => self.move_down(),
            95..99 if self.plan.is_faulty => self.fail(),
            99 if self.plan.restarts && self.chance(5) => self.restart(),
            _ => self.count(),
        }
    }

    fn count(&mut self) {
        for (name, queue) in QUEUES.into_iter().zip(self.queues) {
            if let Some(counts) = self.broker.machine().counts(name) {
                self.run.counted(Counts {
                    queue,
                    taken: counts.taken,
                    ready: counts.ready,
                    unacknowledged: counts.unacknowledged,
                    acknowledged: counts.acknowledged,
                    dead_lettered: counts.dead_lettered,
                    removed: counts.removed,
                });
            }
        }
    }
}
