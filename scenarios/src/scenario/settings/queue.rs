//! How the queue is used.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::milliseconds;

/// `[queue]`: how the queue is declared and consumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    /// How many messages a worker may hold unacknowledged.
    pub prefetch: u16,
    /// The most messages that may be ready. Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// What happens to one message more.
    pub overflow: OverflowPolicy,
    /// How often broker and clients show that they live, in seconds; who is silent for twice as long is dead. Left out:
    /// what the broker proposes, a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_s: Option<u16>,
    /// Whether each worker has a queue of its own, and a job goes to the queue that its key says: order for each key,
    /// at the price of what partitions cost.
    pub by_key: bool,
    /// Whether urgent jobs have a queue of their own, from which workers take first: priority by separate queues.
    pub urgent_first: bool,
    /// How long a message may wait before it is set aside as a dead letter, in milliseconds. Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_ttl_ms: Option<f64>,
}

impl Default for QueueSettings {
    /// Work that takes milliseconds: one message at a time, so that none waits at a busy worker.
    fn default() -> Self {
        QueueSettings {
            prefetch: 1,
            max_length: None,
            overflow: OverflowPolicy::RejectPublish,
            heartbeat_s: None,
            by_key: false,
            urgent_first: false,
            message_ttl_ms: None,
        }
    }
}

impl QueueSettings {
    /// How long a message may wait.
    pub fn message_ttl(&self) -> Option<Duration> {
        self.message_ttl_ms.map(milliseconds)
    }
}

/// What a full queue does with one more message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowPolicy {
    /// The publisher is told that it was not taken, and so is its caller.
    #[default]
    RejectPublish,
    /// The oldest message makes room, and is set aside as a dead letter.
    DropHead,
}
