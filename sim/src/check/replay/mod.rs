//! What the broker's own events tell: each queue played again, exactly.
//!
//! Where the broker's side was recorded, nothing is blurred by the network: commands and effects stand in the order in
//! which they happened. So a queue as it should be is kept here, with the order, the holder and the count of every
//! message, and each effect is compared with it. What does not fit is noted and then believed, so that one mistake is
//! not counted again at every later step. This only notes facts; the judges give them names.

mod player;
mod state;

use std::collections::BTreeMap;

use crate::history::{BrokerEvent, Death, Delivery, History, MessageId, Queue, QueueId, Reason, What};
pub use state::{Entry, Order, Place};

/// A history as the broker's events tell it.
pub struct Replay<'h> {
    pub history: &'h History,
    /// Every taking of a message by a queue, in order.
    pub entries: Vec<Entry>,
    /// Every time a message was ready, in order of its beginning.
    pub stays: Vec<Stay>,
    /// Every delivery, in order.
    pub handovers: Vec<Handover>,
    /// Every death, in order.
    pub passings: Vec<Passing>,
    /// Times at which a turn left a queue longer than it may be.
    pub overlong: Vec<Overlong>,
    /// Stays that went on after a turn although a consumer had credit, and where that turn ended.
    pub waits: Vec<(usize, usize)>,
    /// Stays that went on although the time of the message, the first of its queue, was up, and where that was seen.
    pub overdue: Vec<(usize, usize)>,
    /// What each queue should have held whenever the broker said what it held.
    pub snapshots: Vec<Snapshot>,
    /// The number of the snapshot of each queue that was taken when the run was over.
    pub last_snapshots: BTreeMap<QueueId, usize>,
    /// What happened to each message in each queue.
    pub lives: BTreeMap<(QueueId, MessageId), Life>,
    /// Where the recording of each queue begins.
    pub declared: BTreeMap<QueueId, usize>,
    /// The last event of the last turn that is known to be recorded to its end.
    pub complete: usize,
}

/// What a queue has taken of a message.
#[derive(Debug, Default)]
pub struct Life {
    /// Copies that are still in the queue or with a consumer.
    pub live: Vec<usize>,
    /// The entry that left last.
    pub ended: Option<usize>,
    /// Where the queue took it the first time.
    pub taken: Option<usize>,
}

/// A time during which an entry was ready.
#[derive(Debug)]
pub struct Stay {
    pub entry: usize,
    pub since: usize,
    /// Where it was delivered or died.
    pub until: Option<usize>,
}

/// A delivery by the broker, compared with what the queue should have done.
#[derive(Debug)]
pub struct Handover {
    pub place: usize,
    /// The entry that was delivered, if the queue ever took the message.
    pub entry: Option<usize>,
    pub from: Origin,
    /// How often that entry had been delivered before.
    pub expected_count: u32,
    pub has_right_deaths: bool,
    /// What the queue took, if this is not the same.
    pub corrupted: Option<usize>,
    /// The consumer's prefetch, if it held that much already.
    pub overfetched: Option<u16>,
    /// Whether its consumer was not the one that its queue serves alone.
    pub is_out_of_turn: bool,
}

/// Where a delivered message was, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In its queue, as it should; the number of its stay.
    Ready(usize),
    /// With a consumer.
    Held(usize),
    /// Between its last rejection and its death.
    Doomed(usize),
    Dead(usize),
    Acknowledged(usize),
    /// Purged, or dropped by a restart.
    Removed(usize),
    /// It is a dead letter that was delivered before, and this delivery says that it is the first.
    LetterAgain(usize),
    /// The queue never took it.
    Nowhere,
}

/// A death that the broker told of.
#[derive(Debug)]
pub struct Passing {
    pub place: usize,
    pub entry: Option<usize>,
    pub from: Origin,
    /// Whether there was a cause.
    pub is_founded: bool,
    /// Whether the dead letter queue should have taken it and did not.
    pub is_withheld: bool,
    /// What the queue took, if this is not the same.
    pub corrupted: Option<usize>,
    pub reason: Reason,
}

/// A queue that was too long after a turn.
#[derive(Debug)]
pub struct Overlong {
    pub place: usize,
    pub queue: QueueId,
    pub length: u64,
    pub bytes: u64,
}

/// What a queue should have held at some place.
#[derive(Debug)]
pub struct Snapshot {
    pub place: usize,
    pub queue: QueueId,
    pub ready: u64,
    pub held: u64,
    /// What the broker said.
    pub said_ready: u64,
    pub said_held: u64,
}

impl<'h> Replay<'h> {
    /// Plays the broker's events again; `None` if there are none.
    pub fn read(history: &'h History) -> Option<Self> {
        history.events.iter().any(|event| matches!(event.what, What::Broker { .. })).then(|| player::read(history))
    }

    pub fn queue(&self, id: QueueId) -> &'h Queue {
        &self.history.queues[id.0 as usize]
    }

    /// What the broker said of a delivery.
    pub fn said(&self, handover: &Handover) -> &'h Delivery {
        match &self.history.events[handover.place].what {
            What::Broker { event: BrokerEvent::Delivered(delivery), .. } => delivery,
            other => unreachable!("a handover is read from a delivery, not from {other:?}"),
        }
    }

    /// Where the message of a stay was seen again: when the stay ended, or still there at the end. `None` if it may have
    /// been lost.
    pub fn seen_again(&self, stay: usize) -> Option<usize> {
        let Stay { entry, until, .. } = self.stays[stay];
        let Entry { queue, place, .. } = self.entries[entry];
        until.or_else(|| if place == Place::Ready(stay) { self.left_at(queue) } else { None })
    }

    /// Where the end showed that everything that a queue should have is still there; `None` if it did not.
    fn left_at(&self, queue: QueueId) -> Option<usize> {
        let last = &self.snapshots[*self.last_snapshots.get(&queue)?];
        (last.said_ready >= last.ready).then_some(last.place)
    }
}

/// The record of deaths with one more, which becomes the latest. Deaths in one queue for one reason share an entry.
fn with_death(deaths: &[Death], queue: &str, reason: Reason) -> Vec<Death> {
    let is_same = |death: &&Death| death.queue == queue && death.reason == reason.as_str();
    let count = 1 + deaths.iter().find(is_same).map_or(0, |death| death.count);
    let latest = Death { queue: queue.to_owned(), reason: reason.as_str().to_owned(), count };
    let others = deaths.iter().filter(|death| !is_same(death)).cloned();
    std::iter::once(latest).chain(others).collect()
}

/// Whether a message that died like this goes round without a consumer's doing if it comes to `queue` again; then it
/// is dropped, as RabbitMQ does.
fn closes_automatic_cycle(deaths: &[Death], queue: &str) -> bool {
    let last_time_there = deaths.iter().position(|death| death.queue == queue);
    let is_automatic = |death: &Death| death.reason != Reason::Rejected.as_str();
    last_time_there.is_some_and(|last| deaths[..=last].iter().all(is_automatic))
}
