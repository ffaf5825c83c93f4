//! Exchanges and bindings: where a message goes. Not what becomes of it there.
//!
//! A binding is known at both ends. The queue's end is the truth, since a queue knows how often it is bound; the
//! exchange's end is the index that routing reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::broker::{Broker, QueueKey};
use super::command::{ConnectionId, ExchangeKind, ExchangeOptions, Refusal, Reply};
use super::equivalence::check_exchange;

/// Names that only the broker gives (AMQP 0-9-1, 3.1.3).
pub(super) const RESERVED_PREFIX: &str = "amq.";

/// An exchange: its options, and its bindings by what routing asks for.
#[derive(Debug)]
pub(super) struct Exchange {
    name: Arc<str>,
    pub options: ExchangeOptions,
    routes: Routes,
}

#[derive(Debug)]
enum Routes {
    /// Every queue by its name: the default exchange.
    Names,
    /// The queues bound with a key.
    Direct(BTreeMap<Arc<[u8]>, BTreeSet<QueueKey>>),
    /// Every queue bound, and with how many keys.
    Fanout(BTreeMap<QueueKey, usize>),
}

impl Exchange {
    fn new(name: &str, options: ExchangeOptions) -> Self {
        let routes = match options.kind {
            ExchangeKind::Direct => Routes::Direct(BTreeMap::new()),
            ExchangeKind::Fanout => Routes::Fanout(BTreeMap::new()),
        };
        Exchange { name: name.into(), options, routes }
    }

    /// Adds the queues that a message with this key goes to, each once.
    pub fn route(&self, names: &BTreeMap<Arc<str>, QueueKey>, routing_key: &[u8], targets: &mut Vec<QueueKey>) {
        match &self.routes {
            Routes::Names => targets.extend(str::from_utf8(routing_key).ok().and_then(|name| names.get(name))),
            Routes::Direct(bindings) => targets.extend(bindings.get(routing_key).into_iter().flatten()),
            Routes::Fanout(queues) => targets.extend(queues.keys()),
        }
    }

    /// The queues that are bound.
    pub fn queues(&self) -> BTreeSet<QueueKey> {
        match &self.routes {
            Routes::Names => BTreeSet::new(),
            Routes::Direct(bindings) => bindings.values().flatten().copied().collect(),
            Routes::Fanout(queues) => queues.keys().copied().collect(),
        }
    }

    /// Whether no queue is bound.
    pub fn is_unused(&self) -> bool {
        match &self.routes {
            Routes::Names => false,
            Routes::Direct(bindings) => bindings.is_empty(),
            Routes::Fanout(queues) => queues.is_empty(),
        }
    }

    /// Adds a binding that is not there.
    fn bind(&mut self, queue: QueueKey, routing_key: &Arc<[u8]>) {
        match &mut self.routes {
            Routes::Names => {}
            Routes::Direct(bindings) => {
                bindings.entry(Arc::clone(routing_key)).or_default().insert(queue);
            }
            Routes::Fanout(queues) => *queues.entry(queue).or_default() += 1,
        }
    }

    /// Removes a binding that is there.
    fn unbind(&mut self, queue: QueueKey, routing_key: &[u8]) {
        match &mut self.routes {
            Routes::Names => {}
            Routes::Direct(bindings) => {
                if let Some(queues) = bindings.get_mut(routing_key) {
                    queues.remove(&queue);
                    if queues.is_empty() {
                        bindings.remove(routing_key);
                    }
                }
            }
            Routes::Fanout(queues) => {
                if let Some(count) = queues.get_mut(&queue) {
                    *count -= 1;
                    if *count == 0 {
                        queues.remove(&queue);
                    }
                }
            }
        }
    }
}

/// The exchanges that every broker has, the default one under the empty name.
pub(super) fn predeclared_exchanges() -> BTreeMap<Arc<str>, Exchange> {
    let options = |kind| ExchangeOptions { kind, durable: true, auto_delete: false, internal: false };
    let default = Exchange { routes: Routes::Names, ..Exchange::new("", options(ExchangeKind::Direct)) };
    let direct = Exchange::new("amq.direct", options(ExchangeKind::Direct));
    let fanout = Exchange::new("amq.fanout", options(ExchangeKind::Fanout));
    [default, direct, fanout].map(|exchange| (Arc::clone(&exchange.name), exchange)).into()
}

