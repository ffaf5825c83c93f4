//! Playing the broker's events again, one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{ChannelState, ConsumerState, Copy, Holding, Place, QueueState};
use super::{Handover, Life, Origin, Overlong, Passing, Replay, Snapshot, Stay, closes_automatic_cycle, with_death};
use crate::history::{
    BrokerEvent, ChannelId, ConsumerId, Death, Delivery, Digest, History, MessageId, Overflow, QueueId, Reason, What,
};

/// Plays all broker events of a history. What it names without having introduced it is left out.
pub(super) fn read(history: &History) -> Replay<'_> {
    let replay = Replay {
        history,
        copies: Vec::new(),
        stays: Vec::new(),
        handovers: Vec::new(),
        passings: Vec::new(),
        overlong: Vec::new(),
        waits: Vec::new(),
        snapshots: Vec::new(),
        last_snapshots: BTreeMap::new(),
        lives: BTreeMap::new(),
        declared: BTreeMap::new(),
        complete: 0,
    };
    let queues = history.queues.iter().map(|_| QueueState::default()).collect();
    let mut player = Player {
        replay,
        queues,
        channels: BTreeMap::new(),
        consumers: BTreeMap::new(),
        turn: None,
        last_place: 0,
        touched: BTreeSet::new(),
        grown: BTreeSet::new(),
        place: 0,
    };
    for (place, event) in history.events.iter().enumerate() {
        player.place = place;
        player.event(&event.what);
    }
    player.replay
}

struct Player<'h> {
    replay: Replay<'h>,
    queues: Vec<QueueState>,
    channels: BTreeMap<ChannelId, ChannelState>,
    consumers: BTreeMap<ConsumerId, ConsumerState>,
    /// The turn that is played, if one is.
    turn: Option<u32>,
    /// Its latest event.
    last_place: usize,
    /// The queues whose messages or consumers it changed.
    touched: BTreeSet<QueueId>,
    /// The queues that took a message from a publisher in it.
    grown: BTreeSet<QueueId>,
    place: usize,
}

impl Player<'_> {
    fn event(&mut self, what: &What) {
        match what {
            What::Broker { turn, event } => {
                if self.turn != Some(*turn) {
                    self.end_turn();
                    self.turn = Some(*turn);
                }
                self.last_place = self.place;
                self.broker_event(event);
            }
            What::BrokerRestarted => self.restart(),
            What::Counted(counts) => {
                self.end_turn();
                self.snapshot(counts.queue, counts.ready, counts.unacknowledged);
            }
            What::Drained { left } => {
                self.end_turn();
                for left in left {
                    self.replay.last_snapshots.insert(left.queue, self.replay.snapshots.len());
                    self.snapshot(left.queue, left.ready, left.unacknowledged);
                }
            }
            _ => {}
        }
    }

    fn broker_event(&mut self, event: &BrokerEvent) {
        match event {
            BrokerEvent::Taken { queue, message: Some(message), digest } => {
                self.take(*queue, *message, *digest, Vec::new(), false);
                self.grown.insert(*queue);
            }
            BrokerEvent::Declared { queue } => {
                self.replay.declared.entry(*queue).or_insert(self.place);
            }
            BrokerEvent::Taken { message: None, .. } | BrokerEvent::Refused { .. } => {}
            BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack } => {
                let (channel, queue, prefetch, no_ack) = (*channel, *queue, *prefetch, *no_ack);
                let started = ConsumerState { channel, queue, prefetch, no_ack, held: 0 };
                self.consumers.insert(*consumer, started);
                self.channel(channel).consumers.insert(*consumer);
                if let Some(queue) = self.queue(queue) {
                    queue.consumers.insert(*consumer);
                }
                self.touched.insert(queue);
            }
            BrokerEvent::ConsumerCancelled { consumer } => self.end_consumer(*consumer),
            BrokerEvent::PrefetchSet { channel, prefetch } => {
                self.channel(*channel).prefetch = *prefetch;
                self.touch_channel(*channel);
            }
            BrokerEvent::WritableSet { channel, writable } => {
                self.channel(*channel).writable = *writable;
                self.touch_channel(*channel);
            }
            BrokerEvent::Delivered(delivery) => self.deliver(delivery),
            BrokerEvent::Acknowledged { channel, delivery_tag, multiple } => {
                for (tag, holding) in self.settle(*channel, *delivery_tag, *multiple) {
                    if let Some(copy) = self.release(*channel, tag, holding) {
                        self.leave(copy, Place::Acknowledged(self.place));
                    }
                }
            }
            BrokerEvent::Rejected { channel, delivery_tag, multiple, requeue } => {
                for (tag, holding) in self.settle(*channel, *delivery_tag, *multiple) {
                    match self.release(*channel, tag, holding) {
                        Some(copy) if *requeue => self.requeue(copy),
                        Some(copy) => self.replay.copies[copy].place = Place::Doomed(self.place, Reason::Rejected),
                        None => {}
                    }
                }
            }
            BrokerEvent::Recovered { channel } => {
                for (tag, holding) in self.settle(*channel, 0, true) {
                    if let Some(copy) = self.release(*channel, tag, holding) {
                        self.requeue(copy);
                    }
                }
            }
            BrokerEvent::ChannelClosed { channel } => self.close(*channel),
            BrokerEvent::Died { queue, reason, message: Some(message), digest, dead_lettered } => {
                self.die(*queue, *message, *reason, *digest, *dead_lettered);
            }
            BrokerEvent::Died { message: None, .. } => {}
            BrokerEvent::Purged { queue } => self.purge(*queue),
            BrokerEvent::Deleted { queue } => {
                self.purge(*queue);
                self.abandon(*queue);
            }
        }
    }

    fn queue(&mut self, id: QueueId) -> Option<&mut QueueState> {
        self.queues.get_mut(id.0 as usize)
    }

    fn channel(&mut self, id: ChannelId) -> &mut ChannelState {
        self.channels.entry(id).or_default()
    }

    fn life(&mut self, queue: QueueId, message: MessageId) -> &mut Life {
        self.replay.lives.entry((queue, message)).or_default()
    }
}

