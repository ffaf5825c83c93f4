//! What the log broker is told at its start. Names and meanings are Kafka's.

use crate::log::group::GroupOptions;
use crate::log::partition::LogOptions;

/// Settings of the broker's state; those of its sockets are in
/// [`ServerOptions`](crate::log::ServerOptions).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerOptions {
    /// The number of partitions of topics that are created without saying one (`num.partitions`).
    pub partitions: i32,
    /// Whether asking for a topic's metadata creates it (`auto.create.topics.enable`).
    pub auto_create_topics: bool,
    /// The most partitions of all topics together.
    pub max_partitions: usize,
    /// The most bytes in a produced batch (`message.max.bytes`).
    pub max_batch_bytes: usize,
    /// The most bytes of records in a fetch response, unless one batch alone is larger (`fetch.max.bytes`).
    pub max_fetch_bytes: usize,
    /// How often a log that nothing is appended to is looked at for records that are too old
    /// (`log.retention.check.interval.ms`).
    pub retention_check_ms: u64,
    /// How each partition keeps its records.
    pub log: LogOptions,
    /// How consumer groups are run.
    pub group: GroupOptions,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        BrokerOptions {
            partitions: 1,
            auto_create_topics: true,
            max_partitions: 10_000,
            max_batch_bytes: 1 << 20,
            max_fetch_bytes: 16 << 20,
            retention_check_ms: 1_000,
            log: LogOptions::default(),
            group: GroupOptions::default(),
        }
    }
}

/// Where clients are told to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}
