//! What clients alone can tell: every publish, every delivery, and what is certain about them.
//!
//! A client sees the broker late and in part. Whoever judges from here must never accuse a correct broker, so only
//! what follows from these rules counts as certain:
//!
//! - What was sent on a channel before an operation that was answered was taken, in order, while the channel was open
//!   ([`Channel::taken_by`]).
//! - The broker gives a channel up only after something that the history shows: its end, a disturbance, a restart of
//!   the broker, a settlement that is an error. After silence, only when its time is over. If a client finds a channel
//!   lost and nothing explains it, it may have been given up at any time since its last sign of life.
//! - A delivery was sent after its consumer was started, and after enough of the consumer's earlier deliveries were
//!   settled ([`Consumer::receive`]); it was received when the history says so. Deliveries on one channel are sent in
//!   the order of their tags; between channels nothing orders them.
//! - Of one taken message, deliveries with a higher count were sent later.

mod channel;
mod consumer;
mod read;

use std::collections::BTreeMap;

use handoff_broker::Timestamp;

use super::Malformed;
use crate::history::{
    ChannelId, ConsumerId, Delivery, Digest, History, Left, MessageId, Outcome, Queue, QueueId, What,
};
pub use channel::Channel;
pub use consumer::Consumer;

/// A history as clients see it.
pub struct Clients<'h> {
    pub history: &'h History,
    pub channels: BTreeMap<ChannelId, Channel>,
    pub consumers: BTreeMap<ConsumerId, Consumer>,
    pub publishes: Vec<Publish>,
    pub deliveries: Vec<Received>,
    /// What happened to each message in each queue.
    pub lives: BTreeMap<(QueueId, MessageId), Life>,
    /// Where what was published to a queue until then may have been dropped: a restart, or for one queue a purge.
    pub wiped: Vec<(usize, Option<QueueId>)>,
    /// Where the run ended, and what the broker had left then.
    pub drained: Option<(usize, &'h [Left])>,
    /// All publishes of a message, in order, whatever their queue.
    published: BTreeMap<MessageId, Vec<usize>>,
    settlements: Vec<Settlement>,
    /// For each queue, where channels that consume from it begin to be in doubt, in order.
    losses: BTreeMap<QueueId, Vec<usize>>,
    sources: BTreeMap<QueueId, Vec<QueueId>>,
}

/// One sending of a message to a queue.
#[derive(Debug)]
pub struct Publish {
    pub queue: QueueId,
    pub message: MessageId,
    pub digest: Digest,
    pub channel: ChannelId,
    /// Where it was sent.
    pub invoked: usize,
    /// Where and how it ended; a publish that did not is unknown.
    pub ended: Option<(usize, Outcome)>,
}

impl Publish {
    pub fn outcome(&self) -> Outcome {
        self.ended.map_or(Outcome::Unknown, |(_, outcome)| outcome)
    }

    /// The events of it.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.invoked).chain(self.ended.map(|(place, _)| place))
    }
}

/// One delivery that a client received.
#[derive(Debug)]
pub struct Received {
    /// Where it was received.
    pub place: usize,
    /// After which place the broker must have sent it.
    pub sent_after: usize,
    /// Whether its consumer had no credit for it.
    pub is_overfetched: bool,
    settled: Option<Settle>,
}

/// The number of a settlement.
type Settle = usize;

/// What a client said of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Settlement {
    pub place: usize,
    pub channel: ChannelId,
    pub kind: SettlementKind,
    /// It was never sent.
    failed: bool,
    /// It needs no answer: the broker settled it by sending.
    implied: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementKind {
    Acknowledge,
    Requeue,
    /// Rejected for good.
    Discard,
}

/// What happened to a message in a queue: numbers of publishes and deliveries, in order.
#[derive(Debug, Default)]
pub struct Life {
    pub publishes: Vec<usize>,
    pub deliveries: Vec<usize>,
}

impl<'h> Clients<'h> {
    /// Reads a history.
    ///
    /// # Errors
    /// If it names what it did not introduce.
    pub fn read(history: &'h History) -> Result<Self, Malformed> {
        read::read(history)
    }

    pub fn channel(&self, id: ChannelId) -> &Channel {
        &self.channels[&id]
    }

