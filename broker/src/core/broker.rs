//! The broker's state, and the one place where commands come in and effects go out.
//!
//! It is driven like quinn-proto's `Connection`, by four methods:
//!
//! - [`handle`](Machine::handle) carries out a command. It never pushes a message by itself: it notes which queues may
//!   have something to push.
//! - [`next_effect`](Machine::next_effect) first tells what commands caused (deaths, cancelled consumers), in order,
//!   and then finds one delivery at a time. A delivery is decided when it is asked for, so a caller whose buffer fills
//!   up may handle [`SetWritable`](Command::SetWritable) between two effects, and the rest stays in the queue.
//! - [`deadline`](Machine::deadline) says when [`expire`](Machine::expire) has something to do: never, as long as no
//!   message and no queue has a limited time.
//!
//! Time is what the caller says: it is written into deaths, and what expires does so by it. When there are no effects
//! left, no ready message has a consumer with credit.
//!
//! What a command does lies beside what it works on: [`exchange`](super::exchange), [`binding`](super::binding),
//! [`queue`](super::queue),
//! [`publish`](super::publish), [`consumer`](super::consumer), [`delivery`](super::delivery),
//! [`settle`](super::settle), [`channel`](super::channel), [`death`](super::death), [`expiry`](super::expiry),
//! [`transaction`](super::transaction), [`replies`](super::replies).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use slotmap::{SlotMap, new_key_type};

use super::Machine;
use super::channel::{Channel, Connection};
use super::command::{ChannelId, Command, ConnectionId, Published, Refusal, Reply};
use super::consumer::{Consumer, Subscription};
use super::death::DeadLetter;
use super::effect::Effect;
use super::exchange::Exchanges;
use super::limits::{Definitions, Limits, exchange_bytes};
use super::memory::give_back;
use super::message::Message;
use super::meter::Meter;
use super::names::Names;
use super::queue::Queue;
use super::totals::Totals;
use crate::time::Timestamp;

new_key_type! {
    /// A queue; outlives it, and is never given to another.
    pub(super) struct QueueKey;
    /// A consumer; outlives it, and is never given to another.
    pub(super) struct ConsumerKey;
    /// An open channel; outlives it, and is never given to another.
    pub(super) struct ChannelKey;
}

/// A message broker in memory: exchanges, bindings, queues, consumers and unacknowledged deliveries.
///
/// Routing and naming cost O(log n) in the number of names; everything done to a message is O(1) or O(log n) in the
/// backlog and in the number of consumers.
#[derive(Debug)]
pub struct Broker {
    pub(super) now: Timestamp,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) channel_keys: BTreeMap<ChannelId, ChannelKey>,
    pub(super) channels: SlotMap<ChannelKey, Channel>,
    pub(super) exchanges: Exchanges,
    pub(super) queue_keys: BTreeMap<Arc<str>, QueueKey>,
    pub(super) queues: SlotMap<QueueKey, Queue>,
    pub(super) consumers: SlotMap<ConsumerKey, Consumer>,
    pub(super) limits: Limits,
    pub(super) definitions: Definitions,
    pub(super) totals: Totals,
    /// What its messages hold.
    pub(super) meter: Meter,
    pub(super) names: Names,
    pub(super) effects: VecDeque<Effect>,
    /// Queues with ready messages and consumers that may have credit, each once.
    pub(super) due: VecDeque<QueueKey>,
    /// Whether the first of these has had its turn.
    pub(super) turn_is_over: bool,
    /// Whether a queue for which it matters took a message since effects were last asked for.
    pub(super) has_urgent_effects: bool,
    /// Channels that have credit again while consumers wait for it, each once.
    pub(super) unblocked: VecDeque<ChannelKey>,
    /// The queues that time will change something about, each once, by when it will.
    pub(super) timers: BTreeSet<(Timestamp, QueueKey)>,
    /// Queues that have to drop from their head. Empty between commands.
    pub(super) untidy: VecDeque<QueueKey>,
    /// Messages that died and are not yet published again, in order of death. Empty between commands.
    pub(super) dead: VecDeque<DeadLetter>,
    /// Where a message is routed to: empty between commands, kept for its memory.
    pub(super) targets: Vec<QueueKey>,
}

impl Broker {
    /// A broker with the predeclared exchanges (the default one and those called `amq.`) and nothing else. The names it
    /// makes up are always the same.
    pub fn new() -> Self {
        Broker::with_seed(0)
    }

    /// The same, but the names it makes up (of nameless queues, of reply addresses) follow from `seed`: as long as that
    /// is secret, nobody can guess them.
    pub fn with_seed(seed: u64) -> Self {
        let exchanges = Exchanges::predeclared();
        let mut definitions = Definitions::default();
        for (_, exchange) in exchanges.iter() {
            definitions.add_bytes(exchange_bytes(&exchange.name, &exchange.options));
        }
        Broker {
            now: Timestamp::EPOCH,
            connections: BTreeMap::new(),
            channel_keys: BTreeMap::new(),
            channels: SlotMap::with_key(),
            exchanges,
            queue_keys: BTreeMap::new(),
            queues: SlotMap::with_key(),
            consumers: SlotMap::with_key(),
            limits: Limits::default(),
            definitions,
            totals: Totals::default(),
            meter: Meter::default(),
            names: Names::new(seed),
            effects: VecDeque::new(),
            due: VecDeque::new(),
            turn_is_over: false,
            has_urgent_effects: false,
            unblocked: VecDeque::new(),
            timers: BTreeSet::new(),
            untidy: VecDeque::new(),
            dead: VecDeque::new(),
            targets: Vec::new(),
        }
    }

