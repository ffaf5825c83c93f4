//! How the log is used.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::milliseconds;

/// `[log]`: how the log is laid out and read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// How many partitions there are. Left out: one for each worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u32>,
    /// Who says which worker reads which partition.
    pub assignment: Assignment,
    /// How long a group waits for a member that is not heard of, in milliseconds. Kafka's default.
    pub session_timeout_ms: u64,
    /// What makes a record count as appended.
    pub acks: Acknowledgements,
    /// How long the front end waits for more records to send with one, in milliseconds.
    pub linger_ms: f64,
    /// The longest that a fetch waits for a record, in milliseconds.
    pub poll_wait_ms: f64,
    /// The most records that a worker takes from one fetch before it commits.
    pub max_poll_records: u32,
    /// For how long records are kept, in seconds. Left out: for the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_s: Option<f64>,
    /// How many bytes of each partition are kept. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_bytes: Option<u64>,
    /// Whether a record that failed `work.max_attempts` times is written to a dead-letter topic, as people build it
    /// by hand. If not, it is tried for ever, and blocks its partition.
    pub dead_letter_topic: bool,
}

impl Default for LogSettings {
    /// No lingering, since a caller waits; a commit after each record, dear for small work, since it leaves the least
    /// to repeat after a crash.
    fn default() -> Self {
        LogSettings {
            partitions: None,
            assignment: Assignment::Static,
            session_timeout_ms: 45_000,
            acks: Acknowledgements::Leader,
            linger_ms: 0.0,
            poll_wait_ms: 500.0,
            max_poll_records: 1,
            retention_s: None,
            retention_bytes: None,
            dead_letter_topic: true,
        }
    }
}

impl LogSettings {
    /// How long the front end waits for more records to send with one.
    pub fn linger(&self) -> Duration {
        milliseconds(self.linger_ms)
    }

    /// The longest that a fetch waits for a record.
    pub fn poll_wait(&self) -> Duration {
        milliseconds(self.poll_wait_ms)
    }

    /// For how long records are kept; `None` is for the whole run.
    pub fn retention(&self) -> Option<Duration> {
        self.retention_s.map(Duration::from_secs_f64)
    }

    /// How long a group waits for a member that is not heard of.
    pub fn session_timeout(&self) -> Duration {
        Duration::from_millis(self.session_timeout_ms)
    }
}

/// Who says which worker reads which partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignment {
    /// Nobody: they are dealt out once and for all. A dead worker's partitions wait for it.
    #[default]
    Static,
    /// The workers are a consumer group: when one comes or goes, all stop and share the partitions anew.
    Group,
}

/// What makes a record count as appended (`acks`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acknowledgements {
    /// The log says so (1).
    #[default]
    Leader,
    /// It was written to the connection (0).
    None,
}
