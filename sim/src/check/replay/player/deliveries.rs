//! Deliveries and deaths, compared with what the queue should have done.

use super::{Content, Player};
use crate::check::replay::state::Holding;
use crate::check::replay::{Entry, Handover, Origin, Passing, Place, closes_automatic_cycle, with_death};
use crate::history::{Delivery, Digest, MessageId, Overflow, QueueId, Reason};

impl Player<'_> {
    pub(super) fn deliver(&mut self, delivery: &Delivery) {
        let place = self.place;
        let is_out_of_turn = self.is_out_of_turn(delivery);
        let (overfetched, no_ack) = self.count_delivery(delivery);
        let entry = delivery.message.and_then(|message| self.delivered_entry(delivery.queue, message, delivery));
        let mut handover = Handover {
            place,
            entry,
            from: Origin::Nowhere,
            expected_count: 0,
            has_right_deaths: true,
            corrupted: None,
            overfetched,
            is_out_of_turn,
        };
        if let Some(number) = entry {
            let origin = self.origin(number);
            self.make_unready(number);
            let entry = &mut self.replay.entries[number];
            handover.from = match entry.delivered.filter(|_| entry.by_death && delivery.delivery_count == 0) {
                Some(delivered) if !matches!(origin, Origin::Ready(_)) => Origin::LetterAgain(delivered),
                _ => origin,
            };
            handover.expected_count = entry.count;
            handover.has_right_deaths = entry.deaths == delivery.deaths;
            handover.corrupted = (entry.digest != delivery.digest).then_some(entry.taken);
            entry.count = delivery.delivery_count;
            entry.delivered = Some(place);
            self.hand_over(number, delivery, no_ack);
        }
        self.replay.handovers.push(handover);
        if !no_ack {
            let holding = Holding { entry, consumer: delivery.consumer };
            self.channel(delivery.channel).held.insert(delivery.delivery_tag, holding);
        }
    }

    /// Whether a delivery goes to another consumer than the one that its queue serves alone.
    fn is_out_of_turn(&mut self, delivery: &Delivery) -> bool {
        let policy = self.replay.history.queues.get(delivery.queue.0 as usize);
        let is_single = policy.is_some_and(|policy| policy.single_active_consumer);
        let active = self.queue(delivery.queue).and_then(|queue| queue.active);
        is_single && delivery.consumer.is_some_and(|consumer| Some(consumer) != active)
    }

    /// Takes the credit for a delivery. Says whether there was none, and whether it needs no acknowledgement.
    fn count_delivery(&mut self, delivery: &Delivery) -> (Option<u16>, bool) {
        let Some(consumer) = delivery.consumer.and_then(|id| self.consumers.get_mut(&id)) else { return (None, false) };
        if consumer.no_ack {
            return (None, true);
        }
        let own = (!consumer.has_credit()).then_some(consumer.prefetch);
        consumer.held += 1;
        delivery.consumer.into_iter().for_each(|consumer| self.note_credit(consumer));
        let channel = self.channel(delivery.channel);
        let shared = (channel.prefetch > 0 && channel.held_by_consumers >= u64::from(channel.prefetch))
            .then_some(channel.prefetch);
        channel.held_by_consumers += 1;
        (own.or(shared), false)
    }

    /// The entry that a correct queue would have delivered: ready, with the said count, the oldest. Failing that, the
    /// one that comes nearest.
    fn delivered_entry(&mut self, queue: QueueId, message: MessageId, delivery: &Delivery) -> Option<usize> {
        let life = self.replay.lives.get(&(queue, message))?;
        let entries = &self.replay.entries;
        let distance = |number: &&usize| {
            let entry = &entries[**number];
            let is_ready = matches!(entry.place, Place::Ready(_));
            (!is_ready, entry.count != delivery.delivery_count, entry.position)
        };
        life.live.iter().min_by_key(distance).or(life.ended.as_ref()).copied()
    }

    fn origin(&self, number: usize) -> Origin {
        match self.replay.entries[number].place {
            Place::Ready(stay) => Origin::Ready(stay),
            Place::Held { since, .. } => Origin::Held(since),
            Place::Doomed(since, _) => Origin::Doomed(since),
            Place::Dead(since) => Origin::Dead(since),
            Place::Acknowledged(since) => Origin::Acknowledged(since),
            Place::Removed(since) => Origin::Removed(since),
        }
    }

    /// An entry goes to whom the broker gave it, even if it should not have.
    fn hand_over(&mut self, number: usize, delivery: &Delivery, no_ack: bool) {
        if no_ack {
            return self.leave(number, Place::Acknowledged(self.place));
        }
        let entry = &mut self.replay.entries[number];
        let was_held = matches!(entry.place, Place::Held { .. });
        let (channel, delivery_tag) = (delivery.channel, delivery.delivery_tag);
        entry.place = Place::Held { since: self.place, channel, delivery_tag };
        let (queue, message) = (entry.queue, entry.message);
        let life = self.life(queue, message);
        if !life.live.contains(&number) {
            life.live.push(number);
        }
        if let Some(queue) = self.queue(queue).filter(|_| !was_held) {
            queue.held += 1;
        }
    }

    pub(super) fn die(
        &mut self,
        queue: QueueId,
        message: MessageId,
        reason: Reason,
        digest: Digest,
        dead_lettered: bool,
    ) {
        let entry = self.dying_entry(queue, message, reason);
        let from = entry.map_or(Origin::Nowhere, |number| self.origin(number));
        let is_founded = entry.is_some_and(|number| self.is_founded(number, reason));
        let mut passing =
            Passing { place: self.place, entry, from, is_founded, is_withheld: false, corrupted: None, reason };
        if let Some(number) = entry {
            let taken = &self.replay.entries[number];
            passing.corrupted = (taken.digest != digest).then_some(taken.taken);
            let Entry { digest, priority, body_bytes, .. } = *taken;
            let (content, held) = (Content { digest, priority, body_bytes }, matches!(taken.place, Place::Held { .. }));
            if let Some(state) = self.queue(queue).filter(|_| held) {
                state.held -= 1;
            }
            let died = self.replay.queue(queue);
            let deaths = with_death(&self.replay.entries[number].deaths, &died.name, reason);
            self.leave(number, Place::Dead(self.place));
            if let Some(target) = died.dead_letter_queue.filter(|target| (target.0 as usize) < self.queues.len()) {
                if dead_lettered {
                    self.take(target, message, content, deaths, true);
                } else {
                    let target = self.replay.queue(target);
                    passing.is_withheld = !target.refuses_messages() && !closes_automatic_cycle(&deaths, &target.name);
                }
            }
        }
        self.replay.passings.push(passing);
    }

    /// The entry that has to die for this reason, or else the one that comes nearest.
    fn dying_entry(&self, queue: QueueId, message: MessageId, reason: Reason) -> Option<usize> {
        let life = self.replay.lives.get(&(queue, message))?;
        let entries = &self.replay.entries;
        let distance = |number: &&usize| match entries[**number].place {
            Place::Doomed(_, doom) if doom == reason => (0, entries[**number].position),
            Place::Ready(_) => (1, entries[**number].position),
            _ => (2, entries[**number].position),
        };
        life.live.iter().min_by_key(distance).or(life.ended.as_ref()).copied()
    }

    fn is_founded(&self, number: usize, reason: Reason) -> bool {
        let entry = &self.replay.entries[number];
        let policy = self.replay.queue(entry.queue);
        let state = &self.queues[entry.queue.0 as usize];
        let is_ready = matches!(entry.place, Place::Ready(_));
        match reason {
            Reason::Rejected | Reason::DeliveryLimit => {
                matches!(entry.place, Place::Doomed(_, doom) if doom == reason)
            }
            Reason::MaxLength => {
                let is_overlong = policy.is_exceeded_by(state.ready.len() as u64, state.ready_bytes);
                is_ready && is_overlong && policy.overflow == Overflow::DropHead
            }
            Reason::Expired => {
                let events = &self.replay.history.events;
                let age = events[self.place].at.since(events[entry.taken].at);
                is_ready && policy.message_ttl.is_some_and(|ttl| age >= ttl)
            }
        }
    }
}
