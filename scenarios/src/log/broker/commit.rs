//! OffsetCommit and OffsetFetch: how far a group has come in each partition.

use handoff_broker::Timestamp;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};

use super::Broker;
use crate::log::group::{Committed, CommittedTopic};

/// The topics and partitions whose offsets are asked for; `None` for all that the group has.
type Asked<'a> = Option<Vec<(&'a TopicName, &'a [i32])>>;

impl Broker {
    pub(super) fn offset_commit(&mut self, request: &OffsetCommitRequest, now: Timestamp) -> OffsetCommitResponse {
        let mut group = self.groups.committer(request, now);
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let outcome = self.topics.get(&topic.name, asked.partition_index).and_then(|_| match &mut group {
                    Ok(group) => group.commit(&topic.name, asked.partition_index, asked.into()),
                    Err(error) => Err(*error),
                });
                OffsetCommitResponsePartition::default()
                    .with_partition_index(asked.partition_index)
                    .with_error_code(outcome.err().map_or(0, |error| error.code()))
            });
            OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    }

    /// One group up to version 7, several from version 8 on.
    pub(super) fn offset_fetch(&self, request: &OffsetFetchRequest, version: i16) -> OffsetFetchResponse {
        if version < 8 {
            let topics = request.topics.as_deref();
            let asked: Asked =
                topics.map(|topics| topics.iter().map(|t| (&t.name, &t.partition_indexes[..])).collect());
            let found = self.committed(&request.group_id, asked);
            return OffsetFetchResponse::default().with_topics(found.into_iter().map(topic).collect());
        }
        let groups = request.groups.iter().map(|group| {
            let topics = group.topics.as_deref();
            let asked: Asked =
                topics.map(|topics| topics.iter().map(|t| (&t.name, &t.partition_indexes[..])).collect());
            let found = self.committed(&group.group_id, asked);
            OffsetFetchResponseGroup::default()
                .with_group_id(group.group_id.clone())
                .with_topics(found.into_iter().map(topic_of_group).collect())
        });
        OffsetFetchResponse::default().with_groups(groups.collect())
    }

    fn committed(&self, group: &str, asked: Asked) -> Vec<CommittedTopic> {
        let Some(asked) = asked else {
            return self.groups.all_committed(group);
        };
        let find = |topic: &str, partition| (partition, self.groups.committed(group, topic, partition));
        let topic = |(name, partitions): (&TopicName, &[i32])| CommittedTopic {
            name: name.to_string(),
            partitions: partitions.iter().map(|partition| find(name, *partition)).collect(),
        };
        asked.into_iter().map(topic).collect()
    }
}

/// What is said of a partition for which nothing is committed.
const NONE: Committed = Committed { offset: -1, leader_epoch: -1, metadata: String::new() };

/// A topic as it is written up to version 7.
fn topic(found: CommittedTopic) -> OffsetFetchResponseTopic {
    let partitions = found.partitions.into_iter().map(|(partition, committed)| {
        let Committed { offset, leader_epoch, metadata } = committed.unwrap_or(NONE);
        OffsetFetchResponsePartition::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_committed_leader_epoch(leader_epoch)
            .with_metadata(Some(metadata.into()))
    });
    OffsetFetchResponseTopic::default().with_name(TopicName(found.name.into())).with_partitions(partitions.collect())
}

/// A topic as it is written from version 8 on.
fn topic_of_group(found: CommittedTopic) -> OffsetFetchResponseTopics {
    let partitions = found.partitions.into_iter().map(|(partition, committed)| {
        let Committed { offset, leader_epoch, metadata } = committed.unwrap_or(NONE);
        OffsetFetchResponsePartitions::default()
            .with_partition_index(partition)
            .with_committed_offset(offset)
            .with_committed_leader_epoch(leader_epoch)
            .with_metadata(Some(metadata.into()))
    });
    OffsetFetchResponseTopics::default().with_name(TopicName(found.name.into())).with_partitions(partitions.collect())
}
