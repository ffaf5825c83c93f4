//! What becomes of messages.

use std::cmp::Reverse;

use super::*;
use crate::amqp::codec::Properties;

impl ModelQueue {
    fn sort(&mut self) {
        let max = self.options.policy.max_priority.unwrap_or(0);
        self.ready.sort_by_key(|entry| (Reverse(entry.priority.min(max)), entry.position));
    }
}

impl Model {
    /// Routes a message. One whose exchange is gone by now goes nowhere.
    pub(super) fn publish_now(&mut self, message: &Message) -> Published {
        let properties = Properties::parse(message.properties()).unwrap();
        let ttl = properties.expiration().map(|ttl| Duration::from_millis(ttl.parse().unwrap()));
        let entry = ModelEntry {
            exchange: message.exchange().into(),
            routing_key: message.routing_key().into(),
            body: message.body().into(),
            position: 0,
            priority: properties.priority().unwrap_or(0),
            expires_at: None,
            count: 0,
            deaths: Vec::new(),
        };
        let targets = self.route(message.exchange(), message.routing_key());
        let taken: Vec<bool> = targets.iter().map(|key| self.take(*key, &entry, ttl)).collect();
        match taken.is_empty() {
            true => Published::Unroutable,
            false if taken.contains(&false) => Published::Refused,
            false => Published::Taken,
        }
    }

    /// Whether a queue has more than it may, with these besides.
    fn exceeds(&self, key: QueueKey, more: &[&ModelEntry]) -> bool {
        let queue = self.queue(key);
        let all: Vec<&ModelEntry> = queue.ready.iter().chain(more.iter().copied()).collect();
        let bytes: usize = all.iter().map(|entry| entry.body.len()).sum();
        let policy = &queue.options.policy;
        policy.max_length.is_some_and(|limit| all.len() as u64 > limit)
            || policy.max_length_bytes.is_some_and(|limit| bytes as u64 > limit)
    }

    fn take(&mut self, key: QueueKey, entry: &ModelEntry, ttl: Option<Duration>) -> bool {
        let policy = self.queue(key).options.policy.clone();
        if policy.overflow != Overflow::DropHead && self.exceeds(key, &[entry]) {
            self.push_all(key);
            if self.exceeds(key, &[entry]) {
                if policy.overflow == Overflow::RejectPublishDeadLetter {
                    let (entry, reason) = (entry.clone(), DeathReason::MaxLength);
                    self.dead.push(ModelDeath { queue: key, reason, entry, was_taken: false });
                }
                return false;
            }
        }
        let expires_at = ttl.into_iter().chain(policy.message_ttl).min().map(|ttl| self.now + ttl);
        let is_fleeting = expires_at == Some(self.now);
        if is_fleeting {
            self.push_all(key);
        }
        let queue = self.queue_mut(key);
        let position = queue.counts.taken;
        queue.counts.taken += 1;
        queue.ready.push(ModelEntry { position, expires_at, ..entry.clone() });
        queue.sort();
        if is_fleeting && queue.ready.len() == 1 && self.consumers.iter().any(|consumer| self.may_get(consumer, key)) {
            let effect = self.effects.pop_front().expect("a consumer with credit is served at once");
            self.check_delivery(effect, Some(key));
        }
        self.note_untidy(key);
        true
    }

    pub(super) fn requeue(&mut self, held: ModelHeld) {
        let ModelHeld { queue: key, mut entry, .. } = held;
        let Some(queue) = self.find(key) else { return };
        entry.count += 1;
        if queue.options.policy.delivery_limit.is_some_and(|limit| entry.count > limit) {
            return self.bury(key, DeathReason::DeliveryLimit, entry);
        }
        queue.ready.push(entry);
        queue.sort();
        self.note_untidy(key);
    }

    fn is_overfull(&self, key: QueueKey) -> bool {
        self.queue(key).options.policy.overflow == Overflow::DropHead && self.exceeds(key, &[])
    }

    fn has_expired(&self, key: QueueKey) -> bool {
        let first = self.queue(key).ready.first();
        first.is_some_and(|entry| entry.expires_at.is_some_and(|at| at <= self.now))
    }

