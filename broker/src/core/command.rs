//! What can be asked of the core, and what it answers: the seam that the shell drives and that tests can alter.
//!
//! Names are AMQP's. Byte strings that AMQP calls binary (routing keys) are bytes; names are text.
//! Nothing here knows the wire: reply codes and frames belong to [`amqp`](crate::amqp).

use std::time::Duration;

use thiserror::Error;

use super::message::{Delivery, Message};
use crate::amqp::codec::Table;

/// A client's connection, numbered by the shell; a number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A channel of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    /// The connection it belongs to.
    pub connection: ConnectionId,
    /// Its number on that connection, from 1.
    pub number: u16,
}

/// A request to the core. Borrowed, so that publishing and acknowledging allocate nothing for the request itself.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields have AMQP's names")]
pub enum Command<'a> {
    /// Opens a channel that is not open.
    OpenChannel { channel: ChannelId },
    /// Ends a channel: its consumers go, everything it held unacknowledged is requeued.
    CloseChannel { channel: ChannelId },
    /// Ends a connection: all its channels close, in the order of their numbers, and its exclusive queues are deleted.
    CloseConnection { connection: ConnectionId },
    /// Whether the connection takes deliveries now. The shell says no while the peer does not read what was written,
    /// so that a slow reader's backlog stays in the queue instead of in a buffer.
    SetWritable { connection: ConnectionId, writable: bool },

    /// Creates an exchange, or checks that an equal one exists.
    DeclareExchange { name: &'a str, passive: bool, options: ExchangeOptions },
    /// Deletes an exchange and its bindings.
    DeleteExchange { name: &'a str, if_unused: bool },
    /// Creates a queue, or checks that an equal one exists. An empty name asks for a generated one.
    /// Answered by [`Reply::QueueDeclared`].
    DeclareQueue { connection: ConnectionId, name: &'a str, passive: bool, options: QueueOptions },
    /// Deletes a queue; its messages are gone. Answered by [`Reply::Count`].
    DeleteQueue { connection: ConnectionId, name: &'a str, if_unused: bool, if_empty: bool },
    /// Drops the ready messages of a queue. Answered by [`Reply::Count`].
    PurgeQueue { connection: ConnectionId, name: &'a str },
    /// Binds a queue to an exchange. Binding twice with the same key and arguments is binding once.
    BindQueue {
        connection: ConnectionId,
        queue: &'a str,
        exchange: &'a str,
        routing_key: &'a [u8],
        arguments: Table<'a>,
    },
    /// Removes a binding; one that does not exist is no error.
    UnbindQueue {
        connection: ConnectionId,
        queue: &'a str,
        exchange: &'a str,
        routing_key: &'a [u8],
        arguments: Table<'a>,
    },
    /// Binds an exchange to another one, so that what reaches `source` may go on to `destination`.
    BindExchange { destination: &'a str, source: &'a str, routing_key: &'a [u8], arguments: Table<'a> },
    /// Removes such a binding; one that does not exist is no error.
    UnbindExchange { destination: &'a str, source: &'a str, routing_key: &'a [u8], arguments: Table<'a> },

    /// Routes a message. Answered by [`Reply::Published`].
    Publish { channel: ChannelId, message: Message },
    /// Starts a consumer with the channel's current per-consumer prefetch. Deliveries follow as effects.
    /// Those with a higher priority are served first.
    Consume { channel: ChannelId, queue: &'a str, consumer_tag: &'a str, no_ack: bool, exclusive: bool, priority: i64 },
    /// Starts a consumer, without acknowledgements, of what is published to an address of its own.
    /// Answered by [`Reply::ReplyAddress`].
    ConsumeReplies { channel: ChannelId, consumer_tag: &'a str },
    /// Ends a consumer; what it holds stays unacknowledged on the channel. An unknown tag is no error.
    Cancel { channel: ChannelId, consumer_tag: &'a str },
    /// Takes one ready message, if there is one. Answered by [`Reply::Got`].
    Get { channel: ChannelId, queue: &'a str, no_ack: bool },
    /// Sets how many unacknowledged deliveries are allowed; 0 is no limit.
    /// `global` limits the whole channel, otherwise each consumer started from now on.
    SetPrefetch { channel: ChannelId, count: u16, global: bool },
    /// The work is done: the message is destroyed. Tag 0 with `multiple` means all so far.
    Acknowledge { channel: ChannelId, delivery_tag: u64, multiple: bool },
    /// The work is not done: the message is requeued to its original position, or dead-lettered.
    Reject { channel: ChannelId, delivery_tag: u64, multiple: bool, requeue: bool },
    /// Requeues everything the channel holds unacknowledged.
    Recover { channel: ChannelId },
    /// From here on, publishes and settlements on the channel are held until it commits.
    SelectTransactions { channel: ChannelId },
    /// Carries out what is held. Answered by [`Reply::Committed`].
    Commit { channel: ChannelId },
    /// Forgets what is held.
    Rollback { channel: ChannelId },
}

/// How an exchange routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExchangeKind {
    /// To what is bound with exactly the message's routing key.
    #[default]
    Direct,
    /// To everything bound.
    Fanout,
    /// To what is bound with a pattern that matches the routing key, word by word.
    Topic,
    /// To what is bound with arguments that match the message's headers.
    Headers,
}

/// What an exchange is declared with. Two declarations agree when these are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeOptions {
    /// How it routes.
    pub kind: ExchangeKind,
    /// Said by the client and given back; memory is all there is.
    pub durable: bool,
    /// Deleted when its last binding goes.
    pub auto_delete: bool,
    /// Not to be published to by clients.
    pub internal: bool,
    /// Where messages go that this exchange knows no way for. `None`, or one that does not exist: nowhere.
    pub alternate_exchange: Option<String>,
}

/// What a queue is declared with. Two declarations agree when the flags are equal and the arguments are, as far as they
/// mean something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueOptions {
    /// Said by the client and given back; memory is all there is.
    pub durable: bool,
    /// Usable by, and deleted with, the declaring connection.
    pub exclusive: bool,
    /// Deleted when its last consumer goes.
    pub auto_delete: bool,
    /// The rules its messages live by.
    pub policy: QueuePolicy,
    /// What the client wrote to ask for that policy: the bytes of a well-formed field table.
    pub arguments: Box<[u8]>,
}

/// The rules a queue's messages live by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueuePolicy {
    /// The most messages that may be ready. `None` is no limit.
    pub max_length: Option<u64>,
    /// The most bytes that the bodies of ready messages may have together. `None` is no limit.
    pub max_length_bytes: Option<u64>,
    /// What happens to a message that would exceed `max_length` or `max_length_bytes`.
    pub overflow: Overflow,
    /// How many times a message may be requeued. The requeue after that dead-letters it, so that with a limit of N
    /// a message is delivered at most N + 1 times (RabbitMQ's `x-delivery-limit`). `None` is no limit.
    pub delivery_limit: Option<u32>,
    /// Where dead letters are published. `None`: they are dropped.
    pub dead_letter_exchange: Option<String>,
    /// Replaces a dead letter's routing key. `None`: it keeps its own.
    pub dead_letter_routing_key: Option<Vec<u8>>,
    /// How long a message may be in the queue; the first one dies when its time is up. Without any time to live it is
    /// delivered at once or not at all. `None` is no limit, but a message may have one of its own.
    pub message_ttl: Option<Duration>,
    /// How long the queue may be without consumers and without being asked for before it goes. `None` is no limit.
    pub expires: Option<Duration>,
    /// The highest priority that is told apart; messages that say a higher one have this. `None`: all are the same.
    pub max_priority: Option<u8>,
    /// Serves one consumer alone, until it goes and the next one's turn comes.
    pub single_active_consumer: bool,
}

/// What a full queue does with one more message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Drops (dead-letters, with reason `maxlen`) from its head until the message fits.
    #[default]
    DropHead,
    /// Does not take it; the publisher learns it by a nack.
    RejectPublish,
    /// Does not take it either, but dead-letters it with reason `maxlen`.
    RejectPublishDeadLetter,
}

/// The core's answer to a [`Command`] that it carried out.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum Reply {
    /// Carried out, nothing more to say.
    Done,
    /// The queue exists.
    QueueDeclared { name: String, messages: u32, consumers: u32 },
    /// How many messages were deleted or purged.
    Count(u32),
    /// What became of a published message.
    Published(Published),
    /// The message taken, with the number of messages still ready; or none was.
    Got(Option<(Delivery, u32)>),
    /// Where the replies for the consumer go: a routing key of the default exchange.
    ReplyAddress(String),
    /// What became of each message that was held, in the order in which they were published.
    Committed(Vec<Published>),
}

/// What became of a published message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Every queue it was routed to took it.
    Taken,
    /// No queue is bound for it. It is gone; a mandatory one is returned to its publisher.
    Unroutable,
    /// At least one queue it was routed to was full and refused it. The others took it.
    Refused,
    /// Nothing yet: it waits for its channel's commit.
    Held,
}

