//! What the log holds at an instant, for metrics and for tests.

use super::Broker;
use crate::log::group::CommittedTopic;

/// What a partition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSnapshot {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The offset of the oldest record that is kept.
    pub start_offset: i64,
    /// The offset of the next record.
    pub end_offset: i64,
    /// The bytes kept.
    pub bytes: u64,
}

/// What the log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Each partition, in the order of topics and numbers.
    pub partitions: Vec<PartitionSnapshot>,
    /// Each group with what it has committed.
    pub groups: Vec<(String, Vec<CommittedTopic>)>,
}

impl Snapshot {
    /// The bytes of all records that are kept.
    pub fn bytes(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.bytes).sum()
    }

    /// A partition, if there is one.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<&PartitionSnapshot> {
        self.partitions.iter().find(|found| found.topic == topic && found.partition == partition)
    }

    /// The offset at which `group` goes on in a partition, if it has committed one.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        let (_, topics) = self.groups.iter().find(|(name, _)| name == group)?;
        let found = topics.iter().find(|found| found.name == topic)?;
        let (_, committed) = found.partitions.iter().find(|(number, _)| *number == partition)?;
        committed.as_ref().map(|committed| committed.offset)
    }
}

impl Broker {
    /// What the log holds now. O(partitions and committed offsets).
    pub fn snapshot(&self) -> Snapshot {
        let partitions = self.topics.all().map(|(topic, partition, log)| PartitionSnapshot {
            topic: topic.to_owned(),
            partition,
            start_offset: log.start_offset(),
            end_offset: log.end_offset(),
            bytes: log.bytes(),
        });
        let groups = self.groups.all().map(|(name, committed)| (name.to_owned(), committed));
        Snapshot { partitions: partitions.collect(), groups: groups.collect() }
    }
}
