//! What a server allows its clients.

use std::sync::Arc;
use std::time::Duration;

use crate::access::AccessControl;
use crate::amqp::Settings;

/// A server's settings. What its virtual hosts may hold is the business of whoever makes their cores
/// ([`Limits`](crate::core::Limits)).
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The terms of each connection, and who may connect.
    pub settings: Settings,
    /// The most connections at once; one more is closed as soon as it is accepted.
    pub max_connections: usize,
    /// Where producers are stopped.
    pub memory: MemoryWatermark,
    /// How long a server that was shut down waits for its connections to end.
    pub shutdown_timeout: Duration,
}

impl ServerOptions {
    /// The default, but `guest` may connect from anywhere: for a network in which nobody is a stranger.
    pub fn trusting() -> Self {
        let settings = Settings { access: Arc::new(AccessControl::trusting()), ..Settings::default() };
        ServerOptions { settings, ..ServerOptions::default() }
    }
}

/// How much memory messages and buffers may take before whoever publishes is not read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryWatermark {
    /// Publishing connections are blocked when this many bytes are in use.
    pub block_above_bytes: u64,
    /// They go on when no more than this many bytes are.
    pub resume_below_bytes: u64,
}

impl MemoryWatermark {
    /// Blocks above `bytes`, and resumes when a tenth of that is free again.
    pub const fn at(bytes: u64) -> Self {
        MemoryWatermark { block_above_bytes: bytes, resume_below_bytes: bytes - bytes / 10 }
    }

    /// Whether producers are to be blocked, with so many bytes in use, if they are or are not now.
    pub(super) const fn blocks(self, used_bytes: u64, is_blocking: bool) -> bool {
        used_bytes > if is_blocking { self.resume_below_bytes } else { self.block_above_bytes }
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            settings: Settings::default(),
            max_connections: 20_000,
            memory: MemoryWatermark::at(1024 * 1024 * 1024),
            shutdown_timeout: Duration::from_secs(15),
        }
    }
}
