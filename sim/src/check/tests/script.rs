//! Hand-written histories for the judges' tests: one line for each thing that happens.
//!
//! Every client has one channel at a time, opened when it is first mentioned and again after it was lost. Messages are
//! named by their numbers, and deliveries by their messages. What the broker does is written with `broker_*`.

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_broker::Timestamp;

use crate::check::{Anomaly, Invariant, Report, Verdict, check};
use crate::history::{
    BrokerEvent, ChannelId, ConsumerId, Counts, Death, Delivery, Digest, Disturbance, Event, History, Left, MessageId,
    OperationId, Outcome, ProcessId, Queue, QueueId, Reason, Request, What,
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
    consumes: BTreeMap<&'static str, OperationId>,
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

/// What clients do.
impl Script {
    fn invoke(&mut self, who: &'static str, request: Request) -> OperationId {
        let channel = self.side(who, false).channel;
        let operation = OperationId(self.number().into());
        self.write(who, What::Invoked { operation, channel, request });
        operation
    }

    fn end(mut self, who: &str, operation: OperationId, outcome: Outcome) -> Self {
        self.write(who, What::Ended { operation, outcome });
        self
    }

    /// Sends a message; it stays unknown until it ends.
    pub fn publish(mut self, who: &'static str, queue: &str, message: u64) -> Self {
        let (queue, id) = (self.queue_id(queue), MessageId(message));
        let operation = self.invoke(who, Request::Publish { queue, message: id, digest: digest(message) });
        self.publishes.insert(message, operation);
        self
    }

    pub fn confirmed(self, who: &str, message: u64) -> Self {
        let operation = self.publishes[&message];
        self.end(who, operation, Outcome::Ok)
    }

    pub fn nacked(self, who: &str, message: u64) -> Self {
        let operation = self.publishes[&message];
        self.end(who, operation, Outcome::Failed)
    }

    /// Sends a message to `work` and gets it confirmed.
    pub fn published(self, message: u64) -> Self {
        self.publish("producer", "work", message).confirmed("producer", message)
    }

    /// Starts a consumer of a queue.
    pub fn consume(mut self, who: &'static str, queue: &str, prefetch: u16) -> Self {
        let (queue, consumer) = (self.queue_id(queue), ConsumerId(self.number()));
        self.side(who, false).consumer = Some((consumer, queue));
        let operation = self.invoke(who, Request::Consume { consumer, queue, prefetch, no_ack: false });
        self.consumes.insert(who, operation);
        self.end(who, operation, Outcome::Ok)
    }

    pub fn cancel(mut self, who: &'static str) -> Self {
        let (consumer, _) = self.side(who, false).consumer.expect("a consumer was started");
        self.invoke(who, Request::Cancel { consumer });
        self
    }

    /// Gets a message that says how often it was delivered before.
    pub fn receive(self, who: &'static str, message: u64, delivery_count: u32) -> Self {
        self.receive_with(who, message, delivery_count, |_| {})
    }

    /// The same, and something is odd about it.
    pub fn receive_with(
        mut self,
        who: &'static str,
        message: u64,
        delivery_count: u32,
        change: impl FnOnce(&mut Delivery),
    ) -> Self {
        let mut delivery = self.delivery(who, message, delivery_count, false);
        change(&mut delivery);
        self.write(who, What::Delivered(delivery));
        self
    }

    /// The next delivery says this of the past.
    pub fn died(mut self, queue: &str, reason: Reason) -> Self {
        self.deaths.insert(0, Death { queue: queue.into(), reason: reason.as_str().into(), count: 1 });
        self
    }

    pub fn acknowledge(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Acknowledge { delivery_tag, multiple: false });
        self
    }

    pub fn requeue(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Reject { delivery_tag, multiple: false, requeue: true });
        self
    }

    pub fn discard(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Reject { delivery_tag, multiple: false, requeue: false });
        self
    }

    /// Asks for something and is answered: what was sent before was taken.
    pub fn answered(mut self, who: &'static str) -> Self {
        let operation = self.invoke(who, Request::Other);
        self.end(who, operation, Outcome::Ok)
    }

    pub fn crash(mut self, who: &'static str) -> Self {
        self.write(who, What::Crashed);
        self.sides.remove(&(who, false));
        self
    }

    pub fn cut(mut self, who: &'static str) -> Self {
        self.write(who, What::Disturbed(Disturbance::Cut));
        self
    }

    pub fn silence(mut self, who: &'static str, at_least: Duration) -> Self {
        self.write(who, What::Disturbed(Disturbance::Silence { at_least }));
        self
    }

    pub fn lose_channel(mut self, who: &'static str) -> Self {
        let channel = self.side(who, false).channel;
        self.write(who, What::ChannelLost { channel });
        self.sides.remove(&(who, false));
        self
    }

    pub fn restart_broker(mut self) -> Self {
        self.write(BROKER, What::BrokerRestarted);
        self
    }

    /// The run is over: for each queue what is ready and what is unacknowledged.
    pub fn drained(mut self, left: &[(&str, u64, u64)]) -> Self {
        let left = left.iter().map(|(queue, ready, unacknowledged)| {
            let (queue, ready, unacknowledged) = (self.queue_id(queue), *ready, *unacknowledged);
            Left { queue, ready, unacknowledged }
        });
        let left = left.collect();
        self.write("run", What::Drained { left });
        self
    }

    pub fn counted(mut self, counts: Counts) -> Self {
        self.write("run", What::Counted(counts));
        self
    }

    pub fn measured(mut self, what: What) -> Self {
        self.write("run", what);
        self
    }
}

