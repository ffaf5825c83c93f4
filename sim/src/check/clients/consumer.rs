//! A consumer as its client knows it: how much it holds, and since when its deliveries can have been on their way.

use handoff_broker::Timestamp;

use super::Clients;
use crate::history::{ChannelId, QueueId};

/// A consumer, from its start.
#[derive(Debug)]
pub struct Consumer {
    pub channel: ChannelId,
    pub queue: QueueId,
    /// The most it may hold; 0 is no limit.
    pub prefetch: u16,
    pub no_ack: bool,
    /// Where its start was asked for.
    pub started: usize,
    /// Where its end was asked for.
    pub cancelled: Option<usize>,
    /// How many deliveries it received.
    received: usize,
    /// Where it sent the settlements of its deliveries, in order.
    settled: Vec<usize>,
}

impl Consumer {
    pub fn start(place: usize, channel: ChannelId, queue: QueueId, prefetch: u16, no_ack: bool) -> Self {
        Consumer { channel, queue, prefetch, no_ack, started: place, cancelled: None, received: 0, settled: Vec::new() }
    }

    /// Something it had received was settled at `place`.
    pub fn settle(&mut self, place: usize) {
        let later = self.settled.partition_point(|settled| *settled <= place);
        self.settled.insert(later, place);
    }

    /// One more delivery came. Says after which place the broker must have sent it, and whether it is too many.
    ///
    /// The broker sends the n-th delivery of a consumer with prefetch p when it has taken at least n - p settlements.
    /// Those were sent before, so that delivery was sent after the (n - p)-th of them was.
    pub fn receive(&mut self) -> (usize, bool) {
        self.received += 1;
        let limit = usize::from(self.prefetch);
        if self.no_ack || limit == 0 || self.received <= limit {
            return (self.started, false);
        }
        match self.settled.get(self.received - limit - 1) {
            Some(settled) => (self.started.max(*settled), false),
            None => (self.started, true),
        }
    }

    /// How many it may still get, as far as its client knows; `None` is no limit.
    pub fn credit(&self) -> Option<usize> {
        let limit = usize::from(self.prefetch);
        (limit > 0 && !self.no_ack).then(|| (limit + self.settled.len()).saturating_sub(self.received))
    }

    /// Whether the broker cannot have given it up before `place`, and nobody cancelled it.
    pub fn is_alive(&self, clients: &Clients<'_>, place: usize, at: Timestamp) -> bool {
        self.cancelled.is_none_or(|cancelled| cancelled > place)
            && !clients.channel(self.channel).may_be_given_up(place, at)
    }
}
