//! Faults, and the end of them.

use handoff_sim::history::{Disturbance, Left, Observed, QueueId};
use rand::RngExt;

use super::{Network, QUEUES, SILENCE};
use crate::link::Link;
use crate::machine::Inspect;

impl<M: Inspect> Network<M> {
    pub(super) fn fail(&mut self) {
        let number = self.random.random_range(0..self.clients.len());
        let (up, down) = (self.random.random_range(0..4), self.random.random_range(0..4));
        let fault = self.random.random_range(0..3);
        let until = self.now() + SILENCE;
        let client = &mut self.clients[number];
        let Some(link) = client.session.as_ref().and_then(|session| self.links.get_mut(&session.link)) else { return };
        match fault {
            0 => {
                client.log.crashed();
                link.client = None;
                link.silent_until = None;
                link.cut_up(up);
                client.disconnect();
            }
            1 => {
                client.log.disturbed(Disturbance::Cut);
                link.cut(up, down);
            }
            _ => {
                client.log.disturbed(Disturbance::Silence { at_least: SILENCE });
                link.silent_until.get_or_insert(until);
            }
        }
    }

    pub(super) fn restart(&mut self) {
        self.run.broker_restarted();
        for link in self.links.values_mut() {
            link.cut(0, usize::MAX);
            link.is_closed = true;
            link.silent_until = None;
        }
        self.broker = Observed::new((self.make)(), &self.recorder);
        self.declare();
    }

    /// Faults stop, everybody works until nothing moves, and what is left is counted.
    pub(super) fn drain(&mut self) {
        self.run.healed();
        for _ in 0..100_000 {
            self.tick();
            (0..20).for_each(|_| self.move_up());
            (0..20).for_each(|_| self.move_down());
            for number in 0..self.clients.len() {
                self.finish(number);
            }
            let moves = |link: &Link| {
                (!link.is_closed && !link.up.is_empty()) || (link.client.is_some() && !link.down.is_empty())
            };
            if !self.links.values().any(moves) {
                break;
            }
        }
        self.count();
        let left = |(name, queue): (&str, QueueId)| {
            let counts = self.broker.machine().counts(name)?;
            Some(Left { queue, ready: counts.ready, unacknowledged: counts.unacknowledged })
        };
        let left = QUEUES.into_iter().zip(self.queues).filter_map(left).collect();
        self.run.drained(left);
    }

    fn finish(&mut self, number: usize) {
        let Some(session) = &mut self.clients[number].session else {
            return self.connect(number);
        };
        let Some(link) = self.links.get_mut(&session.link) else { return };
        if !session.held.is_empty() {
            session.acknowledge(session.held.len() - 1, true, link);
        }
    }
}
