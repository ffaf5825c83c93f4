//! What consumers rejected, and what of it came to the dead letter queue.

use super::arrivals::Arrivals;
use crate::stamp::Stamp;

/// One producer's messages that were rejected.
#[derive(Clone, Debug, Default)]
struct Lane {
    rejected: Arrivals,
    arrived: Arrivals,
    /// One more than the highest number that arrived.
    height: u64,
}

/// The dead letters of a run.
#[derive(Debug)]
pub(super) struct Rejects {
    producers: Vec<Lane>,
    is_ordered: bool,
}

/// What is to be said of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeadLetter {
    AsItShouldBe,
    Late,
    Duplicated,
    /// Nobody rejected it.
    Unasked,
}

impl Rejects {
    /// None yet. With a single consumer they are rejected, so they arrive, in the order in which they were sent.
    pub fn new(producers: usize, consumers: usize) -> Self {
        Rejects { producers: vec![Lane::default(); producers], is_ordered: consumers == 1 }
    }

    pub fn rejected(&mut self, stamp: Stamp) {
        self.producers[usize::from(stamp.producer)].rejected.note(stamp.sequence);
    }

    pub fn arrived(&mut self, stamp: Stamp) -> DeadLetter {
        let lane = &mut self.producers[usize::from(stamp.producer)];
        if !lane.rejected.has(stamp.sequence) {
            return DeadLetter::Unasked;
        }
        if !lane.arrived.note(stamp.sequence) {
            return DeadLetter::Duplicated;
        }
        let is_late = self.is_ordered && stamp.sequence < lane.height;
        lane.height = lane.height.max(stamp.sequence + 1);
        if is_late { DeadLetter::Late } else { DeadLetter::AsItShouldBe }
    }

    /// How many were rejected and did not arrive.
    pub fn missing(&self) -> u64 {
        self.producers.iter().map(|lane| lane.rejected.missing_in(&lane.arrived)).sum()
    }
}
