//! Everything that a broker holds, as owned data: what an operator is shown. It costs O(entities), not O(messages).

use std::sync::Arc;

use super::binding::Bindings;
use super::broker::Broker;
use super::channel::Channel;
use super::command::{ChannelId, ConnectionId, ExchangeOptions, QueueOptions};
use super::consumer::{Consumer, Place};
use super::exchange::Exchange;
use super::inspect::QueueCounts;
use super::queue::Queue;
use super::totals::Totals;
use crate::amqp::codec::Table;

/// A broker at one instant, between two commands. Lists are in the order of names and numbers; consumers are in
/// none.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are named after what they list")]
pub struct Snapshot {
    pub totals: Totals,
    pub channels: Vec<ChannelSnapshot>,
    pub queues: Vec<QueueSnapshot>,
    pub consumers: Vec<ConsumerSnapshot>,
    /// The predeclared ones, too; the default exchange has the empty name.
    pub exchanges: Vec<ExchangeSnapshot>,
    /// Without those of the default exchange, which every queue has.
    pub bindings: Vec<BindingSnapshot>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: Arc<str>,
    /// What it was declared with. [`queue_arguments`](crate::amqp::queue_arguments) writes the arguments of its policy.
    pub options: QueueOptions,
    /// Who has it to itself, if it is exclusive.
    pub owner: Option<ConnectionId>,
    /// Its messages by where they are, and its consumers.
    pub counts: QueueCounts,
    /// Deliveries to consumers and gets.
    pub delivered: u64,
    /// Those of them that were not the message's first.
    pub redelivered: u64,
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSnapshot {
    /// Its name.
    pub name: Arc<str>,
    /// What it was declared with.
    pub options: ExchangeOptions,
}

/// A binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingSnapshot {
    /// The exchange that messages come from.
    pub source: Arc<str>,
    /// The queue or exchange that they go to.
    pub destination: Arc<str>,
    /// Whether the destination is a queue.
    pub is_to_queue: bool,
    /// With what it is bound.
    pub routing_key: Arc<[u8]>,
    /// A field table, in the order of its names.
    arguments: Arc<[u8]>,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerSnapshot {
    /// Its tag, unique on its channel.
    pub tag: Arc<str>,
    /// Its channel.
    pub channel: ChannelId,
    /// Its queue's name.
    pub queue: Arc<str>,
    /// Whether its deliveries need no acknowledgement.
    pub no_ack: bool,
    /// Whether it is the only one that its queue may have.
    pub exclusive: bool,
    /// It is served before those of a lower priority.
    pub priority: i64,
    /// Whether it is served at all: its queue may serve one consumer at a time, and this is not the one.
    pub is_active: bool,
    /// The most deliveries that it may hold; 0 is no limit.
    pub prefetch: u16,
    /// How many it holds.
    pub unacknowledged: u64,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSnapshot {
    /// Its connection and its number on it.
    pub id: ChannelId,
    /// How many consumers it has.
    pub consumers: u64,
    /// How many deliveries it holds, those taken with `get` included.
    pub unacknowledged: u64,
    /// The most that its consumers may hold together; 0 is no limit.
    pub global_prefetch: u16,
    /// What each consumer started from now on may hold; 0 is no limit.
    pub prefetch: u16,
}

impl BindingSnapshot {
    /// The arguments that it was bound with, in the order of their names.
    pub fn arguments(&self) -> Table<'_> {
        Table::from_valid(&self.arguments)
    }
}

impl Broker {
    /// Everything that it holds.
    pub fn snapshot(&self) -> Snapshot {
        let mut exchanges: Vec<_> = self.exchanges.iter().map(|(_, exchange)| exchange).collect();
        exchanges.sort_by(|left, right| left.name.cmp(&right.name));
        let queues = || self.queue_keys.values().map(|key| &self.queues[*key]);
        let mut bindings = Vec::new();
        for queue in queues() {
            self.list_bindings(&queue.name, true, &queue.bindings, &mut bindings);
        }
        for exchange in &exchanges {
            self.list_bindings(&exchange.name, false, &exchange.bindings, &mut bindings);
        }
        Snapshot {
            totals: self.totals,
            channels: self.channel_keys.values().map(|key| self.channels[*key].snapshot()).collect(),
            queues: queues().map(Queue::snapshot).collect(),
            consumers: self.consumers.values().map(|consumer| self.consumer_snapshot(consumer)).collect(),
            exchanges: exchanges.into_iter().map(Exchange::snapshot).collect(),
            bindings,
        }
    }

    /// How many channels a connection has open.
    pub fn channel_count(&self, connection: ConnectionId) -> usize {
        let channel = |number| ChannelId { connection, number };
        self.channel_keys.range(channel(0)..=channel(u16::MAX)).count()
    }

    fn consumer_snapshot(&self, consumer: &Consumer) -> ConsumerSnapshot {
        let queue = &self.queues[consumer.queue];
        ConsumerSnapshot {
            tag: Arc::clone(&consumer.tag),
            channel: self.channels[consumer.channel].id,
            queue: Arc::clone(&queue.name),
            no_ack: consumer.no_ack,
            exclusive: queue.has_exclusive_consumer,
            priority: consumer.priority,
            is_active: !matches!(consumer.place, Place::Standby(_)),
            prefetch: consumer.prefetch,
            unacknowledged: consumer.held,
        }
    }

    fn list_bindings(
        &self,
        destination: &Arc<str>,
        is_to_queue: bool,
        bindings: &Bindings,
        list: &mut Vec<BindingSnapshot>,
    ) {
        for (source, patterns) in bindings {
            let Some(source) = self.exchanges.get(*source) else { continue };
            list.extend(patterns.iter().map(|pattern| BindingSnapshot {
                source: Arc::clone(&source.name),
                destination: Arc::clone(destination),
                is_to_queue,
                routing_key: Arc::clone(&pattern.routing_key),
                arguments: pattern.arguments().as_bytes().into(),
            }));
        }
    }
}

impl Queue {
    fn snapshot(&self) -> QueueSnapshot {
        QueueSnapshot {
            name: Arc::clone(&self.name),
            options: self.options.clone(),
            owner: self.owner,
            counts: self.counts(),
            delivered: self.tally.delivered,
            redelivered: self.tally.redelivered,
        }
    }
}

impl Exchange {
    fn snapshot(&self) -> ExchangeSnapshot {
        ExchangeSnapshot { name: Arc::clone(&self.name), options: self.options.clone() }
    }
}

impl Channel {
    fn snapshot(&self) -> ChannelSnapshot {
        ChannelSnapshot {
            id: self.id,
            consumers: self.consumers.len() as u64,
            unacknowledged: self.unacknowledged.length() as u64,
            global_prefetch: self.prefetch,
            prefetch: self.consumer_prefetch,
        }
    }
}