    fn note_untidy(&mut self, key: QueueKey) {
        if self.is_overfull(key) || self.has_expired(key) {
            self.untidy.push(key);
        }
    }

    pub(super) fn bury(&mut self, key: QueueKey, reason: DeathReason, entry: ModelEntry) {
        if self.find(key).is_some() {
            self.dead.push(ModelDeath { queue: key, reason, entry, was_taken: true });
        }
    }

    /// Lets the first messages die whose time is up. Says whether there were any.
    pub(super) fn bury_expired(&mut self, key: QueueKey) -> bool {
        let mut any = false;
        while self.has_expired(key) {
            let entry = self.queue_mut(key).ready.remove(0);
            self.bury(key, DeathReason::Expired, entry);
            any = true;
        }
        any
    }

    /// What is due, by the time at which it was.
    pub(super) fn expire_due(&mut self) {
        let due = |model: &Self, queue: &ModelQueue| {
            model.has_expired(queue.key).then(|| (queue.ready[0].expires_at, queue.key))
        };
        while let Some((_, key)) = self.queues.iter().filter_map(|queue| due(self, queue)).min() {
            self.bury_expired(key);
        }
        self.work_off();
    }

    pub(super) fn work_off(&mut self) {
        while !self.untidy.is_empty() || !self.dead.is_empty() {
            if self.untidy.is_empty() {
                let death = self.dead.remove(0);
                self.dead_letter(death);
                continue;
            }
            let key = self.untidy.remove(0);
            self.bury_expired(key);
            if self.is_overfull(key) {
                self.push_all(key);
            }
            while self.is_overfull(key) {
                let entry = self.queue_mut(key).ready.remove(0);
                self.bury(key, DeathReason::MaxLength, entry);
            }
            self.bury_expired(key);
        }
    }

    fn dead_letter(&mut self, death: ModelDeath) {
        let ModelDeath { queue: key, reason, entry, was_taken } = death;
        let (name, policy) = (self.queue(key).name.clone(), self.queue(key).options.policy.clone());
        let mut deaths = entry.deaths.clone();
        let same = deaths.iter().position(|death| death.0 == name && death.1 == reason);
        let count = same.map_or(0, |index| deaths.remove(index).2);
        deaths.insert(0, (name.clone(), reason, count + 1));
        let routing_key = policy.dead_letter_routing_key.unwrap_or(entry.routing_key.clone());
        let mut taken = false;
        if let Some(exchange) = policy.dead_letter_exchange {
            let targets = self.route(&exchange, &routing_key);
            let letter = ModelEntry { exchange, routing_key, deaths: deaths.clone(), count: 0, ..entry.clone() };
            for target in targets {
                let name = self.queue(target).name.clone();
                let since = deaths.iter().position(|death| death.0 == name);
                let by_itself = |index: usize| deaths[..=index].iter().all(|death| death.1 != DeathReason::Rejected);
                if reason == DeathReason::Rejected || !since.is_some_and(by_itself) {
                    taken |= self.take(target, &letter, None);
                }
            }
        }
        if !was_taken {
            return;
        }
        let counts = &mut self.queue_mut(key).counts;
        *(if taken { &mut counts.dead_lettered } else { &mut counts.removed }) += 1;
        match self.effects.pop_front() {
            Some(Effect::Died { queue, reason: said, message, dead_lettered }) => {
                assert_eq!((&*queue, said, dead_lettered), (&*name, reason, taken));
                assert_eq!(message.body(), entry.body);
            }
            other => panic!("{} did not die: {other:?}", String::from_utf8_lossy(&entry.body)),
        }
    }

    pub(super) fn has_credit(&self, consumer: &ModelConsumer) -> bool {
        let active = self.queue(consumer.queue).active;
        let stands_by = active.is_some_and(|active| active != consumer.serial);
        if self.unwritable.contains(&consumer.channel.connection) || stands_by {
            return false;
        }
        let channel = self.channels.iter().find(|channel| channel.id == consumer.channel).unwrap();
        let by_consumers = channel.held.iter().filter(|held| held.consumer.is_some()).count();
        let by_this_one = channel.held.iter().filter(|held| held.consumer == Some(consumer.serial)).count();
        let allows = |prefetch: u16, held: usize| prefetch == 0 || held < usize::from(prefetch);
        consumer.no_ack || allows(channel.prefetch, by_consumers) && allows(consumer.prefetch, by_this_one)
    }

