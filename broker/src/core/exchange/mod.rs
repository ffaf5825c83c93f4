//! Exchanges: what one is made of, its names and its life. How a message finds its way through them is
//! [`route`]'s business, what ties them to queues and to each other [`binding`](super::binding)'s.

mod headers;
mod route;
mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use slotmap::{SlotMap, new_key_type};

use self::headers::HeaderBindings;
use self::topic::TopicBindings;
use super::binding::{Bindings, Pattern, Target, Targets};
use super::broker::{Broker, QueueKey};
use super::command::{ExchangeKind, ExchangeOptions, Refusal, Reply};
use super::envelope::Envelope;
use super::equivalence::check_exchange;
use super::limits::exchange_bytes;

pub(super) use self::headers::check_match;

/// Names that only the broker gives (AMQP 0-9-1, 3.1.3).
pub(super) const RESERVED_PREFIX: &str = "amq.";

new_key_type! {
    /// An exchange; outlives it, and is never given to another.
    pub(super) struct ExchangeKey;
}

/// All exchanges, by name and by key.
#[derive(Debug)]
pub(super) struct Exchanges {
    keys: BTreeMap<Arc<str>, ExchangeKey>,
    all: SlotMap<ExchangeKey, Exchange>,
    /// How often something has changed about where messages go.
    version: u64,
}

/// An exchange: its options, and its bindings by what routing asks for.
#[derive(Debug)]
pub(super) struct Exchange {
    pub name: Arc<str>,
    pub options: ExchangeOptions,
    routes: Routes,
    /// The bindings in which it is the target.
    pub bindings: Bindings,
}

#[derive(Debug)]
enum Routes {
    /// Every queue by its name: the default exchange.
    Names,
    /// What is bound with a key.
    Direct(BTreeMap<Arc<[u8]>, Targets>),
    /// Everything bound.
    Fanout(Targets),
    /// What is bound with a pattern of words.
    Topic(TopicBindings),
    /// What is bound with a pattern of headers.
    Headers(HeaderBindings),
}

impl Exchange {
    fn new(name: &str, options: ExchangeOptions) -> Self {
        let routes = match options.kind {
            ExchangeKind::Direct => Routes::Direct(BTreeMap::new()),
            ExchangeKind::Fanout => Routes::Fanout(Targets::default()),
            ExchangeKind::Topic => Routes::Topic(TopicBindings::default()),
            ExchangeKind::Headers => Routes::Headers(HeaderBindings::default()),
        };
        Exchange { name: name.into(), options, routes, bindings: Bindings::new() }
    }

    /// Tells `found` where a message goes from here. What several of its keys or bindings match is told several times.
    fn route(&self, names: &BTreeMap<Arc<str>, QueueKey>, envelope: &Envelope<'_>, mut found: impl FnMut(Target)) {
        match &self.routes {
            Routes::Names => {
                let queue = |key| str::from_utf8(key).ok().and_then(|name| names.get(name));
                envelope.routing_keys().filter_map(queue).for_each(|queue| found(Target::Queue(*queue)));
            }
            Routes::Direct(bindings) => {
                envelope.routing_keys().filter_map(|key| bindings.get(key)).flat_map(Targets::iter).for_each(found);
            }
            Routes::Fanout(targets) => targets.iter().for_each(found),
            Routes::Topic(bindings) => envelope.routing_keys().for_each(|key| bindings.route(key, &mut found)),
            Routes::Headers(bindings) => bindings.route(envelope.headers, found),
        }
    }

    /// What is bound, each once.
    pub fn targets(&self) -> BTreeSet<Target> {
        match &self.routes {
            Routes::Names => BTreeSet::new(),
            Routes::Direct(bindings) => bindings.values().flat_map(Targets::iter).collect(),
            Routes::Fanout(targets) => targets.iter().collect(),
            Routes::Topic(bindings) => bindings.targets().collect(),
            Routes::Headers(bindings) => bindings.targets().collect(),
        }
    }

    /// Whether nothing is bound.
    pub fn is_unused(&self) -> bool {
        match &self.routes {
            Routes::Names => false,
            Routes::Direct(bindings) => bindings.is_empty(),
            Routes::Fanout(targets) => targets.is_empty(),
            Routes::Topic(bindings) => bindings.is_empty(),
            Routes::Headers(bindings) => bindings.is_empty(),
        }
    }

    /// Whether it has to go, now that a binding went.
    pub fn is_abandoned(&self) -> bool {
        self.options.auto_delete && self.is_unused()
    }

    /// Adds a binding that is not there.
    pub fn bind(&mut self, target: Target, pattern: &Pattern) {
        match &mut self.routes {
            Routes::Names => {}
            Routes::Direct(bindings) => bindings.entry(Arc::clone(&pattern.routing_key)).or_default().insert(target),
            Routes::Fanout(targets) => targets.insert(target),
            Routes::Topic(bindings) => bindings.bind(target, &pattern.routing_key),
            Routes::Headers(bindings) => bindings.bind(target, pattern),
        }
    }

