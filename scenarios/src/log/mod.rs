//! The log baseline: an append-only, partitioned log with offsets, in the manner of Kafka and on Kafka's wire protocol.
//!
//! A producer appends a record to a partition and is told its offset. A consumer pulls: it says from which offset on
//! it wants to read, waits (long poll) until there is something, does the work, and commits how far it has come.
//! Reading removes nothing; retention does, by age and size. Consumers of a group share the partitions, each read by
//! one of them; groups do not notice each other.
//!
//! ```text
//!   producer --\                 .-- partition 0: [..........>   <- fetch -- consumer --.
//!   (batches)   >--- produce -->|--- partition 1: [......>       <- fetch -- consumer    > group: committed offsets
//!   producer --/                 '-- partition 2: [............> <- fetch -- consumer --'
//! ```
//!
//! Rooms, inside out:
//!
//! - [`record`] and [`batch`]: what lies in the log; [`partition`]: one append-only log; [`group`]: consumer groups.
//! - [`broker`]: all of it as one pure state machine, requests in, responses out.
//! - [`wire`]: Kafka's protocol, by the crate `kafka-protocol`.
//! - [`server`]: the shell on any [`Runtime`](handoff_broker::Runtime); [`client`]: producer and consumer.
//!
//! What Kafka has and this has not: replication, disks, transactions, idempotent producers, compaction, static group
//! membership, fetch sessions, security. Everything is in memory: a restart loses it.

pub mod batch;
pub mod broker;
pub mod client;
pub mod group;
pub mod partition;
pub mod record;
pub mod server;
pub mod wire;

pub use batch::BatchError;
pub use broker::{Advertised, BrokerOptions, PartitionSnapshot, Snapshot};
pub use client::{
    Acks, Appended, ClientError, ConsumedRecord, Consumer, ConsumerOptions, Delivery, Event, GroupConsumer,
    GroupConsumerOptions, OffsetReset, Producer, ProducerOptions, TopicPartition,
};
pub use group::GroupOptions;
pub use partition::LogOptions;
pub use record::Record;
pub use server::{LogServer, ServerOptions, serve, serve_again};