/// Why the core did not carry a [`Command`] out. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum Refusal {
    /// No such queue.
    #[error("no queue '{0}'")]
    NoQueue(String),
    /// No such exchange.
    #[error("no exchange '{0}'")]
    NoExchange(String),
    /// Declared again with another option; names the first option that differs, what was asked and what stands.
    #[error("inequivalent arg '{option}' for {entity} '{name}': received {received} but current is {current}")]
    Inequivalent { entity: &'static str, name: String, option: &'static str, received: String, current: String },
    /// Deleting a queue or exchange `if_unused` that is used.
    #[error("{entity} '{name}' in use")]
    InUse { entity: &'static str, name: String },
    /// Deleting a queue `if_empty` that has messages.
    #[error("queue '{0}' not empty")]
    NotEmpty(String),
    /// The queue is exclusive to another connection.
    #[error("cannot obtain exclusive access to locked queue '{0}'")]
    Locked(String),
    /// The queue has an exclusive consumer, or has consumers and an exclusive one was asked for.
    #[error("queue '{0}' in exclusive use")]
    ExclusiveUse(String),
    /// A new name begins as only the broker's own names do.
    #[error("{entity} name '{name}' contains reserved prefix 'amq.*'")]
    Reserved { entity: &'static str, name: String },
    /// The exchange is the default one, and not to be used like this.
    #[error("operation not permitted on {0}")]
    Protected(String),
    /// Deleting an exchange that every broker has.
    #[error("deletion of system exchange '{0}' not allowed")]
    SystemExchange(String),
    /// Publishing to an exchange that takes messages from other exchanges only.
    #[error("cannot publish to internal exchange '{0}'")]
    InternalExchange(String),
    /// The arguments of a binding mean nothing to its exchange; says why.
    #[error("{0}")]
    InvalidBinding(String),
    /// The consumer tag is taken on this channel.
    #[error("attempt to reuse consumer tag '{0}'")]
    ConsumerTagInUse(String),
    /// The channel has no such unacknowledged delivery.
    #[error("unknown delivery tag {0}")]
    UnknownDeliveryTag(u64),
    /// One more would be more than the broker may hold ([`Limits`](super::Limits)); nothing that is there is affected.
    #[error("cannot {action} '{name}': {what} limit ({limit}) is reached")]
    LimitReached { action: &'static str, name: String, what: &'static str, limit: usize },
    /// The channel has a consumer of replies already.
    #[error("reply consumer already set")]
    ReplyConsumerSet,
    /// Committing or rolling back what was never begun.
    #[error("channel is not transactional")]
    NotTransactional,
    /// The channel is not open.
    #[error("channel {} is not open", .0.number)]
    NoChannel(ChannelId),
}