/// In and out of queues.
impl Player<'_> {
    fn take(&mut self, queue: QueueId, message: MessageId, digest: Digest, deaths: Vec<Death>, by_death: bool) {
        let (place, number) = (self.place, self.replay.copies.len());
        let Some(state) = self.queue(queue) else { return };
        let position = state.next_position;
        state.next_position += 1;
        let life = self.life(queue, message);
        life.live.push(number);
        life.taken.get_or_insert(place);
        let (count, delivered) = (0, None);
        let at = Place::Removed(place);
        self.replay.copies.push(Copy {
            queue,
            message,
            digest,
            position,
            taken: place,
            by_death,
            count,
            delivered,
            deaths,
            place: at,
        });
        self.make_ready(number);
    }

    fn make_ready(&mut self, number: usize) {
        let stay = self.replay.stays.len();
        self.replay.stays.push(Stay { copy: number, since: self.place, until: None });
        let copy = &mut self.replay.copies[number];
        copy.place = Place::Ready(stay);
        let (queue, position) = (copy.queue, copy.position);
        if let Some(queue) = self.queue(queue) {
            queue.ready.insert(position, number);
        }
        self.touched.insert(queue);
    }

    /// Takes a copy out of its queue, if it is ready.
    fn make_unready(&mut self, number: usize) {
        let Copy { queue, position, place, .. } = self.replay.copies[number];
        if let Place::Ready(stay) = place {
            self.replay.stays[stay].until = Some(self.place);
            if let Some(queue) = self.queue(queue) {
                queue.ready.remove(&position);
            }
            self.touched.insert(queue);
        }
    }

    /// A copy is gone.
    fn leave(&mut self, number: usize, place: Place) {
        self.make_unready(number);
        let copy = &mut self.replay.copies[number];
        copy.place = place;
        let (queue, message) = (copy.queue, copy.message);
        let life = self.life(queue, message);
        life.live.retain(|live| *live != number);
        life.ended = Some(number);
    }

    fn requeue(&mut self, number: usize) {
        let copy = &mut self.replay.copies[number];
        copy.count = copy.count.saturating_add(1);
        let limit = self.replay.history.queues[copy.queue.0 as usize].delivery_limit;
        if limit.is_some_and(|limit| copy.count > limit) {
            copy.place = Place::Doomed(self.place, Reason::DeliveryLimit);
        } else {
            self.make_ready(number);
        }
    }

    fn purge(&mut self, queue: QueueId) {
        let ready = self.queue(queue).map(|queue| std::mem::take(&mut queue.ready)).unwrap_or_default();
        ready.into_values().for_each(|copy| self.leave(copy, Place::Removed(self.place)));
    }

    /// A queue is gone: what consumers hold of it returns nowhere.
    fn abandon(&mut self, queue: QueueId) {
        let channels = self.channels.values().flat_map(|channel| channel.held.values());
        let held: Vec<usize> = channels.filter_map(|holding| holding.copy).collect();
        for copy in held {
            if self.replay.copies[copy].queue == queue {
                self.leave(copy, Place::Removed(self.place));
            }
        }
        if let Some(queue) = self.queue(queue) {
            queue.held = 0;
        }
    }

    fn restart(&mut self) {
        self.touched.clear();
        self.grown.clear();
        self.turn = None;
        self.channels.clear();
        self.consumers.clear();
        let live: Vec<usize> = self.replay.lives.values().flat_map(|life| &life.live).copied().collect();
        live.into_iter().for_each(|copy| self.leave(copy, Place::Removed(self.place)));
        for queue in &mut self.queues {
            *queue = QueueState { next_position: queue.next_position, ..QueueState::default() };
        }
    }
}

