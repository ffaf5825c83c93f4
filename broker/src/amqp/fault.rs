//! What a client did wrong, with the reply code that tells it so.
//!
//! The code decides what ends: AMQP 0-9-1 has soft errors, which close the channel, and hard ones, which close the
//! connection (1.2, "reply-code"). Texts have the shape of RabbitMQ's: `NOT_FOUND - no queue 'x' in vhost '/'`.

use super::codec::ReplyCode;
use crate::core::Refusal;

/// An error caused by the client, and the text that is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is sent as the reply code.
    pub code: ReplyCode,
    /// What is sent as the reply text, without the code's name.
    pub text: String,
}

impl Fault {
    /// A fault with its explanation.
    pub fn new(code: ReplyCode, text: impl Into<String>) -> Self {
        Fault { code, text: text.into() }
    }

    /// The reply text as RabbitMQ words it. The codec cuts it to what a short string holds.
    pub fn reply_text(&self) -> String {
        format!("{} - {}", self.code.name(), self.text)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::NoQueue(_) | Refusal::NoExchange(_) => ReplyCode::NotFound,
            Refusal::Inequivalent { .. }
            | Refusal::InUse { .. }
            | Refusal::NotEmpty(_)
            | Refusal::InvalidBinding(_)
            | Refusal::UnknownDeliveryTag(_)
            | Refusal::ReplyConsumerSet
            | Refusal::NotTransactional => ReplyCode::PreconditionFailed,
            Refusal::Locked(_) => ReplyCode::ResourceLocked,
            Refusal::ExclusiveUse(_)
            | Refusal::Protected(_)
            | Refusal::SystemExchange(_)
            | Refusal::InternalExchange(_)
            | Refusal::Reserved { .. } => ReplyCode::AccessRefused,
            Refusal::ConsumerTagInUse(_) => ReplyCode::NotAllowed,
            Refusal::NoChannel(_) => ReplyCode::ChannelError,
        };
        let text = match refusal {
            Refusal::NoQueue(name) => format!("no queue '{name}' in vhost '/'"),
            Refusal::NoExchange(name) => format!("no exchange '{name}' in vhost '/'"),
            Refusal::Inequivalent { entity, name, option, received, current } => format!(
                "inequivalent arg '{option}' for {entity} '{name}' in vhost '/': \
                 received {received} but current is {current}"
            ),
            Refusal::InUse { entity, name } => format!("{entity} '{name}' in vhost '/' in use"),
            Refusal::SystemExchange(name) => format!("deletion of system exchange '{name}' in vhost '/' not allowed"),
            Refusal::InternalExchange(name) => format!("cannot publish to internal exchange '{name}' in vhost '/'"),
            Refusal::NotEmpty(name) => format!("queue '{name}' in vhost '/' not empty"),
            Refusal::ExclusiveUse(name) => format!("queue '{name}' in vhost '/' in exclusive use"),
            Refusal::Locked(name) => format!(
                "cannot obtain exclusive access to locked queue '{name}' in vhost '/'. It could be originally declared \
                 on another connection or the exclusive property value does not match that of the original declaration."
            ),
            other => other.to_string(),
        };
        Fault { code, text }
    }
}
