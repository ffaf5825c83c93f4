//! What queues take, give back and drop.

use super::{Content, Player};
use crate::check::replay::state::QueueState;
use crate::check::replay::{Entry, Place, Stay};
use crate::history::{Death, MessageId, QueueId, Reason};

impl Player<'_> {
    pub(super) fn take(
        &mut self,
        queue: QueueId,
        message: MessageId,
        Content { digest, priority, body_bytes }: Content,
        deaths: Vec<Death>,
        by_death: bool,
    ) {
        let (place, number) = (self.place, self.replay.entries.len());
        let rank = self.replay.history.queues.get(queue.0 as usize).map_or(0, |policy| policy.rank(priority));
        let Some(state) = self.queue(queue) else { return };
        let position = state.next_position;
        state.next_position += 1;
        let life = self.life(queue, message);
        life.live.push(number);
        life.taken.get_or_insert(place);
        let (count, delivered) = (0, None);
        let at = Place::Removed(place);
        self.replay.entries.push(Entry {
            queue,
            message,
            digest,
            position,
            rank,
            priority,
            body_bytes,
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
        self.replay.stays.push(Stay { entry: number, since: self.place, until: None });
        let entry = &mut self.replay.entries[number];
        entry.place = Place::Ready(stay);
        let (queue, order, body_bytes) = (entry.queue, entry.order(), entry.body_bytes);
        if let Some(queue) = self.queue(queue)
            && queue.ready.insert(order, number).is_none()
        {
            queue.ready_bytes += body_bytes;
        }
        self.touched.insert(queue);
    }

    /// Takes an entry out of its queue, if it is ready: it was seen again.
    pub(super) fn make_unready(&mut self, number: usize) {
        if let Some(stay) = self.take_out(number) {
            self.replay.stays[stay].until = Some(self.place);
        }
    }

    fn take_out(&mut self, number: usize) -> Option<usize> {
        let entry = &self.replay.entries[number];
        let Place::Ready(stay) = entry.place else { return None };
        let (queue, order, body_bytes) = (entry.queue, entry.order(), entry.body_bytes);
        if let Some(queue) = self.queue(queue)
            && queue.ready.remove(&order).is_some()
        {
            queue.ready_bytes -= body_bytes;
        }
        self.touched.insert(queue);
        Some(stay)
    }

    /// An entry is gone. What is dropped without a word was not seen again: it may have been lost before.
    pub(super) fn leave(&mut self, number: usize, place: Place) {
        match place {
            Place::Removed(_) => drop(self.take_out(number)),
            _ => self.make_unready(number),
        }
        let entry = &mut self.replay.entries[number];
        entry.place = place;
        let (queue, message) = (entry.queue, entry.message);
        let life = self.life(queue, message);
        life.live.retain(|live| *live != number);
        life.ended = Some(number);
    }

    pub(super) fn requeue(&mut self, number: usize) {
        let entry = &mut self.replay.entries[number];
        entry.count = entry.count.saturating_add(1);
        let limit = self.replay.history.queues[entry.queue.0 as usize].delivery_limit;
        if limit.is_some_and(|limit| entry.count > limit) {
            entry.place = Place::Doomed(self.place, Reason::DeliveryLimit);
        } else {
            self.make_ready(number);
        }
    }

    pub(super) fn purge(&mut self, queue: QueueId) {
        let ready = self.queue(queue).map(|queue| queue.ready.clone()).unwrap_or_default();
        ready.into_values().for_each(|entry| self.leave(entry, Place::Removed(self.place)));
    }

    /// A queue is gone: what consumers hold of it returns nowhere.
    pub(super) fn abandon(&mut self, queue: QueueId) {
        let channels = self.channels.values().flat_map(|channel| channel.held.values());
        let held: Vec<usize> = channels.filter_map(|holding| holding.entry).collect();
        for entry in held {
            if self.replay.entries[entry].queue == queue {
                self.leave(entry, Place::Removed(self.place));
            }
        }
        if let Some(queue) = self.queue(queue) {
            queue.held = 0;
        }
    }

    pub(super) fn restart(&mut self) {
        self.touched.clear();
        self.grown.clear();
        self.turn = None;
        self.channels.clear();
        self.consumers.clear();
        let live: Vec<usize> = self.replay.lives.values().flat_map(|life| &life.live).copied().collect();
        live.into_iter().for_each(|entry| self.leave(entry, Place::Removed(self.place)));
        for queue in &mut self.queues {
            *queue = QueueState { next_position: queue.next_position, ..QueueState::default() };
        }
    }
}
