//! A naive broker: everything in plain vectors, searched from the front. Slow, and easy to see that it is right.
//!
//! It does not say whose turn it is among consumers with credit: it watches the effects of the real broker and checks
//! that each was allowed, and that none is missing.

mod exchanges;
mod messages;
mod queues;
mod routes;
mod transactions;

pub use self::exchanges::{PASSING, SPLITTING};

use std::collections::VecDeque;

use self::transactions::{ModelSettlement, ModelTransaction};
use super::*;
use crate::core::broker::QueueKey;

#[derive(Clone)]
struct ModelEntry {
    exchange: String,
    routing_key: Vec<u8>,
    body: Vec<u8>,
    position: u64,
    priority: u8,
    expires_at: Option<Timestamp>,
    count: u32,
    /// Queue, reason and count, the latest first.
    deaths: Vec<(String, DeathReason, u64)>,
}

struct ModelQueue {
    name: String,
    /// Where it stands among the targets of a message.
    key: QueueKey,
    options: QueueOptions,
    owner: Option<ConnectionId>,
    /// The one consumer that is served, if only one is.
    active: Option<u64>,
    ready: Vec<ModelEntry>,
    counts: QueueCounts,
}

struct ModelDeath {
    queue: QueueKey,
    reason: DeathReason,
    entry: ModelEntry,
    was_taken: bool,
}

#[derive(Clone, PartialEq)]
enum ModelTarget {
    Queue(QueueKey),
    Exchange(String),
}

struct ModelConsumer {
    serial: u64,
    channel: ChannelId,
    tag: String,
    queue: QueueKey,
    no_ack: bool,
    exclusive: bool,
    priority: i64,
    prefetch: u16,
}

struct ModelHeld {
    tag: u64,
    queue: QueueKey,
    consumer: Option<u64>,
    entry: ModelEntry,
}

struct ModelChannel {
    id: ChannelId,
    last_tag: u64,
    held: Vec<ModelHeld>,
    prefetch: u16,
    consumer_prefetch: u16,
    transaction: Option<ModelTransaction>,
}

/// Source, target and routing key.
type ModelBinding = (String, ModelTarget, Vec<u8>);

#[derive(Default)]
pub struct Model {
    now: Timestamp,
    channels: Vec<ModelChannel>,
    queues: Vec<ModelQueue>,
    consumers: Vec<ModelConsumer>,
    /// Those that clients declared.
    exchanges: Vec<String>,
    bindings: Vec<ModelBinding>,
    unwritable: Vec<ConnectionId>,
    untidy: Vec<QueueKey>,
    dead: Vec<ModelDeath>,
    serials: u64,
    /// What the real broker did, as far as it is not yet explained.
    effects: VecDeque<Effect>,
}

impl Model {
    /// Carries out a command that the real broker answered like this, with these effects. Panics where it was wrong.
    pub fn handle(
        &mut self,
        broker: &Broker,
        command: Command<'_>,
        answer: &Result<Reply, Refusal>,
        effects: Vec<Effect>,
    ) {
        self.effects = effects.into();
        self.expire_due();
        let expected = match command {
            Command::Get { channel, queue, no_ack } => self.get(channel, queue, no_ack, answer),
            command => self.dispatch(command, broker),
        };
        assert_eq!(*answer, expected);
        self.work_off();
        self.finish();
    }

    /// It is later. Says what the real broker did about it, if it was asked to.
    pub fn pass(&mut self, now: Timestamp, effects: Option<Vec<Effect>>) {
        self.now = now;
        if let Some(effects) = effects {
            self.effects = effects.into();
            self.expire_due();
            self.finish();
        }
    }

    /// What is left of the effects is told message by message.
    fn finish(&mut self) {
        while let Some(effect) = self.effects.front() {
            match effect {
                Effect::Died { queue, .. } => {
                    let key = self.queues.iter().find(|known| known.name == **queue).expect("it died somewhere").key;
                    assert!(self.bury_expired(key), "a death that is not explained");
                    self.work_off();
                }
                _ => {
                    let effect = self.effects.pop_front().expect("there is one");
                    self.check_delivery(effect, None);
                }
            }
        }
        for consumer in &self.consumers {
            let starves = self.has_credit(consumer) && !self.queue(consumer.queue).ready.is_empty();
            assert!(!starves, "{} starves", consumer.tag);
        }
    }

