//! A group's committed offsets, and offsets that times stand for, from the client's side.

use std::collections::BTreeMap;

use handoff_broker::Runtime;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    BrokerId, GroupId, ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest, TopicName,
};

use crate::log::client::connection::Connection;
use crate::log::client::error::{ClientError, check};
use crate::log::client::topic_partition::TopicPartition;

/// Commits for a group, as a member of it or from outside.
pub(super) struct Committer<R: Runtime> {
    connection: Connection<R>,
    group: String,
    /// The member and its generation; none for who was given partitions by hand.
    member: Option<(String, i32)>,
}

impl<R: Runtime> Committer<R> {
    pub(super) fn new(connection: Connection<R>, group: String) -> Self {
        Committer { connection, group, member: None }
    }

    pub(super) fn set_member(&mut self, member: Option<(String, i32)>) {
        self.member = member;
    }

    /// Each topic with what `partitions` asks of it.
    fn by_topic<T>(partitions: impl Iterator<Item = (TopicPartition, T)>) -> BTreeMap<TopicName, Vec<(i32, T)>> {
        let mut topics: BTreeMap<TopicName, Vec<(i32, T)>> = BTreeMap::new();
        for (partition, asked) in partitions {
            topics.entry(partition.topic_name()).or_default().push((partition.partition, asked));
        }
        topics
    }

    pub(super) async fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), ClientError> {
        let topics = Self::by_topic(offsets.iter().cloned()).into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(partition, offset)| {
                OffsetCommitRequestPartition::default().with_partition_index(partition).with_committed_offset(offset)
            });
            OffsetCommitRequestTopic::default().with_name(name).with_partitions(partitions.collect())
        });
        let (member_id, generation) = self.member.clone().unwrap_or((String::new(), -1));
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(self.group.clone().into()))
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(member_id.into())
            .with_topics(topics.collect());
        let response = self.connection.call(&request).await?;
        let mut answers = response.topics.iter().flat_map(|topic| &topic.partitions);
        answers.try_for_each(|answer| check(answer.error_code))
    }

    /// What is committed for each of `partitions`, in their order. Nothing, if there is no group.
    pub(super) async fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, ClientError> {
        if self.group.is_empty() || partitions.is_empty() {
            return Ok(vec![None; partitions.len()]);
        }
        let asked = Self::by_topic(partitions.iter().map(|partition| (partition.clone(), ())));
        let topics = asked.into_iter().map(|(name, partitions)| {
            let indexes = partitions.into_iter().map(|(partition, ())| partition).collect();
            OffsetFetchRequestTopic::default().with_name(name).with_partition_indexes(indexes)
        });
        let request = OffsetFetchRequest::default()
            .with_group_id(GroupId(self.group.clone().into()))
            .with_topics(Some(topics.collect()));
        let response = self.connection.call(&request).await?;
        check(response.error_code)?;
        let mut committed = BTreeMap::new();
        for topic in &response.topics {
            for answer in &topic.partitions {
                check(answer.error_code)?;
                committed.insert((topic.name.as_str(), answer.partition_index), answer.committed_offset);
            }
        }
        let find = |wanted: &TopicPartition| committed.get(&(&*wanted.topic, wanted.partition)).copied();
        Ok(partitions.iter().map(|wanted| find(wanted).filter(|offset| *offset >= 0)).collect())
    }

    /// The offset that a time, or one of the special times, stands for; none if no record is that young.
    pub(super) async fn offset_at(
        &self,
        partition: &TopicPartition,
        timestamp_ms: i64,
    ) -> Result<Option<i64>, ClientError> {
        let asked =
            ListOffsetsPartition::default().with_partition_index(partition.partition).with_timestamp(timestamp_ms);
        let topic = ListOffsetsTopic::default().with_name(partition.topic_name()).with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
        let response = self.connection.call(&request).await?;
        let mut answers = response.topics.iter().flat_map(|topic| &topic.partitions);
        let answer = answers.next().ok_or(ClientError::Malformed)?;
        check(answer.error_code)?;
        Ok(Some(answer.offset).filter(|offset| *offset >= 0))
    }
}
