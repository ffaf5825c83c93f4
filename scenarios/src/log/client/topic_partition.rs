//! The name of a partition, and how many a topic has.

use std::fmt;
use std::sync::Arc;

use handoff_broker::Runtime;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};

use super::connection::Connection;
use super::error::{ClientError, check};

/// A partition of a topic. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition called so.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }

    /// The topic's name as requests carry it.
    pub(super) fn topic_name(&self) -> TopicName {
        TopicName(self.topic.to_string().into())
    }
}

impl fmt::Display for TopicPartition {
    /// As Kafka's tools write it: `jobs-3`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.topic, self.partition)
    }
}

/// How many partitions `topic` has. A broker that creates topics when they are first named creates it.
pub(super) async fn partition_count<R: Runtime>(connection: &Connection<R>, topic: &str) -> Result<i32, ClientError> {
    let asked = MetadataRequestTopic::default().with_name(Some(TopicName(topic.to_owned().into())));
    let request = MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(true);
    let response = connection.call(&request).await?;
    let described = response.topics.first().ok_or(ClientError::Malformed)?;
    check(described.error_code)?;
    i32::try_from(described.partitions.len()).map_err(|_| ClientError::Malformed)
}