    /// Removes a binding that is there.
    pub fn unbind(&mut self, target: Target, pattern: &Pattern) {
        match &mut self.routes {
            Routes::Names => {}
            Routes::Direct(bindings) => {
                if let Some(targets) = bindings.get_mut(&pattern.routing_key) {
                    targets.remove(target);
                    if targets.is_empty() {
                        bindings.remove(&pattern.routing_key);
                    }
                }
            }
            Routes::Fanout(targets) => targets.remove(target),
            Routes::Topic(bindings) => bindings.unbind(target, &pattern.routing_key),
            Routes::Headers(bindings) => bindings.unbind(target, pattern),
        }
    }
}

impl Exchanges {
    /// The exchanges that every broker has, the default one under the empty name.
    pub fn predeclared() -> Exchanges {
        let mut exchanges = Exchanges { keys: BTreeMap::new(), all: SlotMap::with_key(), version: 0 };
        for (name, kind) in [
            ("amq.direct", ExchangeKind::Direct),
            ("amq.fanout", ExchangeKind::Fanout),
            ("amq.topic", ExchangeKind::Topic),
            ("amq.headers", ExchangeKind::Headers),
            ("amq.match", ExchangeKind::Headers),
        ] {
            let options = ExchangeOptions { kind, durable: true, ..ExchangeOptions::default() };
            exchanges.insert(Exchange::new(name, options));
        }
        let options = ExchangeOptions { durable: true, ..ExchangeOptions::default() };
        exchanges.insert(Exchange { routes: Routes::Names, ..Exchange::new("", options) });
        exchanges
    }

    /// The key of the exchange with this name.
    pub fn find(&self, name: &str) -> Option<ExchangeKey> {
        self.keys.get(name).copied()
    }

    /// The exchange with this key, if it still exists.
    pub fn get(&self, key: ExchangeKey) -> Option<&Exchange> {
        self.all.get(key)
    }

    /// The exchange with this key, if it still exists, to change its bindings.
    pub fn get_mut(&mut self, key: ExchangeKey) -> Option<&mut Exchange> {
        self.note_change();
        self.all.get_mut(key)
    }

    /// Another one than before says that messages may go elsewhere.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A binding or a queue has come or gone, or an exchange has gone. A new one leads nowhere yet.
    pub fn note_change(&mut self) {
        self.version += 1;
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (ExchangeKey, &Exchange)> {
        self.all.iter()
    }

    fn insert(&mut self, exchange: Exchange) {
        let name = Arc::clone(&exchange.name);
        self.keys.insert(name, self.all.insert(exchange));
    }

    /// Takes an exchange out. Its bindings are the caller's to undo.
    pub fn remove(&mut self, key: ExchangeKey) -> Option<Exchange> {
        self.note_change();
        let exchange = self.all.remove(key)?;
        self.keys.remove(&exchange.name);
        Some(exchange)
    }
}

/// Says that the default exchange is not to be used like this.
pub(super) fn protected_exchange() -> Refusal {
    Refusal::Protected("the default exchange".into())
}

impl Broker {
    /// The exchange that a client names; not the default one, which is nobody's to change.
    pub(super) fn named_exchange(&self, name: &str) -> Result<ExchangeKey, Refusal> {
        if name.is_empty() {
            return Err(protected_exchange());
        }
        self.exchanges.find(name).ok_or_else(|| Refusal::NoExchange(name.into()))
    }

    pub(super) fn declare_exchange(
        &mut self,
        name: &str,
        passive: bool,
        options: ExchangeOptions,
    ) -> Result<Reply, Refusal> {
        match self.named_exchange(name) {
            Ok(_) if passive => {}
            Ok(key) => check_exchange(name, &options, &self.exchanges.all[key].options)?,
            Err(Refusal::NoExchange(_)) if !passive && name.starts_with(RESERVED_PREFIX) => {
                return Err(Refusal::Reserved { entity: "exchange", name: name.into() });
            }
            Err(Refusal::NoExchange(_)) if !passive => {
                self.admit_exchange(name, &options)?;
                self.definitions.add_bytes(exchange_bytes(name, &options));
                self.exchanges.insert(Exchange::new(name, options));
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(Reply::Done)
    }

    /// Deleting what does not exist is no error, as in RabbitMQ.
    pub(super) fn delete_exchange(&mut self, name: &str, if_unused: bool) -> Result<Reply, Refusal> {
        let key = match self.named_exchange(name) {
            Err(Refusal::NoExchange(_)) => return Ok(Reply::Done),
            found => found?,
        };
        if name.starts_with(RESERVED_PREFIX) {
            return Err(Refusal::SystemExchange(name.into()));
        }
        if if_unused && !self.exchanges.all[key].is_unused() {
            return Err(Refusal::InUse { entity: "exchange", name: name.into() });
        }
        self.remove_exchange(key);
        Ok(Reply::Done)
    }

    /// Ends an exchange and its bindings, and with them the exchanges that go with their last binding.
    pub(super) fn remove_exchange(&mut self, key: ExchangeKey) {
        let mut going = vec![key];
        while let Some(key) = going.pop() {
            let Some(exchange) = self.exchanges.remove(key) else { continue };
            self.definitions.remove_bytes(exchange_bytes(&exchange.name, &exchange.options));
            for target in exchange.targets() {
                let patterns = self.bindings_of(target).and_then(|bindings| bindings.remove(&key));
                self.definitions.remove_bindings(patterns.iter().flatten());
            }
            going.extend(self.remove_routes(Target::Exchange(key), exchange.bindings));
        }
    }
}
