//! A small client for the log, on any [`Runtime`](handoff_broker::Runtime): what Kafka's own clients do, as far as the
//! scenarios need it.
//!
//! - [`Producer`]: batches records by partition (linger, size), keeps their order, tells each its offset.
//! - [`Consumer`]: reads partitions that it is given, by long poll and reading ahead; commits.
//! - [`GroupConsumer`]: reads what its group assigns to it.
//!
//! It talks to one broker, trusts it, and does not reconnect: when its connection is gone every call says so, and its
//! owner makes a new one. Nothing is retried behind the owner's back, so what an error says is true of the operation:
//! it failed, or it may have happened.

mod connection;
mod consumer;
mod error;
mod group_consumer;
mod partitioner;
mod producer;
mod topic_partition;
mod versions;

pub use consumer::{ConsumedRecord, Consumer, ConsumerOptions, OffsetReset};
pub use error::ClientError;
pub use group_consumer::{Event, GroupConsumer, GroupConsumerOptions};
pub use producer::{Acks, Appended, Delivery, Producer, ProducerOptions};
pub use topic_partition::TopicPartition;