    fn may_get(&self, consumer: &ModelConsumer, key: QueueKey) -> bool {
        consumer.queue == key && self.has_credit(consumer)
    }

    fn push_all(&mut self, key: QueueKey) {
        loop {
            self.bury_expired(key);
            let is_served = self.consumers.iter().any(|consumer| self.may_get(consumer, key));
            if self.queue(key).ready.is_empty() || !is_served {
                return;
            }
            let effect = self.effects.pop_front().expect("a consumer with credit is served first");
            self.check_delivery(effect, Some(key));
        }
    }

    pub(super) fn check_delivery(&mut self, effect: Effect, expected: Option<QueueKey>) {
        let Effect::Deliver { channel, consumer_tag, delivery } = effect else { panic!("not explained: {effect:?}") };
        let known = |consumer: &&ModelConsumer| consumer.channel == channel && *consumer.tag == *consumer_tag;
        let consumer = self.consumers.iter().find(known).expect("a delivery has a consumer");
        assert!(self.has_credit(consumer), "{consumer_tag} is overfetched");
        let (key, no_ack, serial, priority) = (consumer.queue, consumer.no_ack, consumer.serial, consumer.priority);
        // Consumers that share credit are given it one by one: whoever has not got it back yet has to wait.
        let is_free = |id| self.channels.iter().any(|channel| channel.id == id && channel.prefetch == 0);
        let is_before = |other: &ModelConsumer| other.priority > priority && self.may_get(other, key);
        let overtaken = self.consumers.iter().find(|other| is_before(other) && is_free(other.channel));
        assert!(overtaken.is_none(), "{consumer_tag} is served before one of a higher priority");
        assert_eq!(expected.unwrap_or(key), key);
        self.deliver(key, channel, Some(serial), no_ack, &delivery);
    }

    pub(super) fn get(
        &mut self,
        channel: ChannelId,
        queue: &str,
        no_ack: bool,
        answer: &Result<Reply, Refusal>,
    ) -> Result<Reply, Refusal> {
        self.channel(channel)?;
        let key = self.accessible(channel.connection, queue)?;
        self.bury_expired(key);
        if self.queue(key).ready.is_empty() {
            return Ok(Reply::Got(None));
        }
        let Ok(Reply::Got(Some((delivery, _)))) = answer else { panic!("nothing got from a backlog: {answer:?}") };
        self.deliver(key, channel, None, no_ack, delivery);
        Ok(Reply::Got(Some((delivery.clone(), self.queue(key).ready.len() as u32))))
    }

    /// Moves the head of a queue to a channel; it must be what was delivered.
    pub(super) fn deliver(
        &mut self,
        key: QueueKey,
        id: ChannelId,
        consumer: Option<u64>,
        no_ack: bool,
        delivery: &Delivery,
    ) {
        let entry = self.queue_mut(key).ready.remove(0);
        let message = &delivery.message;
        let deaths = Death::read(message.headers()).into_iter().map(|death| (death.queue, death.reason, death.count));
        let expected =
            entry.deaths.iter().map(|(queue, reason, count)| (queue.clone(), reason.as_str().into(), *count));
        assert_eq!(deaths.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!((message.body(), delivery.delivery_count), (&*entry.body, entry.count));
        assert_eq!((message.exchange(), message.routing_key()), (&*entry.exchange, &*entry.routing_key));
        let channel = self.channel(id).unwrap();
        channel.last_tag += 1;
        assert_eq!(delivery.delivery_tag, channel.last_tag);
        if no_ack {
            self.queue_mut(key).counts.acknowledged += 1;
        } else {
            channel.held.push(ModelHeld { tag: delivery.delivery_tag, queue: key, consumer, entry });
        }
    }
}
