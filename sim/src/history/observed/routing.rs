//! Following queues and bindings: where messages go.

use std::collections::BTreeSet;

use handoff_broker::core::{ExchangeKind, Message, Published, QueueOptions, QueuePolicy, Reply};

use super::{Observer, digest_of};
use crate::history::{BrokerEvent, Queue, QueueId, identify_body};

impl Observer {
    pub(super) fn declare_queue(&mut self, reply: &Reply, options: &QueueOptions) {
        let Reply::QueueDeclared { name, .. } = reply else { return };
        if options.exclusive || options.auto_delete || self.queues.contains_key(name) {
            return;
        }
        let queue = self.recorder.queue(Queue::declared(name, &options.policy));
        self.queues.insert(name.clone(), queue);
        self.write(BrokerEvent::Declared { queue });
        let QueuePolicy { dead_letter_exchange, dead_letter_routing_key, .. } = &options.policy;
        if let Some(exchange) = dead_letter_exchange {
            self.dead_lettering.push((queue, exchange.clone(), dead_letter_routing_key.clone()));
        }
        self.connect_dead_letters();
    }

    pub(super) fn delete_queue(&mut self, name: &str) {
        if let Some(queue) = self.queues.remove(name) {
            self.bindings.values_mut().for_each(|bound| bound.retain(|(_, to)| *to != queue));
            self.dead_lettering.retain(|(from, ..)| *from != queue);
            self.write(BrokerEvent::Deleted { queue });
        }
    }

    pub(super) fn bind(&mut self, queue: &str, exchange: &str, routing_key: &[u8]) {
        if let Some(queue) = self.queues.get(queue) {
            self.bindings.entry(exchange.to_owned()).or_default().insert((routing_key.to_vec(), *queue));
            self.connect_dead_letters();
        }
    }

    pub(super) fn unbind(&mut self, queue: &str, exchange: &str, routing_key: &[u8]) {
        if let (Some(queue), Some(bound)) = (self.queues.get(queue), self.bindings.get_mut(exchange)) {
            bound.remove(&(routing_key.to_vec(), *queue));
        }
    }

    /// Says where dead letters go, as far as bindings tell. Those that keep their own routing key go wherever the
    /// exchange goes: a history knows one place.
    fn connect_dead_letters(&self) {
        for (from, exchange, routing_key) in &self.dead_lettering {
            let to = match routing_key {
                Some(routing_key) => self.route(exchange, routing_key).first().copied(),
                // Published to the queue by its name, a dead letter that keeps it comes back to where it died.
                None if exchange.is_empty() => Some(*from),
                None => self.bindings.get(exchange).and_then(|bound| bound.first()).map(|(_, to)| *to),
            };
            if let Some(to) = to {
                self.recorder.dead_letters(*from, to);
            }
        }
    }

    fn route(&self, exchange: &str, routing_key: &[u8]) -> Vec<QueueId> {
        if exchange.is_empty() {
            let queue = std::str::from_utf8(routing_key).ok().and_then(|name| self.queues.get(name));
            return queue.copied().into_iter().collect();
        }
        let is_fanout = self.exchanges.get(exchange) == Some(&ExchangeKind::Fanout);
        let bound = self.bindings.get(exchange).into_iter().flatten();
        let routed = bound.filter(|(key, _)| is_fanout || key == routing_key).map(|(_, queue)| *queue);
        routed.collect::<BTreeSet<QueueId>>().into_iter().collect()
    }

    pub(super) fn publish(&self, message: &Message, reply: &Reply) {
        if *reply == Reply::Published(Published::Held) {
            return;
        }
        let (id, digest) = (identify_body(message.body()), digest_of(message));
        let (priority, body_bytes) = (message.priority(), message.body().len() as u64);
        for queue in self.route(message.exchange(), message.routing_key()) {
            if *reply == Reply::Published(Published::Refused) && self.recorder.refuses_messages(queue) {
                self.write(BrokerEvent::Refused { queue, message: id });
            } else if *reply != Reply::Published(Published::Unroutable) {
                self.write(BrokerEvent::Taken { queue, message: id, digest, priority, body_bytes });
            }
        }
    }
}
