//! What the core wants done to the world after a command: the shell asks for effects until there are none.

use std::sync::Arc;

use super::command::ChannelId;
use super::message::{DeathReason, Delivery, Message};

/// Something to tell a client, or something that happened to a message that nobody asked about.
///
/// Effects come in the order in which they happened. The shell drains them after each command, so that an answer
/// (consume-ok, say) is written before the effects that follow it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum Effect {
    /// Push this message to this consumer.
    Deliver { channel: ChannelId, consumer_tag: Arc<str>, delivery: Delivery },
    /// The consumer's queue is gone: tell the client, which did not ask for it.
    ConsumerCancelled { channel: ChannelId, consumer_tag: Arc<str> },
    /// A message left its queue without an acknowledgement. `dead_lettered` says whether at least one queue took it
    /// as a dead letter; if not, it is gone by the policy of its queue. For history and metrics only.
    Died { queue: Arc<str>, reason: DeathReason, message: Message, dead_lettered: bool },
    /// A queue that nobody used for as long as its policy allows is gone, with everything in it. For history and
    /// metrics only: it had no consumers.
    QueueExpired { queue: Arc<str> },
}
