//! Consumers and their credit: who may be sent one more message, and where those wait who may not.

use std::sync::Arc;

use super::broker::{Broker, ChannelKey, ConsumerKey, QueueKey};
use super::command::{ChannelId, Refusal, Reply};
use super::rotation::{Rotation, Turn};

/// A subscription of a channel to a queue.
#[derive(Debug)]
pub(super) struct Consumer {
    pub tag: Arc<str>,
    pub channel: ChannelKey,
    pub queue: QueueKey,
    /// Deliveries count as acknowledged at once, and need no prefetch.
    pub no_ack: bool,
    /// It is served before those of a lower priority as long as it has credit.
    pub priority: i64,
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
    /// Behind the one that its queue serves alone.
    Standby(Turn),
}

/// How a consumer wants its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subscription {
    pub no_ack: bool,
    pub exclusive: bool,
    pub priority: i64,
}

/// The consumers of a queue that serves one at a time (`x-single-active-consumer`).
#[derive(Debug, Default)]
pub(super) struct SingleActive {
    /// The one that is served.
    pub active: Option<ConsumerKey>,
    /// Who is next when it goes.
    pub standby: Rotation,
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
        subscription: Subscription,
    ) -> Result<Reply, Refusal> {
        let channel_key = self.channel_key(channel)?;
        self.check_tag(channel_key, consumer_tag)?;
        let queue_key = self.accessible_queue(channel.connection, queue)?;
        let target = &self.queues[queue_key];
        let is_taken = !target.consumers.is_empty() || target.single_active.is_some();
        if target.has_exclusive_consumer || subscription.exclusive && is_taken {
            return Err(Refusal::ExclusiveUse(queue.into()));
        }
        self.admit_consumer(queue)?;
        self.queues[queue_key].has_exclusive_consumer = subscription.exclusive;
        self.add_consumer(channel_key, queue_key, consumer_tag.into(), subscription);
        Ok(Reply::Done)
    }

    /// Whether a consumer tag is free on a channel.
    pub(super) fn check_tag(&self, channel: ChannelKey, consumer_tag: &str) -> Result<(), Refusal> {
        let is_taken = self.channels[channel].consumers.contains_key(consumer_tag);
        if is_taken { Err(Refusal::ConsumerTagInUse(consumer_tag.into())) } else { Ok(()) }
    }

    pub(super) fn add_consumer(
        &mut self,
        channel_key: ChannelKey,
        queue_key: QueueKey,
        tag: Arc<str>,
        subscription: Subscription,
    ) -> ConsumerKey {
        let Subscription { no_ack, priority, .. } = subscription;
        let channel = &mut self.channels[channel_key];
        let key = self.consumers.insert(Consumer {
            tag: Arc::clone(&tag),
            channel: channel_key,
            queue: queue_key,
            no_ack,
            priority,
            prefetch: channel.consumer_prefetch,
            held: 0,
            place: Place::Full,
        });
        channel.consumers.insert(tag, key);
        let queue = &mut self.queues[queue_key];
        queue.consumers.insert(key);
        match &mut queue.single_active {
            Some(single) if single.active.is_some() => {
                self.consumers[key].place = Place::Standby(single.standby.enter(key, priority));
            }
            single => {
                if let Some(single) = single {
                    single.active = Some(key);
                }
                self.enter_rotation(key);
            }
        }
        self.set_timer(queue_key);
        key
    }

    /// Lets a consumer that waits nowhere wait for its queue's messages again.
    pub(super) fn enter_rotation(&mut self, key: ConsumerKey) {
        let consumer = &mut self.consumers[key];
        consumer.place = Place::Rotation(self.queues[consumer.queue].rotation.enter(key, consumer.priority));
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
        if let Some(single) = &mut queue.single_active {
            if let Place::Standby(turn) = consumer.place {
                single.standby.leave(turn);
            }
            self.activate_next(consumer.queue, key);
        }
        if !self.queues[consumer.queue].consumers.is_empty() {
            return;
        }
        if self.queues[consumer.queue].options.auto_delete {
            self.remove_queue(consumer.queue);
        } else {
            self.note_use(consumer.queue);
        }
    }

    /// Lets the next consumer of a queue that serves one at a time be that one, if it was `gone`.
    fn activate_next(&mut self, queue: QueueKey, gone: ConsumerKey) {
        let Some(single) = self.queues[queue].single_active.as_deref_mut() else { return };
        if single.active != Some(gone) {
            return;
        }
        single.active = single.standby.first();
        if let Some(next) = single.active {
            if let Place::Standby(turn) = self.consumers[next].place {
                single.standby.leave(turn);
            }
            self.enter_rotation(next);
        }
    }

    /// Removes a consumer from everywhere but its queue.
    pub(super) fn forget_consumer(&mut self, key: ConsumerKey) -> Consumer {
        let consumer = self.consumers.remove(key).expect("a queue's and a channel's consumers exist");
        let channel = &mut self.channels[consumer.channel];
        channel.consumers.remove(&consumer.tag);
        channel.reply_consumer = channel.reply_consumer.filter(|reply_consumer| *reply_consumer != key);
        if let Place::Blocked(turn) = consumer.place {
            channel.blocked.leave(turn);
        }
        consumer
    }
}
