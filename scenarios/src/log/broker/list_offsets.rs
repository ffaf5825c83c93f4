//! ListOffsets: the earliest offset, the latest, or the one that a point in time stands for.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::Broker;
use crate::log::partition::Place;

/// Timestamps that are not points in time (KIP-79, KIP-734).
pub mod special {
    /// The end offset.
    pub const LATEST: i64 = -1;
    /// The start offset.
    pub const EARLIEST: i64 = -2;
    /// The offset of the record with the latest creation time.
    pub const MAX_TIMESTAMP: i64 = -3;
}

/// What stands for an offset or a time that there is not.
const NONE: Place = Place { offset: -1, timestamp_ms: -1 };

impl Broker {
    pub(super) fn list_offsets(&self, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let answer = ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
                match self.list_offset(&topic.name, asked) {
                    Ok(place) => answer.with_offset(place.offset).with_timestamp(place.timestamp_ms),
                    Err(error) => answer.with_error_code(error.code()),
                }
            });
            ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
        });
        ListOffsetsResponse::default().with_topics(topics.collect())
    }

    fn list_offset(&self, topic: &str, asked: &ListOffsetsPartition) -> Result<Place, ResponseError> {
        let log = &self.topics.get(topic, asked.partition_index)?.log;
        match asked.timestamp {
            special::LATEST => Ok(Place { offset: log.end_offset(), ..NONE }),
            special::EARLIEST => Ok(Place { offset: log.start_offset(), ..NONE }),
            special::MAX_TIMESTAMP => Ok(log.latest_created().unwrap_or(NONE)),
            timestamp_ms if timestamp_ms >= 0 => Ok(log.first_since(timestamp_ms).unwrap_or(NONE)),
            _ => Err(ResponseError::UnsupportedVersion),
        }
    }
}
