//! Messages on their way out: pushed to consumers that have credit, in turn, or taken one by one with `get`.

use super::broker::{Broker, ChannelKey, ConsumerKey, QueueKey};
use super::channel::Channel;
use super::command::{ChannelId, Refusal, Reply};
use super::consumer::Place;
use super::effect::Effect;
use super::memory::give_back;
use super::message::Delivery;
use super::queue::{Queue, saturated};
use super::ready::Entry;
use super::unacknowledged::Held;

impl Broker {
    /// The next message to push; none while there are [`dead`](Broker::dead) to be seen to. Queues that have something
    /// to push take turns, and so do the consumers of each.
    #[inline(always)]
    pub(super) fn next_delivery(&mut self) -> Option<Effect> {
        loop {
            if self.turn_is_over {
                self.next_turn();
            }
            let Some(&queue) = self.due.front() else {
                if self.wake_next() {
                    continue;
                }
                return None;
            };
            // The deaths are told before what was behind is delivered.
            if !self.timers.is_empty() && self.bury_expired(queue) {
                return None;
            }
            self.turn_is_over = true;
            if let Some(delivery) = self.push_one(queue) {
                return Some(delivery);
            }
        }
    }

    /// The first of the due queues has had its turn: it is the last from now on, or out.
    fn next_turn(&mut self) {
        self.turn_is_over = false;
        let Some(&key) = self.due.front() else { return };
        match self.queues.get_mut(key) {
            Some(queue) if queue.may_push() => {
                if self.due.len() > 1 {
                    self.due.rotate_left(1);
                }
                return;
            }
            Some(queue) => queue.due = false,
            None => {}
        }
        self.due.pop_front();
        give_back(&mut self.due);
    }

    /// Pushes all that can be pushed from one queue, before a message is refused or dropped for its length.
    pub(super) fn push_all(&mut self, queue: QueueKey) {
        while self.wake_next() {}
        loop {
            self.bury_expired(queue);
            let Some(delivery) = self.push_one(queue) else { return };
            self.effects.push_back(delivery);
        }
    }

    /// Notes that a queue may have something to push.
    pub(super) fn note_due(&mut self, key: QueueKey) {
        if let Some(queue) = self.queues.get_mut(key)
            && !queue.due
            && queue.may_push()
        {
            queue.due = true;
            self.due.push_back(key);
        }
    }

    /// Pushes the first message to the consumer whose turn it is. Consumers found without credit leave the rotation.
    #[inline(always)]
    pub(super) fn push_one(&mut self, key: QueueKey) -> Option<Effect> {
        let queue = self.queues.get_mut(key)?;
        while !queue.ready.is_empty() {
            let consumer_key = queue.rotation.first()?;
            let consumer = &mut self.consumers[consumer_key];
            let channel = &mut self.channels[consumer.channel];
            let Place::Rotation(turn) = consumer.place else { unreachable!("whoever is in a rotation knows it") };
            if !consumer.has_credit() {
                queue.rotation.leave(turn);
                consumer.place = Place::Full;
            } else if !channel.has_credit(consumer.no_ack) {
                queue.rotation.leave(turn);
                consumer.place = Place::Blocked(channel.blocked.enter(consumer_key, consumer.priority));
            } else {
                consumer.place = Place::Rotation(queue.rotation.requeue(turn, consumer_key));
                consumer.held += u64::from(!consumer.no_ack);
                let delivery = deliver((key, queue), channel, Some(consumer_key), consumer.no_ack)?;
                self.totals.count_delivery(&delivery, consumer.no_ack);
                let (channel, consumer_tag) = (channel.id, consumer.tag.clone());
                if queue.is_timed {
                    self.set_timer(key);
                }
                return Some(Effect::Deliver { channel, consumer_tag, delivery });
            }
        }
        None
    }

    /// Notes that a channel may have credit again.
    pub(super) fn note_unblocked(&mut self, key: ChannelKey) {
        let channel = &mut self.channels[key];
        if !channel.unblocked && !channel.blocked.is_empty() && channel.has_credit(false) {
            channel.unblocked = true;
            self.unblocked.push_back(key);
        }
    }

    /// Wakes one consumer that was blocked by its channel, if a channel has credit again and has such a consumer.
    fn wake_next(&mut self) -> bool {
        while let Some(&key) = self.unblocked.front() {
            if self.channels.get(key).is_some_and(|channel| channel.has_credit(false)) && self.wake_blocked(key) {
                return true;
            }
            if let Some(channel) = self.channels.get_mut(key) {
                channel.unblocked = false;
            }
            self.unblocked.pop_front();
        }
        false
    }

    /// Wakes the consumer that its channel has blocked for the longest time, if there is one.
    pub(super) fn wake_blocked(&mut self, key: ChannelKey) -> bool {
        let Some(consumer_key) = self.channels[key].blocked.first() else { return false };
        if let Place::Blocked(turn) = self.consumers[consumer_key].place {
            self.channels[key].blocked.leave(turn);
        }
        self.enter_rotation(consumer_key);
        true
    }

    pub(super) fn get(&mut self, channel: ChannelId, queue: &str, no_ack: bool) -> Result<Reply, Refusal> {
        let channel_key = self.channel_key(channel)?;
        let queue_key = self.accessible_queue(channel.connection, queue)?;
        self.bury_expired(queue_key);
        let queue = &mut self.queues[queue_key];
        let delivery = deliver((queue_key, queue), &mut self.channels[channel_key], None, no_ack);
        let left = saturated(queue.ready.length());
        self.totals.count_get(delivery.as_ref(), no_ack);
        self.note_use(queue_key);
        Ok(Reply::Got(delivery.map(|delivery| (delivery, left))))
    }
}

/// Moves the first message from a queue to a channel, or out of the broker if nobody is going to acknowledge it.
///
/// Entries are moved in memory, part by part, where they are passed on. The plain case is kept apart from that.
#[inline(always)]
fn deliver(
    (queue_key, queue): (QueueKey, &mut Queue),
    channel: &mut Channel,
    consumer: Option<ConsumerKey>,
    no_ack: bool,
) -> Option<Delivery> {
    match queue.ready.pop_plain() {
        Some(entry) => Some(hand_over(entry, (queue_key, queue), channel, consumer, no_ack)),
        None => deliver_any((queue_key, queue), channel, consumer, no_ack),
    }
}

#[inline(never)]
fn deliver_any(
    (queue_key, queue): (QueueKey, &mut Queue),
    channel: &mut Channel,
    consumer: Option<ConsumerKey>,
    no_ack: bool,
) -> Option<Delivery> {
    let entry = queue.ready.pop()?;
    Some(hand_over(entry, (queue_key, queue), channel, consumer, no_ack))
}

/// Gives a message that was taken from a queue to a channel.
#[inline(always)]
fn hand_over(
    entry: Entry,
    (queue_key, queue): (QueueKey, &mut Queue),
    channel: &mut Channel,
    consumer: Option<ConsumerKey>,
    no_ack: bool,
) -> Delivery {
    channel.last_delivery_tag += 1;
    let delivery = Delivery {
        delivery_tag: channel.last_delivery_tag,
        delivery_count: entry.delivery_count,
        message: entry.message.clone(),
    };
    queue.tally.delivered += 1;
    queue.tally.redelivered += u64::from(delivery.redelivered());
    if no_ack {
        queue.tally.acknowledged += 1;
    } else {
        queue.unacknowledged += 1;
        channel.held += u64::from(consumer.is_some());
        channel.unacknowledged.push(delivery.delivery_tag, Held { queue: queue_key, consumer, entry });
    }
    delivery
}