/// What the broker does. Commands begin a turn; deliveries and deaths are effects of the latest one.
impl Script {
    fn command(&mut self, event: BrokerEvent) {
        self.turn += 1;
        self.effect(event);
    }

    fn effect(&mut self, event: BrokerEvent) {
        let turn = self.turn;
        self.write(BROKER, What::Broker { turn, event });
    }

    pub fn broker_takes(mut self, queue: &str, message: u64) -> Self {
        let (queue, id) = (self.queue_id(queue), Some(MessageId(message)));
        self.command(BrokerEvent::Taken { queue, message: id, digest: digest(message) });
        self
    }

    pub fn broker_declares(mut self, queue: &str) -> Self {
        let queue = self.queue_id(queue);
        self.command(BrokerEvent::Declared { queue });
        self
    }

    pub fn broker_starts(mut self, who: &'static str, queue: &str, prefetch: u16) -> Self {
        let (queue, consumer) = (self.queue_id(queue), ConsumerId(self.number()));
        let side = self.side(who, true);
        side.consumer = Some((consumer, queue));
        let channel = side.channel;
        self.command(BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack: false });
        self
    }

    pub fn broker_delivers(self, who: &'static str, message: u64, delivery_count: u32) -> Self {
        self.broker_delivers_with(who, message, delivery_count, |_| {})
    }

    pub fn broker_delivers_with(
        mut self,
        who: &'static str,
        message: u64,
        delivery_count: u32,
        change: impl FnOnce(&mut Delivery),
    ) -> Self {
        let mut delivery = self.delivery(who, message, delivery_count, true);
        change(&mut delivery);
        self.effect(BrokerEvent::Delivered(delivery));
        self
    }

    pub fn broker_acknowledges(mut self, who: &'static str, message: u64) -> Self {
        let side = self.side(who, true);
        let (channel, delivery_tag) = (side.channel, side.tags[&message]);
        self.command(BrokerEvent::Acknowledged { channel, delivery_tag, multiple: false });
        self
    }

    pub fn broker_rejects(mut self, who: &'static str, message: u64, requeue: bool) -> Self {
        let side = self.side(who, true);
        let (channel, delivery_tag) = (side.channel, side.tags[&message]);
        self.command(BrokerEvent::Rejected { channel, delivery_tag, multiple: false, requeue });
        self
    }

    pub fn broker_closes(mut self, who: &'static str) -> Self {
        let channel = self.side(who, true).channel;
        self.command(BrokerEvent::ChannelClosed { channel });
        self.sides.remove(&(who, true));
        self
    }

    pub fn broker_lets_die(mut self, queue: &str, message: u64, reason: Reason, dead_lettered: bool) -> Self {
        let (queue, id) = (self.queue_id(queue), Some(MessageId(message)));
        self.effect(BrokerEvent::Died { queue, reason, message: id, digest: digest(message), dead_lettered });
        self
    }

    /// The broker does something that concerns nobody: the turn before it is over.
    pub fn broker_goes_on(self) -> Self {
        let queue = self.history.queues[0].name.clone();
        self.broker_declares(&queue)
    }
}

fn digest(message: u64) -> Digest {
    Digest(message)
}
