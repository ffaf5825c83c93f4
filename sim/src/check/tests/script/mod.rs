//! Hand-written histories for the judges' tests: one line for each thing that happens.
//!
//! Every client has one channel at a time, opened when it is first mentioned and again after it was lost. Messages are
//! named by their numbers, and deliveries by their messages. What the broker does is written with `broker_*`.

mod broker;
mod clients;

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_broker::Timestamp;

use crate::check::{Anomaly, Invariant, Report, Verdict, check};
use crate::history::{
    ChannelId, ConsumerId, Death, Delivery, Digest, Event, History, MessageId, OperationId, ProcessId, Queue, QueueId,
    What,
};

/// A history that is being written. One millisecond passes before each event.
#[derive(Clone, Default)]
pub struct Script {
    history: History,
    now: Timestamp,
    numbers: u32,
    turn: u32,
    sides: BTreeMap<(&'static str, bool), Side>,
    publishes: BTreeMap<u64, OperationId>,
    deaths: Vec<Death>,
}

/// One end of a client's connection: the client's or the broker's.
#[derive(Clone)]
struct Side {
    channel: ChannelId,
    consumer: Option<(ConsumerId, QueueId)>,
    delivery_tag: u64,
    tags: BTreeMap<u64, u64>,
}

const BROKER: &str = "broker";

impl Script {
    pub fn new() -> Self {
        Script::default()
    }

    /// With one queue, `work`, without limits.
    pub fn work() -> Self {
        Script::new().queue(Queue::new("work"))
    }

    pub fn queue(mut self, queue: Queue) -> Self {
        self.history.queues.push(queue);
        self
    }

    /// With `work`, whose dead letters go to `dead`.
    pub fn dead_lettering(change: impl FnOnce(Queue) -> Queue) -> Self {
        Script::new().queue(change(Queue::new("work").dead_letters_to(QueueId(1)))).queue(Queue::new("dead"))
    }

    pub fn history(self) -> History {
        self.history
    }

    pub fn judge(self) -> Report {
        check(&self.history)
    }

    /// The verdict on one invariant.
    pub fn verdict(self, invariant: Invariant) -> Verdict {
        self.judge().verdicts.remove(&invariant).expect("every invariant is judged")
    }

    /// Every invariant holds, or cannot be told.
    #[track_caller]
    pub fn accepted(self) {
        let report = self.judge();
        assert!(report.anomalies().is_empty(), "{report}");
    }

    /// One invariant holds, or cannot be told.
    #[track_caller]
    pub fn accepted_by(self, invariant: Invariant) {
        let verdict = self.verdict(invariant);
        assert_eq!(verdict.anomaly(), None, "{verdict:?}");
    }

    /// This is violated, and nothing is before it.
    #[track_caller]
    pub fn rejected(self, anomaly: Anomaly) {
        let report = self.judge();
        assert_eq!(report.overall().anomaly(), Some(anomaly), "{report}");
    }

    /// Time passes.
    pub fn wait(mut self, duration: Duration) -> Self {
        self.now = self.now + duration;
        self
    }

    fn queue_id(&self, name: &str) -> QueueId {
        let place = self.history.queues.iter().position(|queue| queue.name == name).expect("a queue of the script");
        QueueId(u32::try_from(place).unwrap())
    }

    fn process(&mut self, name: &str) -> ProcessId {
        let known = self.history.processes.iter().position(|process| process == name);
        let place = known.unwrap_or_else(|| {
            self.history.processes.push(name.to_owned());
            self.history.processes.len() - 1
        });
        ProcessId(u32::try_from(place).unwrap())
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn write(&mut self, who: &str, what: What) {
        self.now = self.now + Duration::from_millis(1);
        let event = Event { at: self.now, who: self.process(who), what };
        self.history.events.push(event);
    }

    fn side(&mut self, who: &'static str, is_broker: bool) -> &mut Side {
        if !self.sides.contains_key(&(who, is_broker)) {
            let channel = ChannelId(self.number());
            if !is_broker {
                self.write(who, What::ChannelOpened { channel });
            }
            let side = Side { channel, consumer: None, delivery_tag: 0, tags: BTreeMap::new() };
            self.sides.insert((who, is_broker), side);
        }
        self.sides.get_mut(&(who, is_broker)).unwrap()
    }

    fn delivery(&mut self, who: &'static str, message: u64, delivery_count: u32, is_broker: bool) -> Delivery {
        let deaths = std::mem::take(&mut self.deaths);
        let side = self.side(who, is_broker);
        let (consumer, queue) = side.consumer.expect("a consumer was started");
        side.delivery_tag += 1;
        side.tags.insert(message, side.delivery_tag);
        Delivery {
            channel: side.channel,
            consumer: Some(consumer),
            queue,
            delivery_tag: side.delivery_tag,
            message: Some(MessageId(message)),
            digest: digest(message),
            redelivered: delivery_count > 0,
            delivery_count,
            deaths,
        }
    }
}

fn digest(message: u64) -> Digest {
    Digest(message)
}