/// Deliveries and deaths.
impl Player<'_> {
    fn deliver(&mut self, delivery: &Delivery) {
        let place = self.place;
        let (overfetched, no_ack) = self.count_delivery(delivery);
        let copy = delivery.message.and_then(|message| self.delivered_copy(delivery.queue, message, delivery));
        let mut handover = Handover {
            place,
            copy,
            from: Origin::Nowhere,
            expected_count: 0,
            has_right_deaths: true,
            corrupted: None,
            overfetched,
        };
        if let Some(number) = copy {
            let origin = self.origin(number);
            self.make_unready(number);
            let copy = &mut self.replay.copies[number];
            handover.from = match copy.delivered.filter(|_| copy.by_death && delivery.delivery_count == 0) {
                Some(delivered) if !matches!(origin, Origin::Ready(_)) => Origin::LetterAgain(delivered),
                _ => origin,
            };
            handover.expected_count = copy.count;
            handover.has_right_deaths = copy.deaths == delivery.deaths;
            handover.corrupted = (copy.digest != delivery.digest).then_some(copy.taken);
            copy.count = delivery.delivery_count;
            copy.delivered = Some(place);
            self.hand_over(number, delivery, no_ack);
        }
        self.replay.handovers.push(handover);
        if !no_ack {
            let holding = Holding { copy, consumer: delivery.consumer };
            self.channel(delivery.channel).held.insert(delivery.delivery_tag, holding);
        }
    }

    /// Takes the credit for a delivery. Says whether there was none, and whether it needs no acknowledgement.
    fn count_delivery(&mut self, delivery: &Delivery) -> (Option<u16>, bool) {
        let Some(consumer) = delivery.consumer.and_then(|id| self.consumers.get_mut(&id)) else { return (None, false) };
        if consumer.no_ack {
            return (None, true);
        }
        let own = (!consumer.has_credit()).then_some(consumer.prefetch);
        consumer.held += 1;
        let queue = consumer.queue;
        self.touched.insert(queue);
        let channel = self.channel(delivery.channel);
        let shared = (channel.prefetch > 0 && channel.held_by_consumers >= u64::from(channel.prefetch))
            .then_some(channel.prefetch);
        channel.held_by_consumers += 1;
        (own.or(shared), false)
    }

    /// The copy that a correct queue would have delivered: ready, with the said count, the oldest. Failing that, the
    /// one that comes nearest.
    fn delivered_copy(&mut self, queue: QueueId, message: MessageId, delivery: &Delivery) -> Option<usize> {
        let life = self.replay.lives.get(&(queue, message))?;
        let copies = &self.replay.copies;
        let distance = |number: &&usize| {
            let copy = &copies[**number];
            let is_ready = matches!(copy.place, Place::Ready(_));
            (!is_ready, copy.count != delivery.delivery_count, copy.position)
        };
        life.live.iter().min_by_key(distance).or(life.ended.as_ref()).copied()
    }

    fn origin(&self, number: usize) -> Origin {
        match self.replay.copies[number].place {
            Place::Ready(stay) => Origin::Ready(stay),
            Place::Held { since, .. } => Origin::Held(since),
            Place::Doomed(since, _) => Origin::Doomed(since),
            Place::Dead(since) => Origin::Dead(since),
            Place::Acknowledged(since) => Origin::Acknowledged(since),
            Place::Removed(since) => Origin::Removed(since),
        }
    }

    /// A copy goes to whom the broker gave it, even if it should not have.
    fn hand_over(&mut self, number: usize, delivery: &Delivery, no_ack: bool) {
        if no_ack {
            return self.leave(number, Place::Acknowledged(self.place));
        }
        let copy = &mut self.replay.copies[number];
        let was_held = matches!(copy.place, Place::Held { .. });
        let (channel, delivery_tag) = (delivery.channel, delivery.delivery_tag);
        copy.place = Place::Held { since: self.place, channel, delivery_tag };
        let (queue, message) = (copy.queue, copy.message);
        let life = self.life(queue, message);
        if !life.live.contains(&number) {
            life.live.push(number);
        }
        if let Some(queue) = self.queue(queue).filter(|_| !was_held) {
            queue.held += 1;
        }
    }

    fn die(&mut self, queue: QueueId, message: MessageId, reason: Reason, digest: Digest, dead_lettered: bool) {
        let copy = self.dying_copy(queue, message, reason);
        let from = copy.map_or(Origin::Nowhere, |number| self.origin(number));
        let is_founded = copy.is_some_and(|number| self.is_founded(number, reason));
        let mut passing =
            Passing { place: self.place, copy, from, is_founded, is_withheld: false, corrupted: None, reason };
        if let Some(number) = copy {
            let taken = &self.replay.copies[number];
            passing.corrupted = (taken.digest != digest).then_some(taken.taken);
            let (digest, held) = (taken.digest, matches!(taken.place, Place::Held { .. }));
            if let Some(state) = self.queue(queue).filter(|_| held) {
                state.held -= 1;
            }
            let died = self.replay.queue(queue);
            let deaths = with_death(&self.replay.copies[number].deaths, &died.name, reason);
            self.leave(number, Place::Dead(self.place));
            if let Some(target) = died.dead_letter_queue.filter(|target| (target.0 as usize) < self.queues.len()) {
                if dead_lettered {
                    self.take(target, message, digest, deaths, true);
                } else {
                    let target = self.replay.queue(target);
                    passing.is_withheld = !target.refuses_messages() && !closes_automatic_cycle(&deaths, &target.name);
                }
            }
        }
        self.replay.passings.push(passing);
    }

    /// The copy that has to die for this reason, or else the one that comes nearest.
    fn dying_copy(&self, queue: QueueId, message: MessageId, reason: Reason) -> Option<usize> {
        let life = self.replay.lives.get(&(queue, message))?;
        let copies = &self.replay.copies;
        let distance = |number: &&usize| match copies[**number].place {
            Place::Doomed(_, doom) if doom == reason => (0, copies[**number].position),
            Place::Ready(_) => (1, copies[**number].position),
            _ => (2, copies[**number].position),
        };
        life.live.iter().min_by_key(distance).or(life.ended.as_ref()).copied()
    }

    fn is_founded(&self, number: usize, reason: Reason) -> bool {
        let copy = &self.replay.copies[number];
        let policy = self.replay.queue(copy.queue);
        let length = self.queues[copy.queue.0 as usize].ready.len() as u64;
        let is_ready = matches!(copy.place, Place::Ready(_));
        match reason {
            Reason::Rejected | Reason::DeliveryLimit => {
                matches!(copy.place, Place::Doomed(_, doom) if doom == reason)
            }
            Reason::MaxLength => {
                let is_overlong = policy.max_length.is_some_and(|limit| length > limit);
                is_ready && is_overlong && policy.overflow == Overflow::DropHead
            }
            Reason::Expired => {
                let events = &self.replay.history.events;
                let age = events[self.place].at.since(events[copy.taken].at);
                is_ready && policy.message_ttl.is_some_and(|ttl| age >= ttl)
            }
        }
    }
}

