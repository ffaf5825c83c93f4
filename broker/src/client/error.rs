//! What can go wrong for a client, and how much is then known.

use std::io;

use thiserror::Error;

/// What is known about an operation that did not end well (Jepsen's `fail` and `info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It definitely did not happen.
    Failed,
    /// It may have happened.
    Unknown,
}

/// Why an operation did not end well.
#[derive(Clone, Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum ClientError {
    /// No connection came to be.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The broker refused the operation.
    #[error("refused by the broker: {code} {text}")]
    Refused { code: u16, text: String },
    /// The broker did not take the message (`basic.nack`).
    #[error("the broker did not take the message")]
    Nacked,
    /// The channel or the connection was closed before the operation was sent.
    #[error("not open any more: {reason}")]
    NotOpen { reason: String },
    /// The channel or the connection ended while the operation was under way.
    #[error("ended before the answer came: {reason}")]
    Interrupted { reason: String },
}

impl ClientError {
    /// Whether the operation definitely failed or may have happened.
    pub fn certainty(&self) -> Certainty {
        match self {
            ClientError::Interrupted { .. } => Certainty::Unknown,
            _ => Certainty::Failed,
        }
    }

    pub(super) fn connect(reason: impl ToString) -> Self {
        ClientError::Connect(reason.to_string())
    }
}

impl From<io::Error> for ClientError {
    /// Only for what happens while connecting: later the driver sees the socket's errors.
    fn from(error: io::Error) -> Self {
        ClientError::connect(error)
    }
}
