//! A consumer: a fetch is always on its way, and commits go over a connection of their own.
//!
//! A broker answers the requests of a connection one after the other, so a commit would wait for a fetch that waits.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use handoff_scenarios::log::batch::Batch;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, GroupId, OffsetCommitRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::link::{Link, check, decode};
use super::shares::Share;
use crate::target::{Consumer, TargetError};

/// How long a fetch may wait for something to read.
const FETCH_WAIT_MS: i32 = 500;
/// How much a fetch may bring: as much as there is, within reason.
const FETCH_BYTES: i32 = 16 << 20;

/// A consumer of some partitions.
pub(super) struct KafkaConsumer {
    fetches: Link,
    commits: Link,
    topic: StrBytes,
    cursors: Vec<Cursor>,
    is_fetching: bool,
    /// How many commits were not answered.
    uncommitted: usize,
    /// Whether anything was received that was not acknowledged.
    holds_some: bool,
    _share: Share,
}

/// How far it has come in a partition.
struct Cursor {
    partition: i32,
    /// The next offset to read.
    offset: i64,
}

impl KafkaConsumer {
    /// Reads each partition from its offset on.
    pub fn new(fetches: Link, commits: Link, topic: String, offsets: Vec<(i32, i64)>, share: Share) -> Self {
        let cursors = offsets.into_iter().map(|(partition, offset)| Cursor { partition, offset }).collect();
        let topic = StrBytes::from_string(topic);
        let (is_fetching, uncommitted, holds_some) = (false, 0, false);
        KafkaConsumer { fetches, commits, topic, cursors, is_fetching, uncommitted, holds_some, _share: share }
    }

    /// Asks for what comes next, unless that is on its way or there is nothing to read from.
    fn fetch(&mut self) -> Result<(), TargetError> {
        if self.is_fetching || self.cursors.is_empty() {
            return Ok(());
        }
        // Each time another partition comes first, so that none has to wait for a busier one for ever.
        self.cursors.rotate_left(1);
        let partition = |cursor: &Cursor| {
            FetchPartition::default()
                .with_partition(cursor.partition)
                .with_fetch_offset(cursor.offset)
                .with_partition_max_bytes(FETCH_BYTES)
        };
        let topic = FetchTopic::default()
            .with_topic(TopicName(self.topic.clone()))
            .with_partitions(self.cursors.iter().map(partition).collect());
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(FETCH_WAIT_MS)
            .with_min_bytes(1)
            .with_max_bytes(FETCH_BYTES)
            .with_topics(vec![topic]);
        self.is_fetching = true;
        self.fetches.push(&request)
    }

    /// The batches that an answer brings. The cursors go beyond them.
    fn advance(&mut self, answer: Bytes) -> Result<Vec<(i64, Batch)>, TargetError> {
        self.is_fetching = false;
        let answer = decode::<FetchRequest>(answer)?;
        check(answer.error_code)?;
        let mut batches = Vec::new();
        for data in answer.responses.into_iter().flat_map(|topic| topic.partitions) {
            let cursor = self.cursors.iter_mut().find(|cursor| cursor.partition == data.partition_index);
            let cursor = cursor.ok_or_else(|| TargetError::died("records of a partition that was not asked for"))?;
            cursor.advance(data, &mut batches)?;
        }
        Ok(batches)
    }

    fn count_commit(&mut self, answer: Bytes) -> Result<(), TargetError> {
        self.uncommitted -= 1;
        let answer = decode::<OffsetCommitRequest>(answer)?;
        let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).try_for_each(check)
    }

    fn commit(&mut self) -> Result<(), TargetError> {
        let partition = |cursor: &Cursor| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(cursor.partition)
                .with_committed_offset(cursor.offset)
        };
        let topic = OffsetCommitRequestTopic::default()
            .with_name(TopicName(self.topic.clone()))
            .with_partitions(self.cursors.iter().map(partition).collect());
        let request =
            OffsetCommitRequest::default().with_group_id(GroupId(self.topic.clone())).with_topics(vec![topic]);
        self.uncommitted += 1;
        self.commits.push(&request)
    }
}

impl Cursor {
    /// Adds the batches to those that are to be given out, each with the offset from which on its records are new.
    fn advance(&mut self, data: PartitionData, batches: &mut Vec<(i64, Batch)>) -> Result<(), TargetError> {
        if data.error_code == ResponseError::OffsetOutOfRange.code() && data.log_start_offset > self.offset {
            // The log has dropped what was not read. The audit says how much that was.
            self.offset = data.log_start_offset;
            return Ok(());
        }
        check(data.error_code)?;
        let mut rest = data.records.unwrap_or_default();
        while is_whole(&rest) {
            let batch = Batch::take(&mut rest).map_err(TargetError::died)?;
            let end = batch.end_offset().max(self.offset);
            batches.push((std::mem::replace(&mut self.offset, end), batch));
        }
        Ok(())
    }
}

/// Whether the next batch is there to its end; the last of an answer may be cut.
fn is_whole(bytes: &[u8]) -> bool {
    let length = bytes.get(8..12).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
    length.is_some_and(|length| bytes.len() - 12 >= length as usize)
}

/// Gives the records from `offset` on to `take`; how many there were.
fn give(batch: &Batch, offset: i64, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<usize, TargetError> {
    let mut given = 0;
    for stored in batch.records() {
        let stored = stored.map_err(TargetError::died)?;
        if stored.offset >= offset {
            take(stored.record.value.as_deref().unwrap_or_default());
            given += 1;
        }
    }
    Ok(given)
}

impl Consumer for KafkaConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            loop {
                self.fetch()?;
                self.fetches.flush().await?;
                let answer = tokio::select! {
                    biased;
                    committed = self.commits.frame(), if self.uncommitted > 0 => {
                        self.count_commit(committed?)?;
                        continue;
                    }
                    answer = self.fetches.frame() => answer?,
                };
                // From here on nothing is waited for: what has come is given out whole.
                let batches = self.advance(answer)?;
                self.fetch()?;
                self.fetches.start_flush()?;
                let given = batches
                    .iter()
                    .try_fold(0, |given, (offset, batch)| give(batch, *offset, take).map(|more| given + more))?;
                if given > 0 {
                    self.holds_some = true;
                    return Ok(());
                }
            }
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            if std::mem::take(&mut self.holds_some) {
                self.commit()?;
            }
            self.commits.flush().await
        })
    }
}
