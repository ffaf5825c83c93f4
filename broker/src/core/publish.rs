//! Messages on their way in: routed, and taken or refused by each queue.

use std::mem;
use std::time::Duration;

use super::broker::{Broker, ChannelKey, QueueKey};
use super::command::{ChannelId, Overflow, Published, Refusal};
use super::envelope::{BLIND_COPIES, Envelope};
use super::exchange::ExchangeKey;
use super::message::{DeathReason, Message, Placed};
use super::queue::Queue;
use super::ready::{BlindCopies, Extra};
use super::replies::is_reply_address;
use super::way::Way;
use crate::time::Timestamp;

/// A message at the door of queues.
pub(super) struct Arrival {
    pub message: Message,
    pub conditions: Conditions,
}

/// What is to be heeded about a message.
pub(super) struct Conditions {
    /// How long its publisher wants it to stay, at most.
    pub time_to_live: Option<Duration>,
    pub blind_copies: BlindCopies,
}

impl Conditions {
    /// What the message has beside itself in this queue.
    fn extra(&self, queue: &Queue, now: Timestamp) -> Option<Box<Extra>> {
        let message_ttl = queue.options.policy.message_ttl;
        if self.time_to_live.is_none() && message_ttl.is_none() && self.blind_copies.is_none() {
            return None;
        }
        let time_to_live = self.time_to_live.into_iter().chain(message_ttl).min();
        let expires_at = time_to_live.map(|time_to_live| now + time_to_live);
        Some(Box::new(Extra { expires_at, blind_copies: self.blind_copies.clone() }))
    }
}

impl Broker {
    /// Publishes a message, or keeps it for its channel's transaction.
    pub(super) fn publish(&mut self, channel: ChannelId, message: Message) -> Result<Published, Refusal> {
        let key: ChannelKey = self.channel_key(channel)?;
        let version = self.exchanges.version();
        if let Some(way) = &self.channels[key].way
            && way.is_for(message.head(), version)
        {
            let is_reply = is_reply_address(&message);
            let conditions = Conditions { time_to_live: way.time_to_live, blind_copies: None };
            if let [target] = way.targets[..] {
                let taken = self.take(target, message, &conditions);
                return Ok(self.published(1, usize::from(taken), is_reply));
            }
            self.targets.extend_from_slice(&way.targets);
            return Ok(self.take_in(Arrival { message, conditions }));
        }
        let name = message.exchange();
        let exchange = self.exchanges.find(name).ok_or_else(|| Refusal::NoExchange(name.into()))?;
        if self.exchanges.get(exchange).is_some_and(|exchange| exchange.options.internal) {
            return Err(Refusal::InternalExchange(name.into()));
        }
        Ok(match &mut self.channels[key].transaction {
            Some(transaction) => transaction.hold(Placed::new(message, &self.meter)),
            None => {
                let arrival = self.route(exchange, message);
                self.remember_way(key, &arrival);
                self.take_in(arrival)
            }
        })
    }

    /// Routes a message from an exchange.
    pub(super) fn publish_to(&mut self, exchange: ExchangeKey, message: Message) -> Published {
        let arrival = self.route(exchange, message);
        self.take_in(arrival)
    }

    /// Finds the targets of a message.
    fn route(&mut self, exchange: ExchangeKey, message: Message) -> Arrival {
        let envelope = Envelope::of(&message);
        self.exchanges.route(&self.queue_keys, exchange, &envelope, &mut self.targets);
        let (blind_copies, time_to_live) = (envelope.blind_copies(), envelope.time_to_live);
        let message = if blind_copies.is_some() { message.without_header(BLIND_COPIES) } else { message };
        Arrival { message, conditions: Conditions { time_to_live, blind_copies } }
    }

    /// Remembers the way of a message that was routed, if others with its head go the same.
    fn remember_way(&mut self, channel: ChannelKey, Arrival { message, conditions }: &Arrival) {
        let head = message.head();
        if head.properties().is_some() && conditions.blind_copies.is_none() {
            let way = &mut self.channels[channel].way;
            let (version, time_to_live) = (self.exchanges.version(), conditions.time_to_live);
            *way = Some(Way::found(way.take(), head.clone(), version, &self.targets, time_to_live));
        }
    }

