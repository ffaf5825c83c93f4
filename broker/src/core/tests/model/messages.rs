//! What becomes of messages.

use super::*;

impl Model {
    pub(super) fn publish(&mut self, channel: ChannelId, message: Message) -> Result<Reply, Refusal> {
        self.channel(channel)?;
        if message.exchange() == "missing" {
            return Err(Refusal::NoExchange(message.exchange().into()));
        }
        let targets = self.route(message.exchange(), message.routing_key());
        let taken: Vec<bool> = targets.iter().map(|key| self.take(*key, &message, &[])).collect();
        Ok(Reply::Published(match taken.is_empty() {
            true => Published::Unroutable,
            false if taken.contains(&false) => Published::Refused,
            false => Published::Taken,
        }))
    }

    pub(super) fn exceeds(&self, key: QueueKey, overflow: Overflow, length: usize) -> bool {
        let policy = &self.queue(key).options.policy;
        policy.overflow == overflow && policy.max_length.is_some_and(|limit| length as u64 > limit)
    }

    pub(super) fn take(&mut self, key: QueueKey, message: &Message, deaths: &[(String, DeathReason, u64)]) -> bool {
        let length = self.queue(key).ready.len();
        if self.exceeds(key, Overflow::RejectPublish, length + 1) {
            self.push_all(key);
            let length = self.queue(key).ready.len();
            if self.exceeds(key, Overflow::RejectPublish, length + 1) {
                return false;
            }
        }
        let queue = self.queue_mut(key);
        let position = queue.counts.taken;
        queue.ready.push(ModelEntry { message: message.clone(), position, count: 0, deaths: deaths.to_vec() });
        queue.counts.taken += 1;
        self.note_overfull(key);
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
        queue.ready.sort_by_key(|entry| entry.position);
        self.note_overfull(key);
    }

    pub(super) fn note_overfull(&mut self, key: QueueKey) {
        if self.exceeds(key, Overflow::DropHead, self.queue(key).ready.len()) {
            self.overfull.push(key);
        }
    }

    pub(super) fn bury(&mut self, key: QueueKey, reason: DeathReason, entry: ModelEntry) {
        if self.find(key).is_some() {
            self.dead.push((key, reason, entry));
        }
    }

    pub(super) fn work_off(&mut self) {
        while !self.overfull.is_empty() || !self.dead.is_empty() {
            if self.overfull.is_empty() {
                let (key, reason, entry) = self.dead.remove(0);
                self.dead_letter(key, reason, entry);
            } else {
                let key = self.overfull.remove(0);
                self.push_all(key);
                while self.exceeds(key, Overflow::DropHead, self.queue(key).ready.len()) {
                    let entry = self.queue_mut(key).ready.remove(0);
                    self.bury(key, DeathReason::MaxLength, entry);
                }
            }
        }
    }

    pub(super) fn dead_letter(&mut self, key: QueueKey, reason: DeathReason, entry: ModelEntry) {
        let (name, policy) = (self.queue(key).name.clone(), self.queue(key).options.policy.clone());
        let mut deaths = entry.deaths.clone();
        let same = deaths.iter().position(|death| death.0 == name && death.1 == reason);
        let count = same.map_or(0, |index| deaths.remove(index).2);
        deaths.insert(0, (name.clone(), reason, count + 1));
        let routing_key = policy.dead_letter_routing_key.unwrap_or(entry.message.routing_key().to_vec());
        let mut taken = false;
        if let Some(exchange) = policy.dead_letter_exchange {
            let letter = Message::new(&exchange, &routing_key, entry.message.properties(), entry.message.body());
            for target in self.route(&exchange, &routing_key) {
                let name = self.queue(target).name.clone();
                let since = deaths.iter().position(|death| death.0 == name);
                let by_itself = |index: usize| deaths[..=index].iter().all(|death| death.1 != DeathReason::Rejected);
                if reason == DeathReason::Rejected || !since.is_some_and(by_itself) {
                    taken |= self.take(target, &letter, &deaths);
                }
            }
        }
        let counts = &mut self.queue_mut(key).counts;
        *(if taken { &mut counts.dead_lettered } else { &mut counts.removed }) += 1;
        let died = Effect::Died { queue: name.into(), reason, message: entry.message, dead_lettered: taken };
        assert_eq!(self.effects.pop_front(), Some(died));
    }

    pub(super) fn has_credit(&self, consumer: &ModelConsumer) -> bool {
        if self.unwritable.contains(&consumer.channel.connection) {
            return false;
        }
        let channel = self.channels.iter().find(|channel| channel.id == consumer.channel).unwrap();
        let by_consumers = channel.held.iter().filter(|held| held.consumer.is_some()).count();
        let by_this_one = channel.held.iter().filter(|held| held.consumer == Some(consumer.serial)).count();
        let allows = |prefetch: u16, held: usize| prefetch == 0 || held < usize::from(prefetch);
        consumer.no_ack || allows(channel.prefetch, by_consumers) && allows(consumer.prefetch, by_this_one)
    }

    pub(super) fn push_all(&mut self, key: QueueKey) {
        let may_get = |model: &Self, consumer: &ModelConsumer| consumer.queue == key && model.has_credit(consumer);
        while !self.queue(key).ready.is_empty() && self.consumers.iter().any(|consumer| may_get(self, consumer)) {
            let effect = self.effects.pop_front().expect("a consumer with credit is served first");
            self.check_delivery(effect, Some(key));
        }
    }

    pub(super) fn check_delivery(&mut self, effect: Effect, expected: Option<QueueKey>) {
        let Effect::Deliver { channel, consumer_tag, delivery } = effect else { panic!("not explained: {effect:?}") };
        let known = |consumer: &&ModelConsumer| consumer.channel == channel && *consumer.tag == *consumer_tag;
        let consumer = self.consumers.iter().find(known).expect("a delivery has a consumer");
        assert!(self.has_credit(consumer), "{consumer_tag} is overfetched");
        let (key, no_ack, serial) = (consumer.queue, consumer.no_ack, consumer.serial);
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
        let deaths = delivery.deaths.iter().flat_map(|deaths| &deaths.entries);
        let deaths: Vec<_> = deaths.map(|death| (death.queue.to_string(), death.reason, death.count)).collect();
        assert_eq!((&delivery.message, delivery.delivery_count), (&entry.message, entry.count));
        assert_eq!(deaths, entry.deaths);
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
