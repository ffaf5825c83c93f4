//! Queues: what one is made of, its names and its life. Not how messages come in ([`publish`](super::publish)) or go
//! out ([`delivery`](super::delivery), [`settle`](super::settle)).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::binding::{Bindings, Target};
use super::broker::{Broker, ConsumerKey, QueueKey};
use super::command::{ConnectionId, Overflow, QueueOptions, Refusal, Reply};
use super::consumer::SingleActive;
use super::effect::Effect;
use super::equivalence::check_queue;
use super::exchange::RESERVED_PREFIX;
use super::limits::queue_bytes;
use super::message::Message;
use super::ready::Ready;
use super::replies::is_reply_name;
use super::rotation::Rotation;
use crate::time::Timestamp;

/// How the names of queues begin that the broker has made up.
const GENERATED_PREFIX: &str = "amq.gen-";

/// A queue with its messages.
#[derive(Debug)]
pub(super) struct Queue {
    pub name: Arc<str>,
    pub options: QueueOptions,
    /// Who has it to itself, if it is exclusive.
    pub owner: Option<ConnectionId>,
    pub ready: Ready,
    /// Messages that channels hold.
    pub unacknowledged: u64,
    pub tally: Tally,
    pub consumers: BTreeSet<ConsumerKey>,
    /// Its only consumer wants to stay the only one.
    pub has_exclusive_consumer: bool,
    /// The consumers that may have credit, whose turn it is first.
    pub rotation: Rotation,
    /// Whether the broker has it on its list of queues with something to push.
    pub due: bool,
    /// The bindings in which it is the target.
    pub bindings: Bindings,
    /// Who is served, if only one consumer is at a time.
    pub single_active: Option<Box<SingleActive>>,
    /// Whether time may change something about it.
    pub is_timed: bool,
    /// When it was used the last time, as far as its life depends on that.
    pub used_at: Timestamp,
    /// The time at which the broker will look at it.
    pub timer: Option<Timestamp>,
}

/// How many messages went through a queue, by how they ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub taken: u64,
    pub acknowledged: u64,
    pub dead_lettered: u64,
    pub removed: u64,
    pub delivered: u64,
    pub redelivered: u64,
}

impl Queue {
    fn new(name: Arc<str>, options: QueueOptions, owner: Option<ConnectionId>, now: Timestamp) -> Self {
        let policy = &options.policy;
        Queue {
            name,
            owner,
            ready: Ready::new(policy.max_priority.is_some(), policy.max_length_bytes.is_some()),
            single_active: policy.single_active_consumer.then(Box::default),
            is_timed: policy.message_ttl.is_some() || policy.expires.is_some(),
            used_at: now,
            timer: None,
            options,
            unacknowledged: 0,
            tally: Tally::default(),
            consumers: BTreeSet::new(),
            has_exclusive_consumer: false,
            rotation: Rotation::default(),
            due: false,
            bindings: Bindings::new(),
        }
    }

    /// Whether it shows when exactly its messages come and go: they have priorities or limited times, or it is limited.
    pub fn heeds_moments(&self) -> bool {
        let policy = &self.options.policy;
        let is_limited = policy.max_length.is_some() || policy.max_length_bytes.is_some();
        self.is_timed || is_limited || policy.max_priority.is_some()
    }

    /// Whether it has messages, and consumers that may have credit.
    pub fn may_push(&self) -> bool {
        !self.ready.is_empty() && !self.rotation.is_empty()
    }

    /// Whether this message would exceed its length, and it does not make room.
    pub fn refuses(&self, message: &Message) -> bool {
        let bytes = || message.body().len() as u64;
        self.options.policy.overflow != Overflow::DropHead && self.exceeds_length(1, bytes)
    }

    /// Whether it has to drop from its head.
    pub fn is_overfull(&self) -> bool {
        self.options.policy.overflow == Overflow::DropHead && self.exceeds_length(0, || 0)
    }

    /// Whether it would be too long with so many messages and bytes more.
    fn exceeds_length(&self, messages: u64, bytes: impl Fn() -> u64) -> bool {
        let policy = &self.options.policy;
        policy.max_length.is_some_and(|limit| self.ready.length() as u64 + messages > limit)
            || policy.max_length_bytes.is_some_and(|limit| self.ready.body_bytes() + bytes() > limit)
    }

    fn declared(&self) -> Reply {
        let consumers = saturated(self.consumers.len());
        Reply::QueueDeclared { name: self.name.as_ref().into(), messages: saturated(self.ready.length()), consumers }
    }
}

