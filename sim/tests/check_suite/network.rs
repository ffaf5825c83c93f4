//! A broker, its clients and the network between them, moved one step at a time by a random hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::core::{
    self, ChannelId, Command, ConnectionId, Effect, Machine, Message, Published, QueueOptions, QueuePolicy, Reply,
};
use handoff_sim::history::{
    Counts, Disturbance, History, Left, MessageId, Observed, ProcessLog, QueueId, Recorder, encode_body,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::client::Client;
use super::link::{Down, Link, Up};
use super::machine::Inspect;

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
        self.clock.fetch_add(1_000_000, Ordering::Relaxed);
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

/// What clients do.
impl<M: Inspect> Network<M> {
    fn connect(&mut self, client: usize) {
        self.connections += 1;
        let link = self.links.entry(self.connections).or_default();
        link.client = Some(client);
        self.clients[client].connect(self.connections, link);
        let channel = ChannelId { connection: ConnectionId(self.connections), number: 1 };
        assert!(self.handle(Command::OpenChannel { channel }).is_ok());
    }

    fn act(&mut self) {
        let number = self.random.random_range(0..self.clients.len());
        if self.clients[number].session.is_none() {
            return self.connect(number);
        }
        if self.clients[number].source.is_some() {
            self.settle(number);
        } else {
            self.publish(number);
        }
    }

    fn publish(&mut self, number: usize) {
        let again = self.plan.sends_again && self.chance(30);
        let queue = if self.chance(95) { self.queues[0] } else { self.queues[1] };
        let Network { clients, links, messages, .. } = self;
        let client = &mut clients[number];
        let (queue, message) = match client.unknown.pop().filter(|_| again) {
            Some(unknown) => unknown,
            None => {
                *messages += 1;
                (queue, MessageId(*messages))
            }
        };
        let Some(session) = &mut client.session else { return };
        if let Some(link) = links.get_mut(&session.link) {
            session.publish(queue, message, link);
        }
    }

    fn settle(&mut self, number: usize) {
        let choice = self.random.random_range(0..100);
        let pick = self.random.random_range(0..64);
        let Some(session) = &mut self.clients[number].session else { return };
        let Some(link) = self.links.get_mut(&session.link) else { return };
        match (choice, session.held.len()) {
            (95.., _) => session.ask(link),
            (94, _) => session.cancel(link),
            (_, 0) => {}
            (93, held) if self.plan.is_faulty => {
                let delivery_tag = session.held[pick % held];
                session.acknowledge(pick % held, false, link);
                session.acknowledge_again(delivery_tag, link);
            }
            (0..45, held) => session.acknowledge(pick % held, false, link),
            (45..55, held) => session.acknowledge(pick % held, true, link),
            (55..80, held) => session.reject(pick % held, true, link),
            (80..93, held) => session.reject(pick % held, false, link),
            _ => {}
        }
    }
}

/// What the network does.
impl<M: Inspect> Network<M> {
    /// A connection on which something may move, picked at random.
    fn pick(&mut self, can_move: impl Fn(&Link) -> bool) -> Option<u64> {
        let now = self.now();
        let ready = self.links.iter().filter(|(_, link)| link.silent_until.is_none_or(|until| until <= now));
        let ready: Vec<u64> = ready.filter(|(_, link)| can_move(link)).map(|(number, _)| *number).collect();
        (!ready.is_empty()).then(|| ready[self.random.random_range(0..ready.len())])
    }

    fn move_up(&mut self) {
        let Some(number) = self.pick(|link| !link.up.is_empty() && !link.is_closed) else { return };
        let link = self.links.get_mut(&number).expect("it was picked");
        if link.silent_until.take().is_some() {
            link.cut(0, usize::MAX);
        }
        let Some(frame) = link.up.pop_front() else { return };
        let channel = ChannelId { connection: ConnectionId(number), number: 1 };
        let (request, done) = self.carry_out(channel, frame);
        let link = self.links.get_mut(&number).expect("links stay");
        match (request, done) {
            (Some(request), true) => link.send_down(Down::Done { request }),
            (Some(request), false) => link.send_down(Down::Refused { request }),
            (None, true) => {}
            (None, false) => {
                link.is_closed = true;
                link.send_down(Down::End);
                assert!(self.handle(Command::CloseConnection { connection: channel.connection }).is_ok());
            }
        }
    }

    /// Says what is answered, and whether it was carried out. What is not answered and not carried out is an error.
    fn carry_out(&mut self, channel: ChannelId, frame: Up) -> (Option<u64>, bool) {
        match frame {
            Up::Consume { request, queue, prefetch } => {
                let queue = QUEUES[usize::from(queue == self.queues[1])];
                let set = self.handle(Command::SetPrefetch { channel, count: prefetch, global: false });
                let consume = Command::Consume { channel, queue, consumer_tag: "c", no_ack: false, exclusive: false };
                (Some(request), set.is_ok() && self.handle(consume).is_ok())
            }
            Up::Publish { request, queue, message } => {
                let key = QUEUES[usize::from(queue == self.queues[1])].as_bytes();
                let message = Message::new("", key, PROPERTIES, &body(message));
                let reply = self.handle(Command::Publish { channel, message });
                (Some(request), reply == Ok(Reply::Published(Published::Taken)))
            }
            Up::Acknowledge { delivery_tag, multiple } => {
                (None, self.handle(Command::Acknowledge { channel, delivery_tag, multiple }).is_ok())
            }
            Up::Reject { delivery_tag, requeue } => {
                let reject = Command::Reject { channel, delivery_tag, multiple: false, requeue };
                (None, self.handle(reject).is_ok())
            }
            Up::Cancel { request } => {
                (Some(request), self.handle(Command::Cancel { channel, consumer_tag: "c" }).is_ok())
            }
            Up::Ask { request } => (Some(request), true),
            Up::End => (None, false),
        }
    }

    fn move_down(&mut self) {
        let Some(number) = self.pick(|link| !link.down.is_empty()) else { return };
        let link = self.links.get_mut(&number).expect("it was picked");
        let (Some(frame), Some(client)) = (link.down.pop_front(), link.client) else { return };
        if matches!(frame, Down::End) {
            link.client = None;
        }
        self.clients[client].receive(frame);
    }

    fn fail(&mut self) {
        let number = self.random.random_range(0..self.clients.len());
        let (up, down) = (self.random.random_range(0..4), self.random.random_range(0..4));
        let fault = self.random.random_range(0..3);
        let until = self.now() + SILENCE;
        let client = &mut self.clients[number];
        let Some(link) = client.session.as_ref().and_then(|session| self.links.get_mut(&session.link)) else { return };
        match fault {
            0 => {
                client.log.crashed();
                link.client = None;
                link.silent_until = None;
                link.cut_up(up);
                client.disconnect();
            }
            1 => {
                client.log.disturbed(Disturbance::Cut);
                link.cut(up, down);
            }
            _ => {
                client.log.disturbed(Disturbance::Silence { at_least: SILENCE });
                link.silent_until.get_or_insert(until);
            }
        }
    }

    fn restart(&mut self) {
        self.run.broker_restarted();
        for link in self.links.values_mut() {
            link.cut(0, usize::MAX);
            link.is_closed = true;
            link.silent_until = None;
        }
        self.broker = Observed::new((self.make)(), &self.recorder);
        self.declare();
    }

    /// Faults stop, everybody works until nothing moves, and what is left is counted.
    fn drain(&mut self) {
        self.run.healed();
        for _ in 0..100_000 {
            self.clock.fetch_add(1_000_000, Ordering::Relaxed);
            (0..20).for_each(|_| self.move_up());
            (0..20).for_each(|_| self.move_down());
            for number in 0..self.clients.len() {
                self.finish(number);
            }
            let moves = |link: &Link| {
                (!link.is_closed && !link.up.is_empty()) || (link.client.is_some() && !link.down.is_empty())
            };
            if !self.links.values().any(moves) {
                break;
            }
        }
        self.count();
        let left = |(name, queue): (&str, QueueId)| {
            let counts = self.broker.machine().counts(name)?;
            Some(Left { queue, ready: counts.ready, unacknowledged: counts.unacknowledged })
        };
        let left = QUEUES.into_iter().zip(self.queues).filter_map(left).collect();
        self.run.drained(left);
    }

    fn finish(&mut self, number: usize) {
        let Some(session) = &mut self.clients[number].session else {
            return self.connect(number);
        };
        let Some(link) = self.links.get_mut(&session.link) else { return };
        if !session.held.is_empty() {
            session.acknowledge(session.held.len() - 1, true, link);
        }
    }
}
