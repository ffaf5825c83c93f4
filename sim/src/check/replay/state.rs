//! The state of the queues while they are played again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::history::{ChannelId, ConsumerId, Death, Digest, MessageId, QueueId, Reason};

/// One taking of a message by a queue, and where it is.
#[derive(Debug)]
pub struct Entry {
    pub queue: QueueId,
    pub message: MessageId,
    pub digest: Digest,
    /// Its place in the order in which the queue took messages.
    pub position: u64,
    /// How far before others it is in its queue.
    pub rank: u8,
    /// What its publisher said of that.
    pub priority: u8,
    pub body_bytes: u64,
    /// Where it was taken.
    pub taken: usize,
    /// Whether it was taken as a dead letter.
    pub by_death: bool,
    /// How often it was delivered and came back.
    pub count: u32,
    /// Where it was delivered last.
    pub delivered: Option<usize>,
    pub deaths: Vec<Death>,
    pub place: Place,
}

/// Where an entry comes among the others of its queue.
pub type Order = (Reverse<u8>, u64);

impl Entry {
    pub fn order(&self) -> Order {
        (Reverse(self.rank), self.position)
    }
}

/// Where an entry is, and since which event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The number of its stay.
    Ready(usize),
    Held {
        since: usize,
        channel: ChannelId,
        delivery_tag: u64,
    },
    /// It has to die.
    Doomed(usize, Reason),
    Dead(usize),
    Acknowledged(usize),
    Removed(usize),
}

/// A queue as it should be.
#[derive(Debug, Default)]
pub struct QueueState {
    /// In the order in which they are to leave.
    pub ready: BTreeMap<Order, usize>,
    pub ready_bytes: u64,
    pub held: u64,
    pub next_position: u64,
    /// Its consumers whose own prefetch allows one more.
    pub eager: BTreeSet<ConsumerId>,
    /// Its consumers, in the order in which they were started.
    pub consumers: BTreeSet<ConsumerId>,
    /// The one of them that is served, where that is only one.
    pub active: Option<ConsumerId>,
}

/// A channel of the broker.
#[derive(Debug)]
pub struct ChannelState {
    /// What it holds, by delivery tag.
    pub held: BTreeMap<u64, Holding>,
    /// How much of that went to consumers.
    pub held_by_consumers: u64,
    /// The most that its consumers may hold together; 0 is no limit.
    pub prefetch: u16,
    pub writable: bool,
    pub consumers: BTreeSet<ConsumerId>,
}

impl Default for ChannelState {
    fn default() -> Self {
        ChannelState {
            held: BTreeMap::new(),
            held_by_consumers: 0,
            prefetch: 0,
            writable: true,
            consumers: BTreeSet::new(),
        }
    }
}

/// An unacknowledged delivery.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    pub entry: Option<usize>,
    pub consumer: Option<ConsumerId>,
}

/// A consumer of the broker.
#[derive(Debug)]
pub struct ConsumerState {
    pub channel: ChannelId,
    pub queue: QueueId,
    pub prefetch: u16,
    pub no_ack: bool,
    pub held: u64,
}

impl ConsumerState {
    /// Whether its own prefetch allows one more.
    pub fn has_credit(&self) -> bool {
        self.no_ack || self.prefetch == 0 || self.held < u64::from(self.prefetch)
    }
}

impl ChannelState {
    /// Whether the channel allows one more to its consumers.
    pub fn has_credit(&self, no_ack: bool) -> bool {
        self.writable && (no_ack || self.prefetch == 0 || self.held_by_consumers < u64::from(self.prefetch))
    }
}