/// Channels and consumers.
impl Player<'_> {
    /// Takes from a channel what a tag stands for.
    fn settle(&mut self, channel: ChannelId, delivery_tag: u64, multiple: bool) -> Vec<(u64, Holding)> {
        self.touch_channel(channel);
        let held = &mut self.channel(channel).held;
        if !multiple {
            return held.remove(&delivery_tag).map(|holding| (delivery_tag, holding)).into_iter().collect();
        }
        let later = match delivery_tag {
            0 => BTreeMap::new(),
            tag => held.split_off(&tag.saturating_add(1)),
        };
        std::mem::replace(held, later).into_iter().collect()
    }

    /// Gives back the credit of a delivery. The copy is returned if this channel really held it.
    fn release(&mut self, channel: ChannelId, delivery_tag: u64, holding: Holding) -> Option<usize> {
        if let Some(id) = holding.consumer {
            let state = self.channel(channel);
            state.held_by_consumers = state.held_by_consumers.saturating_sub(1);
            if let Some(consumer) = self.consumers.get_mut(&id) {
                consumer.held = consumer.held.saturating_sub(1);
            }
        }
        let copy = holding.copy?;
        match self.replay.copies[copy].place {
            Place::Held { channel: holder, delivery_tag: tag, .. } if holder == channel && tag == delivery_tag => {
                let queue = self.replay.copies[copy].queue;
                if let Some(queue) = self.queue(queue) {
                    queue.held -= 1;
                }
                Some(copy)
            }
            _ => None,
        }
    }

    fn close(&mut self, channel: ChannelId) {
        self.touch_channel(channel);
        let Some(mut closed) = self.channels.remove(&channel) else { return };
        std::mem::take(&mut closed.consumers).into_iter().for_each(|consumer| self.end_consumer(consumer));
        for (tag, holding) in closed.held {
            if let Some(copy) = self.release(channel, tag, Holding { consumer: None, ..holding }) {
                self.requeue(copy);
            }
        }
    }

    fn end_consumer(&mut self, id: ConsumerId) {
        let Some(consumer) = self.consumers.remove(&id) else { return };
        if let Some(queue) = self.queue(consumer.queue) {
            queue.consumers.remove(&id);
        }
        if let Some(channel) = self.channels.get_mut(&consumer.channel) {
            channel.consumers.remove(&id);
        }
    }

    fn touch_channel(&mut self, channel: ChannelId) {
        let consumers = self.channels.get(&channel).into_iter().flat_map(|channel| &channel.consumers);
        let queues = consumers.filter_map(|id| self.consumers.get(id)).map(|consumer| consumer.queue);
        self.touched.extend(queues);
    }
}