    /// Offers a message that was routed to its targets.
    fn take_in(&mut self, arrival: Arrival) -> Published {
        let is_reply = is_reply_address(&arrival.message);
        let routed = self.targets.len();
        let taken = self.take_at_targets(arrival);
        self.published(routed, taken, is_reply)
    }

    /// Counts a message that was published, and says what became of it.
    fn published(&mut self, routed: usize, taken: usize, is_reply: bool) -> Published {
        self.totals.published += 1;
        self.totals.unroutable += u64::from(routed == 0);
        match routed {
            0 => Published::Unroutable,
            _ if is_reply => Published::Unroutable,
            _ if taken < routed => Published::Refused,
            _ => Published::Taken,
        }
    }

    /// Offers a message to every target, and forgets the targets. Says how many took it.
    pub(super) fn take_at_targets(&mut self, Arrival { message, conditions }: Arrival) -> usize {
        let mut targets = mem::take(&mut self.targets);
        let mut taken = 0;
        if let Some((last, others)) = targets.split_last() {
            for target in others {
                taken += usize::from(self.take(*target, message.clone(), &conditions));
            }
            taken += usize::from(self.take(*last, message, &conditions));
        }
        targets.clear();
        self.targets = targets;
        taken
    }

    #[inline(always)]
    fn take(&mut self, key: QueueKey, message: Message, conditions: &Conditions) -> bool {
        let now = self.now;
        if self.queues[key].refuses(&message) && !self.makes_room(key, &message, conditions) {
            return false;
        }
        let mut queue = &mut self.queues[key];
        let extra = conditions.extra(queue, now);
        let expires_at = extra.as_ref().and_then(|extra| extra.expires_at);
        if expires_at.is_some_and(|at| at <= now) {
            self.push_all(key);
            queue = &mut self.queues[key];
        }
        let priority = queue.options.policy.max_priority.map_or(0, |max| message.priority().min(max));
        queue.ready.push(Placed::new(message, &self.meter), priority, extra);
        queue.tally.taken += 1;
        if let Some(at) = expires_at {
            self.note_expiring(key, at);
        } else if queue.is_overfull() {
            self.untidy.push_back(key);
        }
        self.has_urgent_effects |= self.queues[key].heeds_moments();
        self.note_due(key);
        true
    }

    /// Pushes what consumers have credit for from a queue that is full. Says whether there is room then for what has
    /// arrived; if not, it goes to the dead letters instead, where the queue wants that.
    fn makes_room(&mut self, key: QueueKey, message: &Message, conditions: &Conditions) -> bool {
        self.push_all(key);
        let queue = &self.queues[key];
        if !queue.refuses(message) {
            return true;
        }
        if queue.options.policy.overflow == Overflow::RejectPublishDeadLetter {
            self.divert(key, message.clone(), conditions.blind_copies.clone());
        }
        false
    }

    /// A queue has taken a message that expires. Without any time to live it is delivered at once, or not at all.
    fn note_expiring(&mut self, key: QueueKey, expires_at: Timestamp) {
        let queue = &mut self.queues[key];
        queue.is_timed = true;
        if expires_at <= self.now && queue.ready.length() == 1 {
            let delivery = self.push_one(key);
            self.effects.extend(delivery);
        }
        self.set_timer(key);
        self.note_untidy(key);
    }

    /// Notes that a queue has to drop from its head, if it has to.
    pub(super) fn note_untidy(&mut self, key: QueueKey) {
        let queue = &self.queues[key];
        if queue.is_overfull() || queue.has_expired(self.now) {
            self.untidy.push_back(key);
        }
    }

    /// Drops from a queue's head what has expired, and then, after pushing what consumers have credit for, the first
    /// messages of those that exceed its length.
    pub(super) fn tidy(&mut self, key: QueueKey) {
        self.bury_expired(key);
        if self.queues.get(key).is_some_and(Queue::is_overfull) {
            self.push_all(key);
        }
        while let Some(queue) = self.queues.get_mut(key).filter(|queue| queue.is_overfull())
            && let Some(entry) = queue.ready.pop()
        {
            self.bury(key, DeathReason::MaxLength, entry);
        }
        self.bury_expired(key);
        self.set_timer(key);
    }
}
