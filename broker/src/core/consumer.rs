//! Consumers and their credit: who may be sent one more message, and where those wait who may not.

use std::sync::Arc;

use super::broker::{Broker, ChannelKey, ConsumerKey, QueueKey};
use super::command::{ChannelId, Refusal, Reply};
use super::rotation::Turn;

/// A subscription of a channel to a queue.
#[derive(Debug)]
pub(super) struct Consumer {
    pub tag: Arc<str>,
    pub channel: ChannelKey,
    pub queue: QueueKey,
    /// Deliveries count as acknowledged at once, and need no prefetch.
    pub no_ack: bool,
    /// The most deliveries it may hold; 0 is no limit.
    pub prefetch: u16,
    /// How many deliveries it holds.
    pub held: u64,
    pub place: Place,
}

/// Where a consumer waits. It moves when it is found without credit, or when credit comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its queue's rotation: it may have credit.
    Rotation(Turn),
    /// Among its channel's blocked consumers: the channel's prefetch is used up, or its connection is not writable.
    Blocked(Turn),
    /// Nowhere: its own prefetch is used up.
    Full,
}

impl Consumer {
    /// Whether its own prefetch allows one more delivery.
    pub fn has_credit(&self) -> bool {
        self.no_ack || self.prefetch == 0 || self.held < u64::from(self.prefetch)
    }
}

impl Broker {
    pub(super) fn consume(
        &mut self,
        channel: ChannelId,
        queue: &str,
        consumer_tag: &str,
        no_ack: bool,
        exclusive: bool,
    ) -> Result<Reply, Refusal> {
        let channel_key = self.channel_key(channel)?;
        if self.channels[channel_key].consumers.contains_key(consumer_tag) {
            return Err(Refusal::ConsumerTagInUse(consumer_tag.into()));
        }
        let queue_key = self.accessible_queue(channel.connection, queue)?;
        let target = &self.queues[queue_key];
        if target.has_exclusive_consumer || exclusive && !target.consumers.is_empty() {
            return Err(Refusal::ExclusiveUse(queue.into()));
        }
        self.admit_consumer(queue)?;
        let target = &mut self.queues[queue_key];
        target.has_exclusive_consumer = exclusive;
        self.add_consumer(channel_key, queue_key, consumer_tag.into(), no_ack);
        Ok(Reply::Done)
    }

    fn add_consumer(&mut self, channel_key: ChannelKey, queue_key: QueueKey, tag: Arc<str>, no_ack: bool) {
        let channel = &mut self.channels[channel_key];
        let key = self.consumers.insert(Consumer {
            tag: Arc::clone(&tag),
            channel: channel_key,
            queue: queue_key,
            no_ack,
            prefetch: channel.consumer_prefetch,
            held: 0,
            place: Place::Full,
        });
        channel.consumers.insert(tag, key);
        self.queues[queue_key].consumers.insert(key);
        self.enter_rotation(key);
    }

    /// Lets a consumer that waits nowhere wait for its queue's messages again.
    pub(super) fn enter_rotation(&mut self, key: ConsumerKey) {
        let consumer = &mut self.consumers[key];
        consumer.place = Place::Rotation(self.queues[consumer.queue].rotation.enter(key));
        let queue = consumer.queue;
        self.note_due(queue);
    }

    pub(super) fn cancel(&mut self, channel: ChannelId, consumer_tag: &str) -> Result<Reply, Refusal> {
        let channel = self.channel_key(channel)?;
        if let Some(&consumer) = self.channels[channel].consumers.get(consumer_tag) {
            self.remove_consumer(consumer);
        }
        Ok(Reply::Done)
    }

    /// Ends a consumer, and its queue with its last one if it was declared so.
    pub(super) fn remove_consumer(&mut self, key: ConsumerKey) {
        let consumer = self.forget_consumer(key);
        let queue = &mut self.queues[consumer.queue];
        if let Place::Rotation(turn) = consumer.place {
            queue.rotation.leave(turn);
        }
        queue.consumers.remove(&key);
        queue.has_exclusive_consumer = false;
        if queue.options.auto_delete && queue.consumers.is_empty() {
            self.remove_queue(consumer.queue);
        }
    }

    /// Removes a consumer from everywhere but its queue.
    pub(super) fn forget_consumer(&mut self, key: ConsumerKey) -> Consumer {
        let consumer = self.consumers.remove(key).expect("a queue's and a channel's consumers exist");
        let channel = &mut self.channels[consumer.channel];
        channel.consumers.remove(&consumer.tag);
        if let Place::Blocked(turn) = consumer.place {
            channel.blocked.leave(turn);
        }
        consumer
    }
}
