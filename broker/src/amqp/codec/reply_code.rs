//! Reply codes: how AMQP numbers and names what went wrong. The texts that go with them are the sender's business.

/// A reply code (AMQP 0-9-1, 1.2 "Constants").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ReplyCode {
    /// Nothing went wrong: a peer that closes because it is done.
    ReplySuccess = 200,
    /// The content is larger than the server takes.
    ContentTooLarge = 311,
    /// A mandatory message has no route; only ever in `basic.return`.
    NoRoute = 312,
    /// An immediate message has no consumer.
    NoConsumers = 313,
    /// An operator closed the connection.
    ConnectionForced = 320,
    /// An unknown virtual host.
    InvalidPath = 402,
    /// Not allowed for this user.
    AccessRefused = 403,
    /// No such queue or exchange.
    NotFound = 404,
    /// In exclusive use by somebody else.
    ResourceLocked = 405,
    /// What was asked for contradicts what stands.
    PreconditionFailed = 406,
    /// The bytes are not a frame.
    FrameError = 501,
    /// A frame holds illegal values.
    SyntaxError = 502,
    /// A method that is not allowed now.
    CommandInvalid = 503,
    /// A channel that is not open, or is open already.
    ChannelError = 504,
    /// A frame out of sequence.
    UnexpectedFrame = 505,
    /// The server lacks resources.
    ResourceError = 506,
    /// Forbidden whoever asks.
    NotAllowed = 530,
    /// The server does not have this.
    NotImplemented = 540,
    /// The server failed.
    InternalError = 541,
}

impl ReplyCode {
    const ALL: [ReplyCode; 19] = [
        ReplyCode::ReplySuccess,
        ReplyCode::ContentTooLarge,
        ReplyCode::NoRoute,
        ReplyCode::NoConsumers,
        ReplyCode::ConnectionForced,
        ReplyCode::InvalidPath,
        ReplyCode::AccessRefused,
        ReplyCode::NotFound,
        ReplyCode::ResourceLocked,
        ReplyCode::PreconditionFailed,
        ReplyCode::FrameError,
        ReplyCode::SyntaxError,
        ReplyCode::CommandInvalid,
        ReplyCode::ChannelError,
        ReplyCode::UnexpectedFrame,
        ReplyCode::ResourceError,
        ReplyCode::NotAllowed,
        ReplyCode::NotImplemented,
        ReplyCode::InternalError,
    ];

    /// The number on the wire.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The reply code with this number.
    pub fn from_code(code: u16) -> Option<ReplyCode> {
        Self::ALL.into_iter().find(|reply_code| reply_code.code() == code)
    }

    /// The name as RabbitMQ begins its reply texts: `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            ReplyCode::ReplySuccess => "REPLY_SUCCESS",
            ReplyCode::ContentTooLarge => "CONTENT_TOO_LARGE",
            ReplyCode::NoRoute => "NO_ROUTE",
            ReplyCode::NoConsumers => "NO_CONSUMERS",
            ReplyCode::ConnectionForced => "CONNECTION_FORCED",
            ReplyCode::InvalidPath => "INVALID_PATH",
            ReplyCode::AccessRefused => "ACCESS_REFUSED",
            ReplyCode::NotFound => "NOT_FOUND",
            ReplyCode::ResourceLocked => "RESOURCE_LOCKED",
            ReplyCode::PreconditionFailed => "PRECONDITION_FAILED",
            ReplyCode::FrameError => "FRAME_ERROR",
            ReplyCode::SyntaxError => "SYNTAX_ERROR",
            ReplyCode::CommandInvalid => "COMMAND_INVALID",
            ReplyCode::ChannelError => "CHANNEL_ERROR",
            ReplyCode::UnexpectedFrame => "UNEXPECTED_FRAME",
            ReplyCode::ResourceError => "RESOURCE_ERROR",
            ReplyCode::NotAllowed => "NOT_ALLOWED",
            ReplyCode::NotImplemented => "NOT_IMPLEMENTED",
            ReplyCode::InternalError => "INTERNAL_ERROR",
        }
    }

    /// Whether the error ends the whole connection (a "connection exception") and not only its channel.
    pub const fn closes_connection(self) -> bool {
        matches!(self.code(), 320 | 402 | 501..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_the_specifications() {
        assert_eq!((ReplyCode::NotFound.code(), ReplyCode::NotFound.name()), (404, "NOT_FOUND"));
        assert_eq!(ReplyCode::from_code(541), Some(ReplyCode::InternalError));
        assert_eq!(ReplyCode::from_code(400), None);
        for reply_code in ReplyCode::ALL {
            assert_eq!(ReplyCode::from_code(reply_code.code()), Some(reply_code));
        }
    }

    #[test]
    fn hard_errors_close_the_connection() {
        assert!(ReplyCode::FrameError.closes_connection());
        assert!(ReplyCode::InvalidPath.closes_connection());
        assert!(!ReplyCode::NotFound.closes_connection());
        assert!(!ReplyCode::ReplySuccess.closes_connection());
    }
}
