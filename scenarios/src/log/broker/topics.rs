//! The topics and their partitions, by name.

use std::collections::{BTreeMap, BTreeSet};

use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;

use super::RequestId;
use crate::log::partition::{LogOptions, Partition};

/// A partition with those who wait for more of it.
#[derive(Debug, Default)]
pub(super) struct Hosted {
    pub(super) log: Partition,
    /// Parked fetches that asked for this partition.
    pub(super) waiting: BTreeSet<RequestId>,
}

/// All topics.
#[derive(Debug, Default)]
pub(super) struct Topics {
    topics: BTreeMap<String, Vec<Hosted>>,
    partition_count: usize,
}

impl Topics {
    /// Creates a topic, or says why not; with `only_check` it only says whether it could be created.
    pub(super) fn create(
        &mut self,
        name: &str,
        partitions: i32,
        max_partitions: usize,
        only_check: bool,
    ) -> Result<(), ResponseError> {
        if !is_valid(name) {
            return Err(ResponseError::InvalidTopicException);
        }
        if self.topics.contains_key(name) {
            return Err(ResponseError::TopicAlreadyExists);
        }
        let count = usize::try_from(partitions).ok().filter(|count| *count > 0);
        let count = count.ok_or(ResponseError::InvalidPartitions)?;
        if count > max_partitions.saturating_sub(self.partition_count) {
            return Err(ResponseError::PolicyViolation);
        }
        if !only_check {
            self.partition_count += count;
            self.topics.insert(name.to_owned(), std::iter::repeat_with(Hosted::default).take(count).collect());
        }
        Ok(())
    }

    /// Deletes a topic with all its records; whoever waited for more of them.
    pub(super) fn delete(&mut self, name: &str) -> Result<BTreeSet<RequestId>, ResponseError> {
        let hosted = self.topics.remove(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
        self.partition_count -= hosted.len();
        Ok(hosted.into_iter().flat_map(|hosted| hosted.waiting).collect())
    }

    /// The same records, and nobody who waits for more.
    pub(super) fn recover(mut self) -> Self {
        self.topics.values_mut().flatten().for_each(|hosted| hosted.waiting.clear());
        self
    }

    /// The number of partitions of a topic.
    pub(super) fn partitions(&self, name: &str) -> Option<usize> {
        self.topics.get(name).map(Vec::len)
    }

    /// The topics' names, in alphabetical order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Result<&Hosted, ResponseError> {
        let index = usize::try_from(partition).map_err(|_| ResponseError::UnknownTopicOrPartition)?;
        self.topics.get(topic).and_then(|hosted| hosted.get(index)).ok_or(ResponseError::UnknownTopicOrPartition)
    }

    pub(super) fn get_mut(&mut self, topic: &str, partition: i32) -> Result<&mut Hosted, ResponseError> {
        let index = usize::try_from(partition).map_err(|_| ResponseError::UnknownTopicOrPartition)?;
        let topic = self.topics.get_mut(topic).ok_or(ResponseError::UnknownTopicOrPartition)?;
        topic.get_mut(index).ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// Each partition with its topic and number.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, i32, &Partition)> {
        self.topics.iter().flat_map(|(name, hosted)| {
            (0..).zip(hosted).map(|(partition, hosted)| (name.as_str(), partition, &hosted.log))
        })
    }

    /// Enforces retention on each partition.
    pub(super) fn retain(&mut self, now: Timestamp, options: &LogOptions) {
        self.topics.values_mut().flatten().for_each(|hosted| hosted.log.retain(now, options));
    }
}

/// Kafka's rule for topic names.
fn is_valid(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=249).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_kafka_does() {
        assert!(["jobs", "jobs.retry-1_x", "..."].into_iter().all(is_valid));
        assert!(!["", ".", "..", "a b", "a/b", "ä", &"x".repeat(250)].into_iter().any(is_valid));
    }

    #[test]
    fn a_topic_is_created_once_and_within_limits() {
        let mut topics = Topics::default();
        assert_eq!(topics.create("a", 3, 4, true), Ok(()));
        assert_eq!(topics.partitions("a"), None);
        assert_eq!(topics.create("a", 3, 4, false), Ok(()));
        assert_eq!(topics.partitions("a"), Some(3));
        assert_eq!(topics.create("a", 1, 4, false), Err(ResponseError::TopicAlreadyExists));
        assert_eq!(topics.create("b", 2, 4, false), Err(ResponseError::PolicyViolation));
        assert_eq!(topics.create("b", 0, 4, false), Err(ResponseError::InvalidPartitions));
        assert_eq!(topics.delete("a"), Ok(BTreeSet::new()));
        assert_eq!(topics.delete("a"), Err(ResponseError::UnknownTopicOrPartition));
        assert_eq!(topics.create("b", 4, 4, false), Ok(()), "its partitions count no longer");
        assert_eq!(topics.delete("b"), Ok(BTreeSet::new()));
        assert_eq!(topics.create("a", 3, 4, false), Ok(()));
        assert!(topics.get("a", 2).is_ok() && topics.get("a", 3).is_err() && topics.get("a", -1).is_err());
    }
}
