//! How much a broker may hold beside messages, so that nobody can ask for so many queues or bindings that the memory
//! for them ends. What is beyond a limit is refused; what is there stays.

use super::binding::{Bindings, Pattern};
use super::broker::Broker;
use super::command::{ExchangeOptions, QueueOptions, Refusal};

/// The most that one broker (one virtual host) may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Queues.
    pub queues: usize,
    /// Exchanges, the predeclared ones included.
    pub exchanges: usize,
    /// Bindings, those of the default exchange not counted.
    pub bindings: usize,
    /// Consumers.
    pub consumers: usize,
    /// Open channels.
    pub channels: usize,
    /// Bytes of names, keys and arguments of queues, exchanges and bindings together.
    pub definition_bytes: usize,
}

impl Default for Limits {
    /// At these limits, all of them together take a few hundred megabytes.
    fn default() -> Self {
        Limits {
            queues: 100_000,
            exchanges: 20_000,
            bindings: 400_000,
            consumers: 100_000,
            channels: 200_000,
            definition_bytes: 64 * 1024 * 1024,
        }
    }
}

/// What counts towards the limits and is not counted elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Definitions {
    bindings: usize,
    bytes: usize,
}

impl Definitions {
    pub fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub fn remove_bytes(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    pub fn add_binding(&mut self, pattern: &Pattern) {
        self.bindings += 1;
        self.bytes += pattern.bytes();
    }

    pub fn remove_bindings<'a>(&mut self, patterns: impl IntoIterator<Item = &'a Pattern>) {
        for pattern in patterns {
            self.bindings -= 1;
            self.bytes -= pattern.bytes();
        }
    }
}

/// Bytes of a queue's definition.
pub(super) fn queue_bytes(name: &str, QueueOptions { policy, arguments, .. }: &QueueOptions) -> usize {
    let exchange = policy.dead_letter_exchange.as_ref().map_or(0, String::len);
    let routing_key = policy.dead_letter_routing_key.as_ref().map_or(0, Vec::len);
    name.len() + arguments.len() + exchange + routing_key
}

/// Bytes of an exchange's definition.
pub(super) fn exchange_bytes(name: &str, options: &ExchangeOptions) -> usize {
    name.len() + options.alternate_exchange.as_ref().map_or(0, String::len)
}

impl Broker {
    /// Whether one more queue may be declared.
    pub(super) fn admit_queue(&self, name: &str, options: &QueueOptions) -> Result<(), Refusal> {
        admit("declare queue", name, "queue", (self.queues.len(), self.limits.queues))?;
        self.admit_bytes("declare queue", name, queue_bytes(name, options))
    }

    /// Whether one more exchange may be declared.
    pub(super) fn admit_exchange(&self, name: &str, options: &ExchangeOptions) -> Result<(), Refusal> {
        admit("declare exchange", name, "exchange", (self.exchanges.count(), self.limits.exchanges))?;
        self.admit_bytes("declare exchange", name, exchange_bytes(name, options))
    }

    /// Whether one more binding may lead away from the exchange of this name.
    pub(super) fn admit_binding(&self, source: &str, pattern: &Pattern) -> Result<(), Refusal> {
        admit("bind to exchange", source, "binding", (self.definitions.bindings, self.limits.bindings))?;
        self.admit_bytes("bind to exchange", source, pattern.bytes())
    }

    /// Whether one more consumer may be started.
    pub(super) fn admit_consumer(&self, queue: &str) -> Result<(), Refusal> {
        admit("consume from queue", queue, "consumer", (self.consumers.len(), self.limits.consumers))
    }

    /// Whether one more channel may be opened.
    pub(super) fn admit_channel(&self) -> Result<(), Refusal> {
        admit("open", "channel", "channel", (self.channels.len(), self.limits.channels))
    }

    fn admit_bytes(&self, action: &'static str, name: &str, bytes: usize) -> Result<(), Refusal> {
        let beyond = self.definitions.bytes.saturating_add(bytes).saturating_sub(1);
        admit(action, name, "definition size", (beyond, self.limits.definition_bytes))
    }

    /// What counts towards the limits, counted again; for the audit.
    pub(super) fn count_definitions(&self) -> Definitions {
        let mut counted = Definitions::default();
        let mut add = |bytes: usize, bindings: &Bindings| {
            counted.add_bytes(bytes);
            bindings.values().flatten().for_each(|pattern| counted.add_binding(pattern));
        };
        for queue in self.queues.values() {
            add(queue_bytes(&queue.name, &queue.options), &queue.bindings);
        }
        for (_, exchange) in self.exchanges.iter() {
            add(exchange_bytes(&exchange.name, &exchange.options), &exchange.bindings);
        }
        counted
    }
}

fn admit(action: &'static str, name: &str, what: &'static str, (count, limit): (usize, usize)) -> Result<(), Refusal> {
    if count < limit { Ok(()) } else { Err(Refusal::LimitReached { action, name: name.into(), what, limit }) }
}
