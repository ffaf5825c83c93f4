//! What no client may exceed, whatever it asks for.

use handoff_broker::server::ServerOptions;
use serde::Deserialize;

/// `[limits]`: a client learns of each in its own way (docs/operating.md), and no other client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The most connections at once.
    pub connections: usize,
    /// The most channels on one connection.
    pub channel_max: u16,
    /// The largest frame, in bytes.
    pub frame_max_bytes: u32,
    /// The largest body, in bytes.
    pub message_max_bytes: u64,
    /// How long a client may take from connecting to `connection.open`, TLS included, in seconds.
    pub handshake_timeout_s: u64,
    /// How much memory messages and buffers may take before publishers are blocked, in bytes.
    pub memory_watermark_bytes: u64,
}

impl Default for Limits {
    /// The broker's own.
    fn default() -> Self {
        let ServerOptions { settings, max_connections, memory, .. } = ServerOptions::default();
        Limits {
            connections: max_connections,
            channel_max: settings.channel_max,
            frame_max_bytes: settings.frame_max,
            message_max_bytes: settings.max_message_bytes,
            handshake_timeout_s: settings.handshake_timeout.as_secs(),
            memory_watermark_bytes: memory.block_above_bytes,
        }
    }
}
