//! Channels and connections: opening, closing, and the limits that hold for all consumers of a channel.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use super::broker::{Broker, ChannelKey, ConsumerKey, QueueKey};
use super::command::{ChannelId, ConnectionId, Refusal, Reply};
use super::rotation::Rotation;
use super::transaction::Transaction;
use super::unacknowledged::{Held, Unacknowledged};
use super::way::Way;

/// An open channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub id: ChannelId,
    /// The tag of its latest delivery; 0 before the first.
    pub last_delivery_tag: u64,
    pub unacknowledged: Unacknowledged,
    /// How many of these went to consumers: `get` needs no credit.
    pub held: u64,
    /// The most that its consumers may hold together; 0 is no limit.
    pub prefetch: u16,
    /// What each consumer started from now on may hold; 0 is no limit.
    pub consumer_prefetch: u16,
    /// Whether its connection takes deliveries.
    pub writable: bool,
    pub consumers: BTreeMap<Arc<str>, ConsumerKey>,
    /// Consumers that were found without credit because of the channel, the longest waiting first.
    pub blocked: Rotation,
    /// Whether the broker has it on its list of channels whose blocked consumers may go on.
    pub unblocked: bool,
    /// The consumer that gets what is published to the channel's reply address.
    pub reply_consumer: Option<ConsumerKey>,
    /// What waits for the next commit, if the channel is transactional.
    pub transaction: Option<Box<Transaction>>,
    /// The way that its last message took.
    pub way: Option<Box<Way>>,
}

/// What the broker remembers of a connection beside its channels.
#[derive(Debug)]
pub(super) struct Connection {
    /// Whether it takes deliveries.
    pub writable: bool,
    pub exclusive_queues: BTreeSet<QueueKey>,
}

impl Default for Connection {
    fn default() -> Self {
        Connection { writable: true, exclusive_queues: BTreeSet::new() }
    }
}

impl Channel {
    fn new(id: ChannelId, writable: bool) -> Self {
        Channel {
            id,
            last_delivery_tag: 0,
            unacknowledged: Unacknowledged::default(),
            held: 0,
            prefetch: 0,
            consumer_prefetch: 0,
            writable,
            consumers: BTreeMap::new(),
            blocked: Rotation::default(),
            unblocked: false,
            reply_consumer: None,
            transaction: None,
            way: None,
        }
    }

    /// Everything that clients have and the broker still answers for.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        let waiting = self.transaction.iter().flat_map(|transaction| transaction.held());
        self.unacknowledged.iter().chain(waiting)
    }

    /// Whether one more delivery that needs no acknowledgement, or one that does, may go out.
    pub fn has_credit(&self, no_ack: bool) -> bool {
        self.writable && (no_ack || self.prefetch == 0 || self.held < u64::from(self.prefetch))
    }
}

impl Broker {
    pub(super) fn channel_key(&self, channel: ChannelId) -> Result<ChannelKey, Refusal> {
        self.channel_keys.get(&channel).copied().ok_or(Refusal::NoChannel(channel))
    }

    fn channels_of(&self, connection: ConnectionId) -> Vec<ChannelKey> {
        let channel = |number| ChannelId { connection, number };
        self.channel_keys.range(channel(0)..=channel(u16::MAX)).map(|(_, key)| *key).collect()
    }

    /// Opening an open channel changes nothing.
    pub(super) fn open_channel(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        if !self.channel_keys.contains_key(&channel) {
            self.admit_channel()?;
            let writable = self.connections.get(&channel.connection).is_none_or(|connection| connection.writable);
            let key = self.channels.insert(Channel::new(channel, writable));
            self.channel_keys.insert(channel, key);
            self.totals.channels_opened += 1;
        }
        Ok(Reply::Done)
    }

    pub(super) fn close_channel(&mut self, channel: ChannelId) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        self.close_channels(vec![key]);
        Ok(Reply::Done)
    }

    pub(super) fn close_connection(&mut self, connection: ConnectionId) -> Result<Reply, Refusal> {
        self.close_channels(self.channels_of(connection));
        // What died by this goes before the exclusive queues do, so that it still has a queue to have died in.
        self.work_off();
        if let Some(closed) = self.connections.remove(&connection) {
            for queue in closed.exclusive_queues {
                self.remove_queue(queue);
            }
        }
        Ok(Reply::Done)
    }

    /// All consumers go before anything is requeued, so that a queue that ends with its last consumer ends with all it
    /// had. Nothing is pushed before all is requeued, since pushing happens later.
    fn close_channels(&mut self, keys: Vec<ChannelKey>) {
        for key in &keys {
            while let Some((_, &consumer)) = self.channels[*key].consumers.first_key_value() {
                self.remove_consumer(consumer);
            }
        }
        for key in keys {
            let Some(mut channel) = self.channels.remove(key) else { continue };
            self.channel_keys.remove(&channel.id);
            self.totals.channels_closed += 1;
            if let Some(transaction) = channel.transaction {
                channel.unacknowledged.restore(transaction.into_held());
            }
            for held in channel.unacknowledged.into_held() {
                self.requeue(held);
            }
        }
    }

    pub(super) fn set_writable(&mut self, connection: ConnectionId, writable: bool) -> Result<Reply, Refusal> {
        self.connections.entry(connection).or_default().writable = writable;
        for key in self.channels_of(connection) {
            let was_writable = mem::replace(&mut self.channels[key].writable, writable);
            while writable && !was_writable && self.wake_blocked(key) {}
        }
        Ok(Reply::Done)
    }

    pub(super) fn set_prefetch(&mut self, channel: ChannelId, count: u16, global: bool) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        let channel = &mut self.channels[key];
        if global {
            channel.prefetch = count;
            self.note_unblocked(key);
        } else {
            channel.consumer_prefetch = count;
        }
        Ok(Reply::Done)
    }
}
