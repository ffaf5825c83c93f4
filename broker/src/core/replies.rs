//! Direct reply-to: replies to a client without a queue of its own (RabbitMQ's `amq.rabbitmq.reply-to`).
//!
//! A channel that consumes from the name [`REPLY_TO`] gets an address. What is published to that address on the
//! default exchange goes to the channel at once. Behind it is a queue that lives as long as its consumer does: clients
//! can ask whether it is there, and nothing else.

use std::sync::Arc;

use super::broker::Broker;
use super::command::{ChannelId, QueueOptions, Refusal, Reply};
use super::consumer::Subscription;
use super::message::Message;

/// The name that clients consume replies from, and with which every reply address begins.
pub const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// Whether a queue name is one of a reply address, or could be one.
pub(super) fn is_reply_name(name: &str) -> bool {
    name.strip_prefix(REPLY_TO).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a message is a reply. RabbitMQ calls such a message unroutable, though it arrives.
#[inline]
pub(super) fn is_reply_address(message: &Message) -> bool {
    message.head().is_to_default_exchange() && message.routing_key().starts_with(REPLY_TO.as_bytes())
}

impl Broker {
    /// Starts the one consumer of replies that a channel may have, and says which address is its.
    pub(super) fn consume_replies(&mut self, channel: ChannelId, consumer_tag: &str) -> Result<Reply, Refusal> {
        let key = self.channel_key(channel)?;
        self.check_tag(key, consumer_tag)?;
        if self.channels[key].reply_consumer.is_some() {
            return Err(Refusal::ReplyConsumerSet);
        }
        let name: Arc<str> = self.names.next(&format!("{REPLY_TO}.")).into();
        let options = QueueOptions { exclusive: true, auto_delete: true, ..QueueOptions::default() };
        let queue = self.insert_queue(channel.connection, Arc::clone(&name), options);
        let subscription = Subscription { no_ack: true, exclusive: true, priority: 0 };
        let consumer = self.add_consumer(key, queue, consumer_tag.into(), subscription);
        self.channels[key].reply_consumer = Some(consumer);
        Ok(Reply::ReplyAddress(name.as_ref().into()))
    }

    /// Answers whether replies to this name arrive somewhere. Whoever asks without an address is told that they do.
    pub(super) fn declare_reply_queue(&self, name: &str) -> Result<Reply, Refusal> {
        if name != REPLY_TO && !self.queue_keys.contains_key(name) {
            return Err(Refusal::NoQueue(name.into()));
        }
        Ok(Reply::QueueDeclared { name: name.into(), messages: 0, consumers: 1 })
    }
}
