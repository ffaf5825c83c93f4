//! What the broker does. Commands begin a turn; deliveries and deaths are effects of the latest one.

use super::{BROKER, Script, digest};
use crate::history::{BrokerEvent, ChannelId, ConsumerId, Delivery, MessageId, Reason, What};

impl Script {
    /// Any other command; it is told the channel of this client.
    pub fn broker_does(mut self, who: &'static str, event: impl FnOnce(ChannelId) -> BrokerEvent) -> Self {
        let channel = self.side(who, true).channel;
        self.command(event(channel));
        self
    }

    fn command(&mut self, event: BrokerEvent) {
        self.turn += 1;
        self.effect(event);
    }

    fn effect(&mut self, event: BrokerEvent) {
        let turn = self.turn;
        self.write(BROKER, What::Broker { turn, event });
    }

    pub fn broker_takes(self, queue: &str, message: u64) -> Self {
        self.broker_takes_with(queue, message, 0, 0)
    }

    pub fn broker_takes_with(mut self, queue: &str, message: u64, priority: u8, body_bytes: u64) -> Self {
        let (queue, id) = (self.queue_id(queue), Some(MessageId(message)));
        self.command(BrokerEvent::Taken { queue, message: id, digest: digest(message), priority, body_bytes });
        self
    }

    pub fn broker_declares(mut self, queue: &str) -> Self {
        let queue = self.queue_id(queue);
        self.command(BrokerEvent::Declared { queue });
        self
    }

    pub fn broker_starts(self, who: &'static str, queue: &str, prefetch: u16) -> Self {
        self.broker_starts_with(who, queue, prefetch, false)
    }

    pub fn broker_starts_with(mut self, who: &'static str, queue: &str, prefetch: u16, no_ack: bool) -> Self {
        let (queue, consumer) = (self.queue_id(queue), ConsumerId(self.number()));
        let side = self.side(who, true);
        side.consumer = Some((consumer, queue));
        let channel = side.channel;
        self.command(BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack });
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
