//! Looking at what a turn left behind.

use std::time::Duration;

use super::Player;
use crate::check::replay::state::QueueState;
use crate::check::replay::{Overlong, Place, Snapshot};
use crate::history::{Overflow, QueueId};

/// How long after its time a timer may fire, on a real clock and a busy machine.
const LATEST_TIMER: Duration = Duration::from_millis(100);

impl Player<'_> {
    pub(super) fn end_turn(&mut self) {
        let (place, grown) = (self.last_place, std::mem::take(&mut self.grown));
        self.replay.complete = place;
        for id in std::mem::take(&mut self.touched) {
            let Some(queue) = self.queues.get(id.0 as usize) else { continue };
            let Some((_, head)) = queue.ready.first_key_value() else { continue };
            let (policy, length, bytes) = (self.replay.queue(id), queue.ready.len() as u64, queue.ready_bytes);
            // A queue that refuses may still be made longer by what is requeued.
            let must_fit = policy.overflow == Overflow::DropHead || grown.contains(&id);
            if must_fit && policy.is_exceeded_by(length, bytes) {
                self.replay.overlong.push(Overlong { place, queue: id, length, bytes });
            }
            let Place::Ready(stay) = self.replay.entries[*head].place else { continue };
            if self.has_credit(id, queue) {
                self.replay.waits.push((stay, place));
            }
            if self.is_overdue(*head, place) {
                self.replay.overdue.push((stay, place));
            }
        }
    }

    /// Whether the first message of its queue should have died of its age.
    fn is_overdue(&self, head: usize, place: usize) -> bool {
        let (entry, events) = (&self.replay.entries[head], &self.replay.history.events);
        let age = events[place].at.since(events[entry.taken].at);
        self.replay.queue(entry.queue).message_ttl.is_some_and(|ttl| age > ttl + LATEST_TIMER)
    }

    fn has_credit(&self, id: QueueId, queue: &QueueState) -> bool {
        let is_single = self.replay.queue(id).single_active_consumer;
        let served = queue.eager.iter().filter(|id| !is_single || queue.active == Some(**id));
        let mut consumers = served.filter_map(|id| self.consumers.get(id));
        consumers.any(|consumer| {
            let channel = self.channels.get(&consumer.channel);
            channel.is_some_and(|channel| channel.has_credit(consumer.no_ack))
        })
    }

    pub(super) fn snapshot(&mut self, queue: QueueId, said_ready: u64, said_held: u64) {
        let place = self.place;
        let Some(state) = self.queue(queue) else { return };
        let head = state.ready.first_key_value().map(|(_, head)| *head);
        let (ready, held) = (state.ready.len() as u64, state.held);
        if let Some(head) = head.filter(|head| self.is_overdue(*head, place))
            && let Place::Ready(stay) = self.replay.entries[head].place
        {
            self.replay.overdue.push((stay, place));
        }
        self.replay.snapshots.push(Snapshot { place, queue, ready, held, said_ready, said_held });
    }
}
