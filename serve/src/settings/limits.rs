//! What no client may exceed, whatever it asks for.

use handoff_broker::core;
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
    /// The most queues in a virtual host.
    pub queues: usize,
    /// The most exchanges in a virtual host, the predeclared ones included.
    pub exchanges: usize,
    /// The most bindings in a virtual host, those of the default exchange not counted.
    pub bindings: usize,
    /// The most consumers in a virtual host.
    pub consumers: usize,
    /// The most channels of all connections to a virtual host.
    pub channels: usize,
    /// The most that the names, keys and arguments of a virtual host's queues, exchanges and bindings may take, in bytes.
    pub definitions_bytes: usize,
}

impl Default for Limits {
    /// The broker's own.
    fn default() -> Self {
        let ServerOptions { settings, max_connections, memory, .. } = ServerOptions::default();
        let core::Limits { queues, exchanges, bindings, consumers, channels, definition_bytes } =
            core::Limits::default();
        Limits {
            connections: max_connections,
            channel_max: settings.channel_max,
            frame_max_bytes: settings.frame_max,
            message_max_bytes: settings.max_message_bytes,
            handshake_timeout_s: settings.handshake_timeout.as_secs(),
            memory_watermark_bytes: memory.block_above_bytes,
            queues,
            exchanges,
            bindings,
            consumers,
            channels,
            definitions_bytes: definition_bytes,
        }
    }
}

impl Limits {
    /// Those of each virtual host.
    pub(super) fn of_virtual_host(&self) -> core::Limits {
        let Limits { queues, exchanges, bindings, consumers, channels, definitions_bytes, .. } = *self;
        core::Limits { queues, exchanges, bindings, consumers, channels, definition_bytes: definitions_bytes }
    }
}