    /// The same, which holds no more than `limits` say.
    pub fn limited_to(self, limits: Limits) -> Self {
        Broker { limits, ..self }
    }

    #[inline(never)]
    fn handle_publish(&mut self, now: Timestamp, channel: ChannelId, message: Message) -> Result<Published, Refusal> {
        self.begin(now);
        let published = self.publish(channel, message)?;
        self.work_off();
        Ok(published)
    }

    #[inline(never)]
    fn first_effect(&mut self) -> Option<Effect> {
        let effect = self.effects.pop_front();
        give_back(&mut self.effects);
        effect
    }

    fn handle_any(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.begin(now);
        let reply = self.dispatch(command)?;
        self.work_off();
        Ok(reply)
    }

    fn begin(&mut self, now: Timestamp) {
        self.now = now;
        if self.is_due() {
            self.expire_due();
        }
    }

    fn dispatch(&mut self, command: Command<'_>) -> Result<Reply, Refusal> {
        use Command::*;
        match command {
            OpenChannel { channel } => self.open_channel(channel),
            CloseChannel { channel } => self.close_channel(channel),
            CloseConnection { connection } => self.close_connection(connection),
            SetWritable { connection, writable } => self.set_writable(connection, writable),
            DeclareExchange { name, passive, options } => self.declare_exchange(name, passive, options),
            DeleteExchange { name, if_unused } => self.delete_exchange(name, if_unused),
            DeclareQueue { connection, name, passive, options } => {
                self.declare_queue(connection, name, passive, options)
            }
            DeleteQueue { connection, name, if_unused, if_empty } => {
                self.delete_queue(connection, name, if_unused, if_empty)
            }
            PurgeQueue { connection, name } => self.purge_queue(connection, name),
            BindQueue { connection, queue, exchange, routing_key, arguments } => {
                self.bind_queue(connection, queue, exchange, routing_key, arguments)
            }
            UnbindQueue { connection, queue, exchange, routing_key, arguments } => {
                self.unbind_queue(connection, queue, exchange, routing_key, arguments)
            }
            BindExchange { destination, source, routing_key, arguments } => {
                self.bind_exchange(destination, source, routing_key, arguments)
            }
            UnbindExchange { destination, source, routing_key, arguments } => {
                self.unbind_exchange(destination, source, routing_key, arguments)
            }
            Publish { channel, message } => self.publish(channel, message).map(Reply::Published),
            Consume { channel, queue, consumer_tag, no_ack, exclusive, priority } => {
                self.consume(channel, queue, consumer_tag, Subscription { no_ack, exclusive, priority })
            }
            ConsumeReplies { channel, consumer_tag } => self.consume_replies(channel, consumer_tag),
            Cancel { channel, consumer_tag } => self.cancel(channel, consumer_tag),
            Get { channel, queue, no_ack } => self.get(channel, queue, no_ack),
            SetPrefetch { channel, count, global } => self.set_prefetch(channel, count, global),
            Acknowledge { channel, delivery_tag, multiple } => self.acknowledge(channel, delivery_tag, multiple),
            Reject { channel, delivery_tag, multiple, requeue } => {
                self.reject(channel, delivery_tag, multiple, requeue)
            }
            Recover { channel } => self.recover(channel),
            SelectTransactions { channel } => self.select_transactions(channel),
            Commit { channel } => self.commit(channel),
            Rollback { channel } => self.rollback(channel),
        }
    }

    /// Works off what a command left to do: queues that have to drop something, then the dead, which may fill other
    /// queues, and so on. It ends, since a dead letter never goes round without a consumer's doing.
    #[inline]
    pub(super) fn work_off(&mut self) {
        if !self.untidy.is_empty() || !self.dead.is_empty() {
            self.work_off_all();
        }
    }

    fn work_off_all(&mut self) {
        loop {
            if let Some(queue) = self.untidy.pop_front() {
                self.tidy(queue);
            } else if let Some(dead) = self.dead.pop_front() {
                self.dead_letter(dead);
            } else {
                break;
            }
        }
        give_back(&mut self.untidy);
        give_back(&mut self.dead);
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine for Broker {
    /// Messages are most of what comes, so they have the shortest way.
    #[inline]
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        match command {
            Command::Publish { channel, message } => self.handle_publish(now, channel, message).map(Reply::Published),
            command => self.handle_any(now, command),
        }
    }

    fn next_effect(&mut self) -> Option<Effect> {
        loop {
            if !self.effects.is_empty() {
                return self.first_effect();
            }
            if let Some(delivery) = self.next_delivery() {
                return Some(delivery);
            }
            if self.dead.is_empty() {
                self.has_urgent_effects = false;
                return None;
            }
            self.work_off();
        }
    }

    #[inline]
    fn has_urgent_effects(&self) -> bool {
        self.has_urgent_effects
    }

    fn memory_bytes(&self) -> u64 {
        self.meter.bytes()
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    fn expire(&mut self, now: Timestamp) {
        self.now = now;
        self.expire_due();
    }
}
