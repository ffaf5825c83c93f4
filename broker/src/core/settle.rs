//! What becomes of unacknowledged deliveries: acknowledged, rejected, requeued. And the credit that comes back.

use super::broker::{Broker, ChannelKey};
use super::command::{ChannelId, Refusal, Reply};
use super::consumer::Place;
use super::message::DeathReason;
use super::unacknowledged::Held;

impl Broker {
    pub(super) fn acknowledge(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
    ) -> Result<Reply, Refusal> {
        self.settle_each(channel, delivery_tag, multiple, |broker, held| {
            broker.totals.acknowledged += 1;
            if let Some(queue) = broker.queues.get_mut(held.queue) {
                queue.unacknowledged -= 1;
                queue.tally.acknowledged += 1;
            }
        })
    }

    pub(super) fn reject(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
        requeue: bool,
    ) -> Result<Reply, Refusal> {
        let settle = if requeue { Broker::requeue } else { Broker::discard };
        self.settle_each(channel, delivery_tag, multiple, settle)
    }

    pub(super) fn recover(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        self.settle_each(channel, 0, true, Broker::requeue)
    }

    /// Takes the deliveries that a tag stands for from their channel, in order, and gives their credit back.
    fn settle_each(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
        mut settle: impl FnMut(&mut Broker, Held),
    ) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        if multiple {
            let last_tag = self.last_tag(key, delivery_tag)?;
            while let Some(held) = self.channels[key].unacknowledged.take_first(last_tag) {
                self.give_credit_back(key, &held);
                settle(self, held);
            }
        } else {
            let held = self.channels[key].unacknowledged.take(delivery_tag);
            let held = held.ok_or(Refusal::UnknownDeliveryTag(delivery_tag))?;
            self.give_credit_back(key, &held);
            settle(self, held);
        }
        Ok(Reply::Done)
    }

    /// Up to where a tag with `multiple` goes. It is unknown if it is not delivered yet, or if nothing up to it is held;
    /// 0 is always known.
    fn last_tag(&self, channel: ChannelKey, delivery_tag: u64) -> Result<u64, Refusal> {
        let channel = &self.channels[channel];
        if delivery_tag == 0 {
            return Ok(channel.last_delivery_tag);
        }
        let is_held = channel.unacknowledged.first_tag().is_some_and(|first| first <= delivery_tag);
        if is_held && delivery_tag <= channel.last_delivery_tag {
            Ok(delivery_tag)
        } else {
            Err(Refusal::UnknownDeliveryTag(delivery_tag))
        }
    }

    fn give_credit_back(&mut self, channel: ChannelKey, held: &Held) {
        let Some(consumer_key) = held.consumer else { return };
        self.channels[channel].held -= 1;
        self.note_unblocked(channel);
        if let Some(consumer) = self.consumers.get_mut(consumer_key) {
            consumer.held -= 1;
            if consumer.place == Place::Full {
                self.enter_rotation(consumer_key);
            }
        }
    }

    /// Puts a message back to its position, or lets it die if it came back more often than its queue allows. A queue
    /// that this makes too long drops from its head afterwards, as RabbitMQ's do; it never refuses what was its own.
    pub(super) fn requeue(&mut self, held: Held) {
        let Held { queue: key, mut entry, .. } = held;
        let Some(queue) = self.queues.get_mut(key) else { return };
        queue.unacknowledged -= 1;
        entry.delivery_count = entry.delivery_count.saturating_add(1);
        if queue.options.policy.delivery_limit.is_some_and(|limit| entry.delivery_count > limit) {
            self.bury(key, DeathReason::DeliveryLimit, entry);
        } else {
            queue.ready.put_back(entry);
            self.note_overfull(key);
            self.note_due(key);
        }
    }

    fn discard(&mut self, held: Held) {
        let Some(queue) = self.queues.get_mut(held.queue) else { return };
        queue.unacknowledged -= 1;
        self.bury(held.queue, DeathReason::Rejected, held.entry);
    }
}
