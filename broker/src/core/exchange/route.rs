//! The way of a message: from an exchange through the exchanges bound to it, to queues.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{ExchangeKey, Exchanges};
use crate::core::binding::Target;
use crate::core::broker::QueueKey;
use crate::core::envelope::Envelope;

impl Exchanges {
    /// Adds the queues that a message given to `start` goes to, each once and in the order of their keys.
    ///
    /// An exchange that knows no way for it passes it to its alternate exchange, if it has one that exists. No exchange
    /// is asked twice, so exchanges may be bound in circles.
    pub fn route(
        &self,
        names: &BTreeMap<Arc<str>, QueueKey>,
        start: ExchangeKey,
        envelope: &Envelope<'_>,
        queues: &mut Vec<QueueKey>,
    ) {
        let mut seen = BTreeSet::new();
        let mut pending = Vec::new();
        let mut next = Some(start);
        while let Some(key) = next {
            let exchange = &self.all[key];
            let mut is_routed = false;
            exchange.route(names, envelope, |target| {
                is_routed = true;
                match target {
                    Target::Queue(queue) => queues.push(queue),
                    Target::Exchange(exchange) => pending.push(exchange),
                }
            });
            if !is_routed && let Some(alternate) = &exchange.options.alternate_exchange {
                pending.extend(self.find(alternate));
            }
            next = std::iter::from_fn(|| pending.pop()).find(|key| *key != start && seen.insert(*key));
        }
        if queues.len() > 1 {
            queues.sort_unstable();
            queues.dedup();
        }
    }
}
