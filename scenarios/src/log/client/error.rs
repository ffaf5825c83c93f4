//! What can go wrong for a client of the log, and whether the operation may have happened all the same.

use std::io;

use kafka_protocol::ResponseError;
use thiserror::Error;

use crate::log::batch::BatchError;

/// Why an operation has no good outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// No connection was made within the timeout. Nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// The connection was gone before anything of the request was sent.
    #[error("not sent: the connection is closed")]
    NotSent,
    /// The connection was lost after the request was sent, or while it was.
    #[error("connection lost before an answer came")]
    ConnectionLost,
    /// The request was sent, and no answer came within the timeout. The connection is closed then.
    #[error("no answer in time")]
    TimedOut,
    /// The broker said no.
    #[error("refused: {0}")]
    Refused(#[from] ResponseError),
    /// The broker does not speak what this client needs. Nothing was sent.
    #[error("the broker does not speak API {key} version {version}")]
    Unsupported {
        /// The API's key.
        key: i16,
        /// The version that was wanted.
        version: i16,
    },
    /// The request cannot be put into bytes: too large, most likely. Nothing was sent.
    #[error("the request cannot be encoded")]
    Unencodable,
    /// The answer cannot be understood.
    #[error("the answer is malformed")]
    Malformed,
    /// Records were fetched that cannot be read.
    #[error("unreadable records: {0}")]
    Unreadable(#[from] BatchError),
}

impl ClientError {
    /// Whether the operation may have happened. If not, it definitely has not.
    pub fn may_have_happened(&self) -> bool {
        match self {
            ClientError::ConnectionLost | ClientError::TimedOut | ClientError::Malformed => true,
            ClientError::Refused(error) => {
                matches!(error, ResponseError::RequestTimedOut | ResponseError::NotEnoughReplicasAfterAppend)
            }
            ClientError::Connect(_)
            | ClientError::NotSent
            | ClientError::Unsupported { .. }
            | ClientError::Unencodable
            | ClientError::Unreadable(_) => false,
        }
    }

    /// Whether the connection is of no more use.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, ClientError::Refused(_) | ClientError::Unencodable | ClientError::Unreadable(_))
    }
}

/// The error that a code in a response stands for; 0 is none.
pub(super) fn check(code: i16) -> Result<(), ClientError> {
    match ResponseError::try_from_code(code) {
        None => Ok(()),
        Some(error) => Err(ClientError::Refused(error)),
    }
}
