//! What a broker has done since it began, counted once for each message or entity.

use super::message::Delivery;

/// Counters that only grow. They survive the queues and channels that they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages published by clients.
    pub published: u64,
    /// Published messages that no queue was bound for.
    pub unroutable: u64,
    /// Deliveries to consumers that acknowledge.
    pub delivered: u64,
    /// Deliveries to consumers that do not.
    pub delivered_no_ack: u64,
    /// Messages taken with `get`, to be acknowledged.
    pub got: u64,
    /// Messages taken with `get`, without acknowledgement.
    pub got_no_ack: u64,
    /// `get`s that found nothing.
    pub got_empty: u64,
    /// Those of the deliveries and gets that were not the message's first.
    pub redelivered: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Channels opened.
    pub channels_opened: u64,
    /// Channels closed.
    pub channels_closed: u64,
    /// Queues created.
    pub queues_created: u64,
    /// Queues deleted, by whatever cause.
    pub queues_deleted: u64,
}

impl Totals {
    /// A message was pushed to a consumer.
    pub(super) fn count_delivery(&mut self, delivery: &Delivery, no_ack: bool) {
        let deliveries = if no_ack { &mut self.delivered_no_ack } else { &mut self.delivered };
        *deliveries += 1;
        self.redelivered += u64::from(delivery.redelivered());
    }

    /// A `get` was answered.
    pub(super) fn count_get(&mut self, delivery: Option<&Delivery>, no_ack: bool) {
        let gets = match delivery {
            None => &mut self.got_empty,
            Some(_) if no_ack => &mut self.got_no_ack,
            Some(_) => &mut self.got,
        };
        *gets += 1;
        self.redelivered += u64::from(delivery.is_some_and(Delivery::redelivered));
    }
}
