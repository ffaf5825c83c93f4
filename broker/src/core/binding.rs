//! Bindings: what ties a queue or an exchange to an exchange.
//!
//! A binding is known at both ends. The target's end is the truth, since a binding is the same as another one only if
//! source, target, routing key and arguments are; the source's end is the index that routing reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::broker::{Broker, QueueKey};
use super::command::{ConnectionId, ExchangeKind, Refusal, Reply};
use super::exchange::{ExchangeKey, check_match};
use crate::amqp::codec::Table;

/// Where a binding leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Queue(QueueKey),
    Exchange(ExchangeKey),
}

/// What a target is bound with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    pub routing_key: Arc<[u8]>,
    /// A field table in the order of its names.
    arguments: Arc<[u8]>,
}

/// The bindings of one target, by source.
pub(super) type Bindings = BTreeMap<ExchangeKey, BTreeSet<Pattern>>;

/// Targets, each with how many bindings lead to it.
#[derive(Debug, Default)]
pub(super) struct Targets {
    counts: BTreeMap<Target, usize>,
}

impl Pattern {
    fn new(routing_key: &[u8], arguments: Table<'_>) -> Self {
        Pattern { routing_key: routing_key.into(), arguments: arguments.sorted().into() }
    }

    /// How many bytes it is made of.
    pub fn bytes(&self) -> usize {
        self.routing_key.len() + self.arguments.len()
    }

    /// The arguments, by name.
    pub fn arguments(&self) -> Table<'_> {
        Table::from_valid(&self.arguments)
    }
}

impl Targets {
    /// One more binding leads to `target`.
    pub fn insert(&mut self, target: Target) {
        *self.counts.entry(target).or_default() += 1;
    }

    /// One binding less leads to `target`.
    pub fn remove(&mut self, target: Target) {
        if let Some(count) = self.counts.get_mut(&target) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&target);
            }
        }
    }

    /// Each target once.
    pub fn iter(&self) -> impl Iterator<Item = Target> {
        self.counts.keys().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl Broker {
    /// The bindings of a target, if it exists.
    pub(super) fn bindings_of(&mut self, target: Target) -> Option<&mut Bindings> {
        match target {
            Target::Queue(key) => self.queues.get_mut(key).map(|queue| &mut queue.bindings),
            Target::Exchange(key) => self.exchanges.get_mut(key).map(|exchange| &mut exchange.bindings),
        }
    }

    pub(super) fn bind_queue(
        &mut self,
        connection: ConnectionId,
        queue: &str,
        exchange: &str,
        routing_key: &[u8],
        arguments: Table<'_>,
    ) -> Result<Reply, Refusal> {
        let source = self.named_exchange(exchange)?;
        let target = Target::Queue(self.accessible_queue(connection, queue)?);
        self.bind(source, target, routing_key, arguments)
    }

    pub(super) fn bind_exchange(
        &mut self,
        destination: &str,
        source: &str,
        routing_key: &[u8],
        arguments: Table<'_>,
    ) -> Result<Reply, Refusal> {
        let source = self.named_exchange(source)?;
        let target = Target::Exchange(self.named_exchange(destination)?);
        self.bind(source, target, routing_key, arguments)
    }

    fn bind(
        &mut self,
        source: ExchangeKey,
        target: Target,
        routing_key: &[u8],
        arguments: Table<'_>,
    ) -> Result<Reply, Refusal> {
        let kind = self.exchanges.get(source).map(|exchange| exchange.options.kind);
        if kind == Some(ExchangeKind::Headers) {
            check_match(arguments)?;
        }
        let pattern = Pattern::new(routing_key, arguments);
        let bindings = self.bindings_of(target).expect("the target was just found");
        if bindings.get(&source).is_some_and(|patterns| patterns.contains(&pattern)) {
            return Ok(Reply::Done);
        }
        let name = self.exchanges.get(source).map(|exchange| Arc::clone(&exchange.name)).unwrap_or_default();
        self.admit_binding(&name, &pattern)?;
        self.definitions.add_binding(&pattern);
        if let Some(exchange) = self.exchanges.get_mut(source) {
            exchange.bind(target, &pattern);
        }
        if let Some(bindings) = self.bindings_of(target) {
            bindings.entry(source).or_default().insert(pattern);
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
        arguments: Table<'_>,
    ) -> Result<Reply, Refusal> {
        let source = self.named_exchange(exchange);
        let target = self.accessible_queue(connection, queue).map(Target::Queue);
        self.unbind(source, target, &Pattern::new(routing_key, arguments))
    }

    /// As for queues, removing what does not exist is no error.
    pub(super) fn unbind_exchange(
        &mut self,
        destination: &str,
        source: &str,
        routing_key: &[u8],
        arguments: Table<'_>,
    ) -> Result<Reply, Refusal> {
        let source = self.named_exchange(source);
        let target = self.named_exchange(destination).map(Target::Exchange);
        self.unbind(source, target, &Pattern::new(routing_key, arguments))
    }

    fn unbind(
        &mut self,
        source: Result<ExchangeKey, Refusal>,
        target: Result<Target, Refusal>,
        pattern: &Pattern,
    ) -> Result<Reply, Refusal> {
        let (source, target) = match (source, target) {
            (Err(refusal), _) | (_, Err(refusal)) if !is_missing(&refusal) => return Err(refusal),
            (Ok(source), Ok(target)) => (source, target),
            _ => return Ok(Reply::Done),
        };
        if let Some(bindings) = self.bindings_of(target)
            && let Some(patterns) = bindings.get_mut(&source)
            && patterns.remove(pattern)
        {
            if patterns.is_empty() {
                bindings.remove(&source);
            }
            let removed = Bindings::from([(source, BTreeSet::from([pattern.clone()]))]);
            self.remove_routes(target, removed).into_iter().for_each(|source| self.remove_exchange(source));
        }
        Ok(Reply::Done)
    }

    /// Removes the sources' ends of bindings. Returns the sources that have to go with their last binding.
    pub(super) fn remove_routes(&mut self, target: Target, bindings: Bindings) -> Vec<ExchangeKey> {
        let mut abandoned = Vec::new();
        for (source, patterns) in bindings {
            self.definitions.remove_bindings(&patterns);
            let Some(exchange) = self.exchanges.get_mut(source) else { continue };
            patterns.iter().for_each(|pattern| exchange.unbind(target, pattern));
            if exchange.is_abandoned() {
                abandoned.push(source);
            }
        }
        abandoned
    }
}

fn is_missing(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NoQueue(_) | Refusal::NoExchange(_))
}
