//! What clients do, picked at random.

use handoff_broker::core::{ChannelId, Command, ConnectionId};
use handoff_sim::history::MessageId;
use rand::RngExt;

use super::Network;
use crate::machine::Inspect;

impl<M: Inspect> Network<M> {
    pub(super) fn connect(&mut self, client: usize) {
        self.connections += 1;
        let link = self.links.entry(self.connections).or_default();
        link.client = Some(client);
        self.clients[client].connect(self.connections, link);
        let channel = ChannelId { connection: ConnectionId(self.connections), number: 1 };
        assert!(self.handle(Command::OpenChannel { channel }).is_ok());
    }

    pub(super) fn act(&mut self) {
        let number = self.random.random_range(0..self.clients.len());
        if self.clients[number].session.is_none() {
            return self.connect(number);
        }
        if self.clients[number].source.is_some() {
            self.settle(number);
        } else {
            self.publish(number);
        }
    }

    fn publish(&mut self, number: usize) {
        let again = self.plan.sends_again && self.chance(30);
        let queue = if self.chance(95) { self.queues[0] } else { self.queues[1] };
        let Network { clients, links, messages, .. } = self;
        let client = &mut clients[number];
        let (queue, message) = match client.unknown.pop().filter(|_| again) {
            Some(unknown) => unknown,
            None => {
                *messages += 1;
                (queue, MessageId(*messages))
            }
        };
        let Some(session) = &mut client.session else { return };
        if let Some(link) = links.get_mut(&session.link) {
            session.publish(queue, message, link);
        }
    }

    fn settle(&mut self, number: usize) {
        let choice = self.random.random_range(0..100);
        let pick = self.random.random_range(0..64);
        let Some(session) = &mut self.clients[number].session else { return };
        let Some(link) = self.links.get_mut(&session.link) else { return };
        match (choice, session.held.len()) {
            (95.., _) => session.ask(link),
            (94, _) => session.cancel(link),
            (_, 0) => {}
            (93, held) if self.plan.is_faulty => {
                let delivery_tag = session.held[pick % held];
                session.acknowledge(pick % held, false, link);
                session.acknowledge_again(delivery_tag, link);
            }
            (0..45, held) => session.acknowledge(pick % held, false, link),
            (45..55, held) => session.acknowledge(pick % held, true, link),
            (55..80, held) => session.reject(pick % held, true, link),
            (80..93, held) => session.reject(pick % held, false, link),
            _ => {}
        }
    }
}