/// Says that an exchange is not to be used like this.
pub(super) fn protected_exchange(name: &str) -> Refusal {
    Refusal::Protected(if name.is_empty() { "the default exchange".into() } else { format!("exchange '{name}'") })
}

impl Broker {
    pub(super) fn declare_exchange(
        &mut self,
        name: &str,
        passive: bool,
        options: ExchangeOptions,
    ) -> Result<Reply, Refusal> {
        if name.is_empty() {
            return Err(protected_exchange(name));
        }
        match self.exchanges.get(name) {
            Some(_) if passive => {}
            Some(exchange) => check_exchange(name, &options, &exchange.options)?,
            None if passive => return Err(Refusal::NoExchange(name.into())),
            None if name.starts_with(RESERVED_PREFIX) => {
                return Err(Refusal::Reserved { entity: "exchange", name: name.into() });
            }
            None => {
                let exchange = Exchange::new(name, options);
                self.exchanges.insert(Arc::clone(&exchange.name), exchange);
            }
        }
        Ok(Reply::Done)
    }

    /// Deleting what does not exist is no error, as in RabbitMQ.
    pub(super) fn delete_exchange(&mut self, name: &str, if_unused: bool) -> Result<Reply, Refusal> {
        if name.is_empty() || name.starts_with(RESERVED_PREFIX) {
            return Err(protected_exchange(name));
        }
        let Some(exchange) = self.exchanges.get(name) else { return Ok(Reply::Done) };
        if if_unused && !exchange.is_unused() {
            return Err(Refusal::InUse { entity: "exchange", name: name.into() });
        }
        for queue in exchange.queues() {
            self.queues[queue].bindings.remove(name);
        }
        self.exchanges.remove(name);
        Ok(Reply::Done)
    }

    pub(super) fn bind_queue(
        &mut self,
        connection: ConnectionId,
        queue: &str,
        exchange: &str,
        routing_key: &[u8],
    ) -> Result<Reply, Refusal> {
        let key = self.accessible_queue(connection, queue)?;
        if exchange.is_empty() {
            return Err(protected_exchange(exchange));
        }
        let exchange = self.exchanges.get_mut(exchange).ok_or_else(|| Refusal::NoExchange(exchange.into()))?;
        let routing_key: Arc<[u8]> = routing_key.into();
        let bindings = &mut self.queues[key].bindings;
        if bindings.entry(Arc::clone(&exchange.name)).or_default().insert(Arc::clone(&routing_key)) {
            exchange.bind(key, &routing_key);
        }
        Ok(Reply::Done)
    }

    /// Removing what does not exist, be it binding, queue or exchange, is no error, as in RabbitMQ.
    pub(super) fn unbind_queue(
        &mut self,
        connection: ConnectionId,
        queue: &str,
        exchange: &str,
        routing_key: &[u8],
    ) -> Result<Reply, Refusal> {
        if exchange.is_empty() {
            return Err(protected_exchange(exchange));
        }
        let key = match self.accessible_queue(connection, queue) {
            Err(Refusal::NoQueue(_)) => return Ok(Reply::Done),
            found => found?,
        };
        let bindings = &mut self.queues[key].bindings;
        if let Some(routing_keys) = bindings.get_mut(exchange)
            && routing_keys.remove(routing_key)
        {
            if routing_keys.is_empty() {
                bindings.remove(exchange);
            }
            self.remove_route(exchange, key, routing_key);
        }
        Ok(Reply::Done)
    }

    /// Removes the exchange's end of a binding, and the exchange with its last one if it was declared so.
    pub(super) fn remove_route(&mut self, name: &str, queue: QueueKey, routing_key: &[u8]) {
        if let Some(exchange) = self.exchanges.get_mut(name) {
            exchange.unbind(queue, routing_key);
            if exchange.options.auto_delete && exchange.is_unused() {
                self.exchanges.remove(name);
            }
        }
    }
}
