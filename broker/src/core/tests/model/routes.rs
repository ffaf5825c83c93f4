//! The way of messages to queues.

use super::*;

impl Model {
    /// The queues that a message goes to, in the order of their keys.
    pub(super) fn route(&self, exchange: &str, routing_key: &[u8]) -> Vec<QueueKey> {
        let (mut queues, mut seen) = (Vec::new(), Vec::new());
        self.visit(exchange, routing_key, &mut seen, &mut queues);
        queues.sort();
        queues.dedup();
        queues
    }

    fn visit(&self, exchange: &str, routing_key: &[u8], seen: &mut Vec<String>, queues: &mut Vec<QueueKey>) {
        if !self.exists(exchange) || seen.iter().any(|known| known == exchange) {
            return;
        }
        seen.push(exchange.to_owned());
        if exchange.is_empty() {
            let named = self.queues.iter().filter(|queue| queue.name.as_bytes() == routing_key);
            return queues.extend(named.map(|queue| queue.key));
        }
        let matching: Vec<&ModelTarget> = self
            .bindings
            .iter()
            .filter(|(source, _, pattern)| source == exchange && matches(exchange, pattern, routing_key))
            .map(|(_, target, _)| target)
            .collect();
        if matching.is_empty() && exchange == SPLITTING.0 {
            self.visit(SPLITTING.1, routing_key, seen, queues);
        }
        for target in matching {
            match target {
                ModelTarget::Queue(queue) => queues.push(*queue),
                ModelTarget::Exchange(exchange) => self.visit(exchange, routing_key, seen, queues),
            }
        }
    }
}

/// The routing keys here have one word.
fn matches(exchange: &str, pattern: &[u8], routing_key: &[u8]) -> bool {
    match exchange {
        "amq.fanout" => true,
        "amq.topic" => pattern == b"*" || pattern == b"#" || pattern == routing_key,
        _ => pattern == routing_key,
    }
}