/// A count as AMQP can say it.
pub(super) fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Broker {
    /// The queue of this name, if there is one and this connection may use it.
    pub(super) fn accessible_queue(&self, connection: ConnectionId, name: &str) -> Result<QueueKey, Refusal> {
        let known = self.queue_keys.get(name).filter(|_| !is_reply_name(name));
        let key = *known.ok_or_else(|| Refusal::NoQueue(name.into()))?;
        match self.queues[key].owner {
            Some(owner) if owner != connection => Err(Refusal::Locked(name.into())),
            _ => Ok(key),
        }
    }

    pub(super) fn declare_queue(
        &mut self,
        connection: ConnectionId,
        name: &str,
        passive: bool,
        options: QueueOptions,
    ) -> Result<Reply, Refusal> {
        if is_reply_name(name) {
            return self.declare_reply_queue(name);
        }
        match self.accessible_queue(connection, name) {
            Ok(key) => {
                let queue = &self.queues[key];
                if !passive && options.exclusive != queue.options.exclusive {
                    return Err(Refusal::Locked(name.into()));
                }
                if !passive {
                    check_queue(name, &options, &queue.options)?;
                }
                self.note_use(key);
                Ok(self.queues[key].declared())
            }
            Err(Refusal::NoQueue(_)) if !passive => self.create_queue(connection, name, options),
            Err(refusal) => Err(refusal),
        }
    }

    fn create_queue(&mut self, connection: ConnectionId, name: &str, options: QueueOptions) -> Result<Reply, Refusal> {
        if name.starts_with(RESERVED_PREFIX) {
            return Err(Refusal::Reserved { entity: "queue", name: name.into() });
        }
        self.admit_queue(name, &options)?;
        // No client can take a name like the made up ones, so it is free.
        let name = if name.is_empty() { self.names.next(GENERATED_PREFIX).into() } else { name.into() };
        let key = self.insert_queue(connection, name, options);
        Ok(self.queues[key].declared())
    }

    /// Creates a queue whose name is free.
    pub(super) fn insert_queue(&mut self, connection: ConnectionId, name: Arc<str>, options: QueueOptions) -> QueueKey {
        let owner = options.exclusive.then_some(connection);
        self.definitions.add_bytes(queue_bytes(&name, &options));
        let key = self.queues.insert(Queue::new(Arc::clone(&name), options, owner, self.now));
        self.queue_keys.insert(name, key);
        self.exchanges.note_change();
        self.totals.queues_created += 1;
        if let Some(owner) = owner {
            self.connections.entry(owner).or_default().exclusive_queues.insert(key);
        }
        self.set_timer(key);
        key
    }

    /// Deleting what does not exist is no error, as in RabbitMQ.
    pub(super) fn delete_queue(
        &mut self,
        connection: ConnectionId,
        name: &str,
        if_unused: bool,
        if_empty: bool,
    ) -> Result<Reply, Refusal> {
        let key = match self.accessible_queue(connection, name) {
            Err(Refusal::NoQueue(_)) => return Ok(Reply::Count(0)),
            found => found?,
        };
        let queue = &self.queues[key];
        if if_empty && !queue.ready.is_empty() {
            return Err(Refusal::NotEmpty(name.into()));
        }
        if if_unused && !queue.consumers.is_empty() {
            return Err(Refusal::InUse { entity: "queue", name: name.into() });
        }
        let count = saturated(queue.ready.length());
        self.remove_queue(key);
        Ok(Reply::Count(count))
    }

    /// Ends a queue: its messages and bindings are gone, its consumers are told. What channels hold of it stays theirs
    /// to settle, to no effect.
    pub(super) fn remove_queue(&mut self, key: QueueKey) {
        let Some(queue) = self.queues.remove(key) else { return };
        self.queue_keys.remove(&queue.name);
        self.exchanges.note_change();
        self.totals.queues_deleted += 1;
        self.definitions.remove_bytes(queue_bytes(&queue.name, &queue.options));
        if let Some(at) = queue.timer {
            self.timers.remove(&(at, key));
        }
        if let Some(connection) = queue.owner.and_then(|owner| self.connections.get_mut(&owner)) {
            connection.exclusive_queues.remove(&key);
        }
        for exchange in self.remove_routes(Target::Queue(key), queue.bindings) {
            self.remove_exchange(exchange);
        }
        for consumer in queue.consumers {
            let consumer = self.forget_consumer(consumer);
            let channel = self.channels[consumer.channel].id;
            self.effects.push_back(Effect::ConsumerCancelled { channel, consumer_tag: consumer.tag });
        }
    }

    pub(super) fn purge_queue(&mut self, connection: ConnectionId, name: &str) -> Result<Reply, Refusal> {
        let key = self.accessible_queue(connection, name)?;
        let queue = &mut self.queues[key];
        let length = queue.ready.length();
        queue.ready.clear();
        queue.tally.removed += length as u64;
        self.set_timer(key);
        Ok(Reply::Count(saturated(length)))
    }
}
