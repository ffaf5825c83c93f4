//! How a broker is broken: what may be altered, and what is left as it is unless somebody does.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use handoff_broker::core::{
    Broker, ChannelId, Command, ConnectionId, Effect, Machine, Message, Published, Refusal, Reply,
};

/// Alters what goes into a broker and what comes out. Everything is passed on unless it says otherwise.
pub(super) trait Alteration: Send {
    /// Carries out a command.
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        broker.handle(now, command)
    }

    /// The next effect.
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        broker.next_effect()
    }
}

/// Alters nothing.
pub(super) struct Sound;

impl Alteration for Sound {}

/// Says yes once in so many times.
#[derive(Default)]
pub(super) struct Every {
    count: u64,
}

impl Every {
    /// Whether this time is one.
    pub fn nth(&mut self, times: u64) -> bool {
        self.count += 1;
        self.count.is_multiple_of(times)
    }
}

/// What is delivered and not settled: the messages, which an alteration may want again.
#[derive(Default)]
pub(super) struct Deliveries {
    held: BTreeMap<(ChannelId, u64), Message>,
}

impl Deliveries {
    /// Remembers a delivery.
    pub fn note(&mut self, effect: &Effect) {
        if let Effect::Deliver { channel, delivery, .. } = effect {
            self.held.insert((*channel, delivery.delivery_tag), delivery.message.clone());
        }
    }

    /// The message of a delivery that is settled now.
    pub fn take(&mut self, channel: ChannelId, delivery_tag: u64) -> Option<Message> {
        self.held.remove(&(channel, delivery_tag))
    }

    /// Forgets the deliveries of a connection; the channels that had any, in order.
    pub fn close(&mut self, connection: ConnectionId) -> Vec<ChannelId> {
        let mut channels: Vec<_> = self.held.keys().map(|(channel, _)| *channel).collect();
        channels.retain(|channel| channel.connection == connection);
        channels.dedup();
        self.held.retain(|(channel, _), _| channel.connection != connection);
        channels
    }
}

/// The channels that are open: who publishes needs one.
#[derive(Default)]
pub(super) struct Channels {
    open: Vec<ChannelId>,
}

impl Channels {
    /// Follows a command.
    pub fn note(&mut self, command: &Command<'_>) {
        match command {
            Command::OpenChannel { channel } => self.open.push(*channel),
            Command::CloseChannel { channel } => self.open.retain(|open| open != channel),
            Command::CloseConnection { connection } => self.open.retain(|open| open.connection != *connection),
            _ => {}
        }
    }

    /// Publishes behind everybody's back. The channel, if any is open and no queue refused the message.
    pub fn publish(&self, broker: &mut Broker, now: Timestamp, message: Message) -> Option<ChannelId> {
        let &channel = self.open.first()?;
        let reply = broker.handle(now, Command::Publish { channel, message });
        matches!(reply, Ok(Reply::Published(Published::Taken))).then_some(channel)
    }
}
