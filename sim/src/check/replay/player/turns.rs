//! Looking at what a turn left behind.

use super::Player;
use crate::check::replay::state::QueueState;
use crate::check::replay::{Overlong, Place, Snapshot};
use crate::history::{Overflow, QueueId};

impl Player<'_> {
    pub(super) fn end_turn(&mut self) {
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
            if let (Place::Ready(stay), true) = (self.replay.entries[*head].place, self.has_credit(queue)) {
                self.replay.waits.push((stay, place));
            }
        }
    }

    fn has_credit(&self, queue: &QueueState) -> bool {
        let mut consumers = queue.eager.iter().filter_map(|id| self.consumers.get(id));
        consumers.any(|consumer| {
            let channel = self.channels.get(&consumer.channel);
            channel.is_some_and(|channel| channel.has_credit(consumer.no_ack))
        })
    }

    pub(super) fn snapshot(&mut self, queue: QueueId, said_ready: u64, said_held: u64) {
        let place = self.place;
        let Some(state) = self.queue(queue) else { return };
        let (ready, held) = (state.ready.len() as u64, state.held);
        self.replay.snapshots.push(Snapshot { place, queue, ready, held, said_ready, said_held });
    }
}
