//! Kafka's wire protocol, as far as this log speaks it: bytes to typed requests and responses, and back.
//!
//! - [`frame`]: a four byte size, then that many bytes.
//! - [`shape`]: a look at a request's structure before it is decoded, so that hostile counts cost nothing.
//! - [`api`]: which APIs and versions are spoken; the request and response types are `kafka-protocol`'s.
//!
//! Nothing here knows what a request means. Source: <https://kafka.apache.org/protocol>.

pub mod api;
pub mod frame;
pub mod shape;

use thiserror::Error;

/// Why bytes were not a message. Whoever sent them is not worth listening to any longer.
#[derive(Debug, Error)]
pub enum WireError {
    /// The frame's size is negative or above the limit; nothing of it was buffered.
    #[error("frame of {size} bytes, at most {limit} are allowed")]
    FrameSize {
        /// What the peer announced.
        size: i32,
        /// What is allowed.
        limit: usize,
    },
    /// The API is not spoken, or not in this version.
    #[error("API {key} version {version} is not spoken here")]
    Unsupported {
        /// The API key.
        key: i16,
        /// The API version.
        version: i16,
    },
    /// ApiVersions in a version that is not spoken. Unlike other APIs it is answered, in version 0, so that the client
    /// can try again with what both speak.
    #[error("a version of ApiVersions that is not spoken here")]
    UnknownApiVersions {
        /// What pairs the answer with the request.
        correlation_id: i32,
    },
    /// The bytes do not have the structure of the message they claim to be.
    #[error("malformed message: {0}")]
    Malformed(String),
    /// A message cannot be put into bytes in the wanted version.
    #[error("message cannot be encoded: {0}")]
    Unencodable(String),
}
