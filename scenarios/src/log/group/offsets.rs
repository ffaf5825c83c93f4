//! The offsets that a group has committed: for each partition, where it will go on.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition;

/// How far a group has come in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The offset of the next record to read.
    pub offset: i64,
    /// The leader epoch of the last record read, as the client said; -1 if it did not.
    pub leader_epoch: i32,
    /// A note by the client.
    pub metadata: String,
}

impl From<&OffsetCommitRequestPartition> for Committed {
    fn from(request: &OffsetCommitRequestPartition) -> Self {
        Committed {
            offset: request.committed_offset,
            leader_epoch: request.committed_leader_epoch,
            metadata: request.committed_metadata.as_ref().map(|note| note.to_string()).unwrap_or_default(),
        }
    }
}

/// A topic with what is committed for each partition that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedTopic {
    /// The topic.
    pub name: String,
    /// Partition numbers, with what is committed there, if anything is.
    pub partitions: Vec<(i32, Option<Committed>)>,
}

/// A group's committed offsets.
#[derive(Debug, Default)]
pub(super) struct Offsets(BTreeMap<String, BTreeMap<i32, Committed>>);

impl Offsets {
    pub(super) fn commit(&mut self, topic: &str, partition: i32, committed: Committed) {
        match self.0.get_mut(topic) {
            Some(partitions) => drop(partitions.insert(partition, committed)),
            None => drop(self.0.insert(topic.to_owned(), BTreeMap::from([(partition, committed)]))),
        }
    }

    pub(super) fn committed(&self, topic: &str, partition: i32) -> Option<Committed> {
        self.0.get(topic)?.get(&partition).cloned()
    }

    pub(super) fn all(&self) -> Vec<CommittedTopic> {
        let all = |partitions: &BTreeMap<i32, Committed>| {
            partitions.iter().map(|(partition, committed)| (*partition, Some(committed.clone()))).collect()
        };
        self.0
            .iter()
            .map(|(name, partitions)| CommittedTopic { name: name.clone(), partitions: all(partitions) })
            .collect()
    }

    pub(super) fn forget(&mut self, topic: &str) {
        self.0.remove(topic);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
