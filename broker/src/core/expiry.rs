//! What time does: messages that have been in their queue for too long die, and queues that nobody uses go.
//!
//! As in RabbitMQ, a message dies of its age only when it is the first of its queue: the first one's time is what the
//! queue waits for. Queues in which nothing depends on time are never looked at.

use super::broker::{Broker, QueueKey};
use super::effect::Effect;
use super::message::DeathReason;
use super::queue::Queue;
use crate::time::Timestamp;

impl Queue {
    /// Whether its first message is there for too long.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.is_timed && self.ready.first_expires_at().is_some_and(|at| at <= now)
    }

    /// When it goes, unless it is used before.
    fn goes_at(&self) -> Option<Timestamp> {
        let unused = self.options.policy.expires.filter(|_| self.consumers.is_empty())?;
        Some(self.used_at + unused)
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.ready.first_expires_at().into_iter().chain(self.goes_at()).min()
    }
}

impl Broker {
    /// Keeps the time at which something is to be done about a queue. Has to be called when its first message is
    /// another one, and when it is used.
    pub(super) fn set_timer(&mut self, key: QueueKey) {
        let Some(queue) = self.queues.get_mut(key).filter(|queue| queue.is_timed) else { return };
        let deadline = queue.deadline();
        if deadline == queue.timer {
            return;
        }
        if let Some(at) = queue.timer {
            self.timers.remove(&(at, key));
        }
        self.timers.extend(deadline.map(|at| (at, key)));
        queue.timer = deadline;
    }

    /// A client has used a queue: it asked for it or for its messages, or its last consumer has just gone.
    pub(super) fn note_use(&mut self, key: QueueKey) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.used_at = self.now;
            self.set_timer(key);
        }
    }

    /// Lets the first messages of a queue die whose time is up. Says whether there were any.
    pub(super) fn bury_expired(&mut self, key: QueueKey) -> bool {
        let mut any = false;
        while let Some(queue) = self.queues.get_mut(key).filter(|queue| queue.has_expired(self.now))
            && let Some(entry) = queue.ready.pop()
        {
            self.bury(key, DeathReason::Expired, entry);
            any = true;
        }
        if any {
            self.set_timer(key);
        }
        any
    }

    /// Whether [`expire_due`](Broker::expire_due) has something to do.
    pub(super) fn is_due(&self) -> bool {
        self.timers.first().is_some_and(|(at, _)| *at <= self.now)
    }

    /// Does what is due by now.
    pub(super) fn expire_due(&mut self) {
        while self.is_due()
            && let Some((_, key)) = self.timers.pop_first()
        {
            let queue = &mut self.queues[key];
            queue.timer = None;
            if queue.goes_at().is_some_and(|at| at <= self.now) {
                self.expire_queue(key);
            } else {
                self.bury_expired(key);
                self.set_timer(key);
            }
        }
        self.work_off();
    }

    fn expire_queue(&mut self, key: QueueKey) {
        // What died in it before goes first, so that it still has a queue to have died in.
        self.work_off();
        let Some(queue) = self.queues.get(key) else { return };
        self.effects.push_back(Effect::QueueExpired { queue: queue.name.clone() });
        self.remove_queue(key);
    }
}
