//! What a client did wrong, with the reply code that tells it so.
//!
//! The code decides what ends: AMQP 0-9-1 has soft errors, which close the channel, and hard ones, which close the
//! connection (1.2, "reply-code"). Texts have the shape of RabbitMQ's: `NOT_FOUND - no queue 'x' in vhost '/'`.

use super::codec::{FRAME_OVERHEAD_BYTES, FRAME_START_BYTES, FrameError, MethodError, ReplyCode, SyntaxError};
use super::octets;
use crate::core::Refusal;

/// An error caused by the client, and the text that is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is sent as the reply code.
    pub code: ReplyCode,
    text: Text,
}

/// What is sent as the reply text, without the code's name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Text {
    Whole(String),
    /// What comes before and after `in vhost 'x'`.
    InVirtualHost(String, String),
    Refused(Refusal),
}

impl Fault {
    /// A fault with its explanation.
    pub fn new(code: ReplyCode, text: impl Into<String>) -> Self {
        Fault { code, text: Text::Whole(text.into()) }
    }

    /// A fault about something in the connection's virtual host, which is named between `before` and `after`.
    pub fn in_virtual_host(code: ReplyCode, before: impl Into<String>, after: impl Into<String>) -> Self {
        Fault { code, text: Text::InVirtualHost(before.into(), after.into()) }
    }

    /// The reply text as RabbitMQ words it. The codec cuts it to what a short string holds.
    pub fn reply_text(&self, virtual_host: &str) -> String {
        let name = self.code.name();
        match &self.text {
            Text::Whole(text) => format!("{name} - {text}"),
            Text::InVirtualHost(before, after) => format!("{name} - {before} in vhost '{virtual_host}'{after}"),
            Text::Refused(refusal) => format!("{name} - {}", refusal_text(refusal, virtual_host)),
        }
    }
}

impl Fault {
    /// Bytes that are no frame. `input` begins with them, and may end before the frame does.
    pub fn no_frame(error: FrameError, input: &[u8]) -> Self {
        let kind = input.first().copied().unwrap_or_default();
        let payload = input.get(FRAME_START_BYTES..).unwrap_or_default();
        let size = input.get(3..FRAME_START_BYTES).and_then(|size| size.try_into().ok()).map_or(0, u32::from_be_bytes);
        let payload = &payload[..payload.len().min(size as usize)];
        let payload = if matches!(error, FrameError::TooLarge { .. }) { &[] } else { payload };
        let code = match error {
            FrameError::BadHeartbeat { channel: 1.., .. } => ReplyCode::UnexpectedFrame,
            _ => ReplyCode::FrameError,
        };
        let reason = match error {
            FrameError::UnknownType(_) => ": unknown_frame".to_owned(),
            FrameError::TooLarge { frame_bytes, frame_max } => {
                // What is forgiven is not told.
                let overhead_bytes = FRAME_OVERHEAD_BYTES as u64;
                let most = u64::from(frame_max).saturating_sub(2 * overhead_bytes);
                let size = frame_bytes.saturating_sub(overhead_bytes);
                format!(": {{frame_too_large,{size},{most}}}")
            }
            FrameError::BadEnd(end) => format!(": {{invalid_frame_end_marker,{end}}}"),
            FrameError::BadHeartbeat { channel: 0, .. } => ": unknown_frame".to_owned(),
            FrameError::BadHeartbeat { .. } => String::new(),
        };
        Fault::new(code, format!("type {kind}, all octets = {}{reason}", octets::Text(payload)))
    }

    /// A method frame's payload that is no method. What RabbitMQ cannot read either has its text and code.
    pub fn no_method(error: MethodError, payload: &[u8]) -> Self {
        match error {
            MethodError::NoMethod => {
                let text = format!("type 1, all octets = {}: unknown_frame", octets::Text(payload));
                Fault::new(ReplyCode::FrameError, text)
            }
            MethodError::Malformed { error: SyntaxError::Truncated | SyntaxError::TrailingBytes(_), .. } => {
                let arguments = payload.get(4..).unwrap_or_default();
                Fault::new(ReplyCode::FrameError, format!("cannot decode {}", octets::Numbers(arguments)))
            }
            other => Fault::new(other.reply_code(), other.to_string()),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            // All other limits end a channel, as RabbitMQ's limit of queues does; this one has none to end.
            Refusal::LimitReached { what: "channel", .. } => ReplyCode::NotAllowed,
            Refusal::NoQueue(_) | Refusal::NoExchange(_) => ReplyCode::NotFound,
            Refusal::Inequivalent { .. }
            | Refusal::InUse { .. }
            | Refusal::NotEmpty(_)
            | Refusal::InvalidBinding(_)
            | Refusal::LimitReached { .. }
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
        Fault { code, text: Text::Refused(refusal) }
    }
}

/// RabbitMQ's words for a refusal.
fn refusal_text(refusal: &Refusal, virtual_host: &str) -> String {
    match refusal {
        Refusal::NoQueue(name) => format!("no queue '{name}' in vhost '{virtual_host}'"),
        Refusal::NoExchange(name) => format!("no exchange '{name}' in vhost '{virtual_host}'"),
        Refusal::Inequivalent { entity, name, option, received, current } => format!(
            "inequivalent arg '{option}' for {entity} '{name}' in vhost '{virtual_host}': \
                 received {received} but current is {current}"
        ),
        Refusal::InUse { entity, name } => format!("{entity} '{name}' in vhost '{virtual_host}' in use"),
        Refusal::SystemExchange(name) => {
            format!("deletion of system exchange '{name}' in vhost '{virtual_host}' not allowed")
        }
        Refusal::InternalExchange(name) => {
            format!("cannot publish to internal exchange '{name}' in vhost '{virtual_host}'")
        }
        Refusal::NotEmpty(name) => format!("queue '{name}' in vhost '{virtual_host}' not empty"),
        Refusal::ExclusiveUse(name) => format!("queue '{name}' in vhost '{virtual_host}' in exclusive use"),
        Refusal::Locked(name) => format!(
            "cannot obtain exclusive access to locked queue '{name}' in vhost '{virtual_host}'. It could be originally declared \
                 on another connection or the exclusive property value does not match that of the original declaration."
        ),
        Refusal::LimitReached { action, name, what, limit } => {
            format!("cannot {action} '{name}': {what} limit in vhost '{virtual_host}' ({limit}) is reached")
        }
        other => other.to_string(),
    }
}