/// Looking at what a turn left behind.
impl Player<'_> {
    fn end_turn(&mut self) {
        let (place, grown) = (self.last_place, std::mem::take(&mut self.grown));
        self.replay.complete = place;
        for id in std::mem::take(&mut self.touched) {
            let Some(queue) = self.queues.get(id.0 as usize) else { continue };
            let Some((_, head)) = queue.ready.first_key_value() else { continue };
            let (policy, length) = (self.replay.queue(id), queue.ready.len() as u64);
            // A queue that refuses may still be made longer by what is requeued.
            let must_fit = policy.overflow == Overflow::DropHead || grown.contains(&id);
            if must_fit && policy.max_length.is_some_and(|limit| length > limit) {
                self.replay.overlong.push(Overlong { place, queue: id, length });
            }
            if let (Place::Ready(stay), true) = (self.replay.copies[*head].place, self.has_credit(queue)) {
                self.replay.waits.push((stay, place));
            }
        }
    }

    fn has_credit(&self, queue: &QueueState) -> bool {
        let mut consumers = queue.consumers.iter().filter_map(|id| self.consumers.get(id));
        consumers.any(|consumer| {
            let channel = self.channels.get(&consumer.channel);
            consumer.has_credit() && channel.is_some_and(|channel| channel.has_credit(consumer.no_ack))
        })
    }

    fn snapshot(&mut self, queue: QueueId, said_ready: u64, said_held: u64) {
        let place = self.place;
        let Some(state) = self.queue(queue) else { return };
        let (ready, held) = (state.ready.len() as u64, state.held);
        self.replay.snapshots.push(Snapshot { place, queue, ready, held, said_ready, said_held });
    }
}