    /// The counts of all queues, by name.
    pub fn counts(&self) -> Vec<(String, QueueCounts)> {
        let counts = |queue: &ModelQueue| {
            let held = self.channels.iter().flat_map(|channel| &channel.held);
            let unacknowledged = held.filter(|held| held.queue == queue.key).count() as u64;
            let consumers = self.consumers.iter().filter(|consumer| consumer.queue == queue.key).count() as u64;
            QueueCounts { ready: queue.ready.len() as u64, unacknowledged, consumers, ..queue.counts }
        };
        let mut all: Vec<_> = self.queues.iter().map(|queue| (queue.name.clone(), counts(queue))).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// The tags that a channel holds.
    pub fn held_tags(&self, channel: ChannelId) -> Vec<u64> {
        let channel = self.channels.iter().find(|known| known.id == channel);
        channel.into_iter().flat_map(|channel| &channel.held).map(|held| held.tag).collect()
    }

    fn dispatch(&mut self, command: Command<'_>, broker: &Broker) -> Result<Reply, Refusal> {
        match command {
            Command::OpenChannel { channel } => self.open(channel),
            Command::CloseChannel { channel } => {
                self.channel(channel)?;
                self.close(vec![channel]);
            }
            Command::CloseConnection { connection } => self.close_connection(connection),
            Command::SetWritable { connection, writable } => {
                self.unwritable.retain(|unwritable| *unwritable != connection);
                self.unwritable.extend((!writable).then_some(connection));
            }
            Command::DeclareExchange { name, passive, .. } => self.declare_exchange(name, passive)?,
            Command::DeleteExchange { name, if_unused } => self.delete_exchange(name, if_unused)?,
            Command::DeclareQueue { connection, name, passive: true, .. } => {
                self.accessible(connection, name)?;
                return Ok(self.declared(name));
            }
            Command::DeclareQueue { connection, name, options, .. } => {
                return self.declare(connection, name, options, broker);
            }
            Command::DeleteQueue { connection, name, if_unused, if_empty } => {
                return self.delete(connection, name, if_unused, if_empty);
            }
            Command::PurgeQueue { connection, name } => {
                let key = self.accessible(connection, name)?;
                let count = self.queue_mut(key).ready.drain(..).count();
                self.queue_mut(key).counts.removed += count as u64;
                return Ok(Reply::Count(count as u32));
            }
            Command::BindQueue { connection, queue, exchange, routing_key, .. } => {
                self.require_exchange(exchange)?;
                let target = ModelTarget::Queue(self.accessible(connection, queue)?);
                self.bind(exchange, target, routing_key);
            }
            Command::BindExchange { destination, source, routing_key, .. } => {
                self.require_exchange(source)?;
                self.require_exchange(destination)?;
                self.bind(source, ModelTarget::Exchange(destination.to_owned()), routing_key);
            }
            Command::UnbindExchange { destination, source, routing_key, .. } => {
                self.unbind(source, &ModelTarget::Exchange(destination.to_owned()), routing_key);
            }
            Command::UnbindQueue { connection, queue, exchange, routing_key, .. } => {
                match self.accessible(connection, queue) {
                    Ok(key) => self.unbind(exchange, &ModelTarget::Queue(key), routing_key),
                    Err(Refusal::NoQueue(_)) => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            Command::Publish { channel, message } => return self.publish(channel, message),
            Command::Consume { channel, queue, consumer_tag, no_ack, exclusive, priority } => {
                self.consume(channel, queue, consumer_tag, (no_ack, exclusive, priority))?;
            }
            Command::Cancel { channel, consumer_tag } => {
                self.channel(channel)?;
                self.remove_consumers(|consumer| consumer.channel == channel && consumer.tag == consumer_tag);
            }
            Command::SetPrefetch { channel, count, global: true } => self.channel(channel)?.prefetch = count,
            Command::SetPrefetch { channel, count, global: false } => self.channel(channel)?.consumer_prefetch = count,
            Command::Acknowledge { channel, delivery_tag, multiple } => {
                self.settle(channel, delivery_tag, multiple, ModelSettlement::Acknowledge)?;
            }
            Command::Reject { channel, delivery_tag, multiple, requeue } => {
                let settlement = if requeue { ModelSettlement::Requeue } else { ModelSettlement::Discard };
                self.settle(channel, delivery_tag, multiple, settlement)?;
            }
            // Not part of a transaction.
            Command::Recover { channel } => {
                for tag in self.meant(channel, 0, true)? {
                    self.settle_now(channel, tag, ModelSettlement::Requeue);
                }
            }
            Command::SelectTransactions { channel } => self.select_transactions(channel)?,
            Command::Commit { channel } => return self.commit(channel),
            Command::Rollback { channel } => drop(self.take_transaction(channel)?),
            other => panic!("not asked for here: {other:?}"),
        }
        Ok(Reply::Done)
    }

    fn channel(&mut self, id: ChannelId) -> Result<&mut ModelChannel, Refusal> {
        self.channels.iter_mut().find(|channel| channel.id == id).ok_or(Refusal::NoChannel(id))
    }

    fn find(&mut self, key: QueueKey) -> Option<&mut ModelQueue> {
        self.queues.iter_mut().find(|queue| queue.key == key)
    }

    fn queue(&self, key: QueueKey) -> &ModelQueue {
        self.queues.iter().find(|queue| queue.key == key).expect("a queue that is used exists")
    }

    fn queue_mut(&mut self, key: QueueKey) -> &mut ModelQueue {
        self.find(key).expect("a queue that is used exists")
    }

    /// The deliveries that a tag stands for: those that are held, and not settled in a transaction.
    fn meant(&mut self, id: ChannelId, tag: u64, multiple: bool) -> Result<Vec<u64>, Refusal> {
        let channel = self.channel(id)?;
        let is_meant = |held: u64| match (tag, multiple) {
            (0, true) => true,
            (_, true) => held <= tag && tag <= channel.last_tag,
            (_, false) => held == tag,
        };
        let held = channel.held.iter().map(|held| held.tag);
        let meant: Vec<u64> = held.filter(|held| is_meant(*held) && !channel.is_settled(*held)).collect();
        let is_unknown = meant.is_empty() && !(multiple && tag == 0);
        if is_unknown { Err(Refusal::UnknownDeliveryTag(tag)) } else { Ok(meant) }
    }

    fn accessible(&self, connection: ConnectionId, name: &str) -> Result<QueueKey, Refusal> {
        let queue = self.queues.iter().find(|queue| queue.name == name).ok_or(Refusal::NoQueue(name.into()))?;
        let locked = queue.owner.is_some_and(|owner| owner != connection);
        if locked { Err(Refusal::Locked(name.into())) } else { Ok(queue.key) }
    }
}