    pub fn queue(&self, id: QueueId) -> &'h Queue {
        &self.history.queues[id.0 as usize]
    }

    pub fn queue_ids(&self) -> impl Iterator<Item = QueueId> {
        (0..).zip(&self.history.queues).map(|(number, _)| QueueId(number))
    }

    /// The queues whose dead letters go to `queue`.
    pub fn sources(&self, queue: QueueId) -> &[QueueId] {
        self.sources.get(&queue).map_or(&[], Vec::as_slice)
    }

    pub fn at(&self, place: usize) -> Timestamp {
        self.history.events[place].at
    }

    /// What a delivery says of itself.
    pub fn said(&self, received: &Received) -> &'h Delivery {
        match &self.history.events[received.place].what {
            What::Delivered(delivery) => delivery,
            other => unreachable!("a delivery is read from a delivery, not from {other:?}"),
        }
    }

    /// The message of a delivery, to speak of.
    pub fn name(&self, received: &Received) -> String {
        self.said(received).message.map_or_else(|| "a message".into(), |message| message.to_string())
    }

    /// What its client said of a delivery, if it sent that.
    pub fn settlement(&self, received: &Received) -> Option<Settlement> {
        received.settled.map(|number| self.settlements[number]).filter(|settlement| !settlement.failed)
    }

    /// Where it became certain that the broker took a settlement; `None` if it did not.
    pub fn taken_by(&self, settlement: &Settlement) -> Option<usize> {
        if settlement.implied {
            return Some(settlement.place);
        }
        self.channel(settlement.channel).taken_by(settlement.place)
    }

    /// Whether the broker may have given up the channel of a delivery before `place`.
    pub fn may_be_given_up(&self, received: &Received, place: usize) -> bool {
        self.channel(self.said(received).channel).may_be_given_up(place, self.at(place))
    }

    /// How often a queue may have taken a message, at most: once for each publish that did not fail, and for each time
    /// that it may have died where it becomes a dead letter. `None` if it may go round and round.
    pub fn copies(&self, queue: QueueId, message: MessageId) -> Option<usize> {
        self.copies_within(queue, message, self.history.queues.len())
    }

    fn copies_within(&self, queue: QueueId, message: MessageId, depth: usize) -> Option<usize> {
        let life = self.lives.get(&(queue, message));
        let mut copies = life.map_or(0, |life| self.published_there(life).count());
        for source in self.sources(queue) {
            copies += self.copies_within(*source, message, depth.checked_sub(1)?)?;
        }
        Some(copies)
    }

    /// Whether a queue can have taken a message exactly once at most, so that its deliveries are all of one.
    pub fn is_single(&self, queue: QueueId, message: MessageId) -> bool {
        self.copies(queue, message) == Some(1)
    }

    /// The publishes of a message to a queue that may have happened.
    pub fn published_there(&self, life: &Life) -> impl Iterator<Item = &Publish> {
        let publishes = life.publishes.iter().map(|number| &self.publishes[*number]);
        publishes.filter(|publish| publish.outcome() != Outcome::Failed)
    }

    /// All publishes of a message that may have happened, to whatever queue.
    pub fn published(&self, message: MessageId) -> impl Iterator<Item = &Publish> {
        let numbers = self.published.get(&message).into_iter().flatten();
        numbers.map(|number| &self.publishes[*number]).filter(|publish| publish.outcome() != Outcome::Failed)
    }

    /// The deliveries of a life, by what they say of their count, and in the order of their receipt among equals.
    pub fn by_count(&self, life: &Life) -> Vec<&Received> {
        let mut deliveries: Vec<&Received> = life.deliveries.iter().map(|number| &self.deliveries[*number]).collect();
        deliveries.sort_by_key(|received| self.said(received).delivery_count);
        deliveries
    }

    /// How many deliveries of one message from a queue may have been lost on their way before a place, at most: each
    /// takes a channel with it. It may be a channel that ended before the message was published: the broker delivers
    /// to it until it hears of its end.
    pub fn losses(&self, queue: QueueId, before: usize) -> usize {
        self.losses.get(&queue).map_or(0, |losses| losses.partition_point(|loss| *loss < before))
    }

    /// Whether a queue has a consumer that acknowledges nothing, so that a message may be gone by being sent.
    pub fn loses_on_the_way(&self, queue: QueueId) -> bool {
        self.consumers.values().any(|consumer| consumer.queue == queue && consumer.no_ack)
    }

    /// Whether what was published to a queue at `place` may have been dropped since.
    pub fn is_wiped(&self, queue: QueueId, place: usize) -> bool {
        self.wiped.iter().any(|(wiped, of)| *wiped > place && of.is_none_or(|of| of == queue))
    }
}
