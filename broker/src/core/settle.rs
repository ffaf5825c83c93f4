//! What becomes of unacknowledged deliveries: acknowledged, rejected, requeued. And the credit that comes back.

use super::broker::{Broker, ChannelKey, ConsumerKey, QueueKey};
use super::command::{ChannelId, Refusal, Reply};
use super::consumer::Place;
use super::message::DeathReason;
use super::unacknowledged::Held;

/// What is to become of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settlement {
    Acknowledge,
    Requeue,
    Discard,
}

impl Broker {
    pub(super) fn acknowledge(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
    ) -> Result<Reply, Refusal> {
        self.settle_each(channel, delivery_tag, multiple, Settlement::Acknowledge)
    }

    pub(super) fn reject(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
        requeue: bool,
    ) -> Result<Reply, Refusal> {
        let settlement = if requeue { Settlement::Requeue } else { Settlement::Discard };
        self.settle_each(channel, delivery_tag, multiple, settlement)
    }

    /// Requeues what a channel holds, but not what waits for its commit: recovering is not part of a transaction.
    pub(super) fn recover(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        while let Some((_, held)) = self.channels[key].unacknowledged.take_first(u64::MAX) {
            self.give_credit_back(key, held.consumer, 1);
            self.requeue(held);
        }
        Ok(Reply::Done)
    }

    /// Takes the deliveries that a tag stands for from their channel, in order, and settles them: now, or with the
    /// channel's commit.
    fn settle_each(
        &mut self,
        channel: ChannelId,
        delivery_tag: u64,
        multiple: bool,
        settlement: Settlement,
    ) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        if multiple {
            let last_tag = self.last_tag(key, delivery_tag)?;
            if settlement == Settlement::Acknowledge && self.channels[key].transaction.is_none() {
                self.acknowledge_to(key, last_tag);
            } else {
                while let Some((tag, held)) = self.channels[key].unacknowledged.take_first(last_tag) {
                    self.settle_or_hold(key, tag, held, settlement);
                }
            }
        } else {
            let held = self.channels[key].unacknowledged.take(delivery_tag);
            let held = held.ok_or(Refusal::UnknownDeliveryTag(delivery_tag))?;
            self.settle_or_hold(key, delivery_tag, held, settlement);
        }
        Ok(Reply::Done)
    }

    fn settle_or_hold(&mut self, channel: ChannelKey, delivery_tag: u64, held: Held, settlement: Settlement) {
        match &mut self.channels[channel].transaction {
            Some(transaction) => transaction.hold_settlement(delivery_tag, held, settlement),
            None => {
                self.give_credit_back(channel, held.consumer, 1);
                self.settle(held, settlement);
            }
        }
    }

    /// Acknowledges everything up to a tag, each run of deliveries from one queue to one consumer in one go.
    fn acknowledge_to(&mut self, channel: ChannelKey, last_tag: u64) {
        while let Some(run) = self.channels[channel].unacknowledged.drop_run(last_tag) {
            self.give_credit_back(channel, run.consumer, run.length);
            self.note_acknowledged(run.queue, run.length);
        }
    }

    /// Settles a delivery that its channel has given up.
    pub(super) fn settle(&mut self, held: Held, settlement: Settlement) {
        match settlement {
            Settlement::Requeue => self.requeue(held),
            Settlement::Discard => self.discard(held),
            Settlement::Acknowledge => self.note_acknowledged(held.queue, 1),
        }
    }

    fn note_acknowledged(&mut self, queue: QueueKey, messages: u64) {
        self.totals.acknowledged += messages;
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.unacknowledged -= messages;
            queue.tally.acknowledged += messages;
        }
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

    /// A channel has given up so many deliveries to this consumer, or some that were asked for by `get`.
    pub(super) fn give_credit_back(&mut self, channel: ChannelKey, consumer: Option<ConsumerKey>, deliveries: u64) {
        let Some(consumer_key) = consumer else { return };
        self.channels[channel].held -= deliveries;
        self.note_unblocked(channel);
        if let Some(consumer) = self.consumers.get_mut(consumer_key) {
            consumer.held -= deliveries;
            if consumer.place == Place::Full {
                self.enter_rotation(consumer_key);
            }
        }
    }

    /// Puts a message back to its position, or lets it die if it came back more often than its queue allows. A queue
    /// that this makes too long drops from its head afterwards, as RabbitMQ's do; it never refuses what was its own.
    /// A message whose time is up by then dies of that.
    pub(super) fn requeue(&mut self, held: Held) {
        let Held { queue: key, mut entry, .. } = held;
        let Some(queue) = self.queues.get_mut(key) else { return };
        queue.unacknowledged -= 1;
        entry.delivery_count = entry.delivery_count.saturating_add(1);
        if queue.options.policy.delivery_limit.is_some_and(|limit| entry.delivery_count > limit) {
            self.bury(key, DeathReason::DeliveryLimit, entry);
        } else {
            queue.ready.put_back(entry);
            self.set_timer(key);
            self.note_untidy(key);
            self.note_due(key);
        }
    }

    fn discard(&mut self, held: Held) {
        let Some(queue) = self.queues.get_mut(held.queue) else { return };
        queue.unacknowledged -= 1;
        self.bury(held.queue, DeathReason::Rejected, held.entry);
    }
}
