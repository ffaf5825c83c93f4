//! The consumer: reads the partitions it was given, keeps its position in each, commits for its group.
//!
//! It reads ahead: the next fetch is on its way while the records of the last are worked on. Everything else goes over
//! a second connection, since the broker answers one connection's requests in order and a waiting fetch would hold
//! them up.

mod fetcher;
mod offsets;

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::Runtime;
use kafka_protocol::ResponseError;

use super::connection::Connection;
use super::error::ClientError;
use super::topic_partition::{TopicPartition, partition_count};
use crate::log::broker::special;
use crate::log::record::Record;
use fetcher::{Fetcher, Polled};
use offsets::Committer;

/// Where to go on when there is no committed offset, or retention has dropped what it points to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffsetReset {
    /// At the oldest record that there is.
    Earliest,
    /// After the newest, with what comes from now on.
    #[default]
    Latest,
    /// Nowhere: the caller gets the error.
    Fail,
}

/// Settings of a consumer, with Kafka's names, meanings and defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// What the client calls itself.
    pub client_id: String,
    /// For whom offsets are committed; empty is nobody.
    pub group: String,
    /// Where to go on when there is nothing to go on from (`auto.offset.reset`).
    pub reset: OffsetReset,
    /// A fetch waits until so many bytes can be read (`fetch.min.bytes`), ...
    pub min_bytes: i32,
    /// ... but no longer than this (`fetch.max.wait.ms`).
    pub max_wait: Duration,
    /// The most bytes in a fetch (`fetch.max.bytes`).
    pub max_bytes: i32,
    /// The most bytes of one partition in a fetch (`max.partition.fetch.bytes`).
    pub partition_max_bytes: i32,
    /// The most records that one poll gives (`max.poll.records`).
    pub max_poll_records: usize,
    /// How long connecting, and each request beyond its waiting, may take (`request.timeout.ms`).
    pub request_timeout: Duration,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        ConsumerOptions {
            client_id: "consumer".to_owned(),
            group: String::new(),
            reset: OffsetReset::Latest,
            min_bytes: 1,
            max_wait: Duration::from_millis(500),
            max_bytes: 50 << 20,
            partition_max_bytes: 1 << 20,
            max_poll_records: 500,
            request_timeout: Duration::from_secs(30),
        }
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// Where from.
    pub from: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// When it was created, by its producer's clock, in milliseconds since the epoch; -1 if it does not say.
    pub timestamp_ms: i64,
    /// The record.
    pub record: Record,
}

/// Reads partitions. At-least-once is up to the owner: work first, then [`commit`](Consumer::commit).
pub struct Consumer<R: Runtime> {
    runtime: R,
    options: ConsumerOptions,
    control: Connection<R>,
    fetcher: Fetcher<R>,
    committer: Committer<R>,
    skipped: u64,
}

impl<R: Runtime> Consumer<R> {
    /// Connects to a broker. Nothing is read until partitions are assigned.
    pub async fn connect(runtime: &R, address: SocketAddr, options: ConsumerOptions) -> Result<Self, ClientError> {
        let open = || Connection::open(runtime, address, &options.client_id, options.request_timeout);
        let control = open().await?;
        let fetcher = Fetcher::new(open().await?, options.clone());
        let committer = Committer::new(control.clone(), options.group.clone());
        Ok(Consumer { runtime: runtime.clone(), options, control, fetcher, committer, skipped: 0 })
    }

    /// How many partitions a topic has.
    pub async fn partition_count(&self, topic: &str) -> Result<i32, ClientError> {
        partition_count(&self.control, topic).await
    }

    /// Reads exactly these partitions from now on: where the group has committed, else by [`OffsetReset`]. Those that
    /// were assigned before keep their position.
    pub async fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), ClientError> {
        self.fetcher.retain(|assigned| partitions.contains(assigned));
        let new: Vec<_> = partitions.iter().filter(|wanted| self.position(wanted).is_none()).cloned().collect();
        let committed = self.committer.committed(&new).await?;
        for (partition, committed) in new.into_iter().zip(committed) {
            let offset = match committed {
                Some(offset) => offset,
                None => self.reset_offset(&partition).await?,
            };
            self.fetcher.seek(partition, offset);
        }
        Ok(())
    }

    /// The next records, of one or more partitions, each partition's in order. Waits up to
    /// [`max_wait`](ConsumerOptions::max_wait), then gives none. Where retention was faster than the reader, it goes
    /// on by [`OffsetReset`].
    ///
    /// Dropping the future loses nothing.
    pub async fn poll(&mut self) -> Result<Vec<ConsumedRecord>, ClientError> {
        loop {
            match self.fetcher.poll(&self.runtime).await? {
                Polled::Records(records) => return Ok(records),
                Polled::OutOfRange(partition, offset) => {
                    let reset = self.reset_offset(&partition).await?;
                    self.skipped += u64::try_from(reset - offset).unwrap_or(0);
                    self.fetcher.seek(partition, reset);
                }
            }
        }
    }

    /// The offset of the next record that poll gives of a partition; none if it is not assigned.
    pub fn position(&self, partition: &TopicPartition) -> Option<i64> {
        self.fetcher.position(partition)
    }

    /// Each assigned partition with its position.
    pub fn positions(&self) -> Vec<(TopicPartition, i64)> {
        self.fetcher.positions()
    }

    /// How many offsets were skipped because retention had dropped them before they were read.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Goes on at `offset`, forwards or back. An assigned partition keeps being read; any other is assigned by it.
    pub fn seek(&mut self, partition: &TopicPartition, offset: i64) {
        self.fetcher.seek(partition.clone(), offset);
    }

    /// Goes on at the first record created at `timestamp_ms` (since the epoch) or later; at the end if there is none.
    pub async fn seek_to_time(&mut self, partition: &TopicPartition, timestamp_ms: i64) -> Result<(), ClientError> {
        let offset = match self.committer.offset_at(partition, timestamp_ms.max(0)).await? {
            Some(offset) => offset,
            None => self.end_offset(partition).await?,
        };
        self.seek(partition, offset);
        Ok(())
    }

    /// The offset of the next record that will be appended to a partition.
    pub async fn end_offset(&self, partition: &TopicPartition) -> Result<i64, ClientError> {
        self.committer.offset_at(partition, special::LATEST).await?.ok_or(ClientError::Malformed)
    }

    /// The offset of the oldest record of a partition.
    pub async fn start_offset(&self, partition: &TopicPartition) -> Result<i64, ClientError> {
        self.committer.offset_at(partition, special::EARLIEST).await?.ok_or(ClientError::Malformed)
    }

    /// Commits for the group: each partition with the offset of the next record that is to be read.
    pub async fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), ClientError> {
        self.committer.commit(offsets).await
    }

    /// What the group has committed for a partition.
    pub async fn committed(&self, partition: &TopicPartition) -> Result<Option<i64>, ClientError> {
        let committed = self.committer.committed(std::slice::from_ref(partition)).await?;
        Ok(committed.first().copied().flatten())
    }

    /// Whether a connection is lost, so that nothing can be read or committed any more.
    pub fn is_closed(&self) -> bool {
        self.control.is_closed() || self.fetcher.is_closed()
    }

    /// The connection for everything but fetches.
    pub(super) fn control(&self) -> &Connection<R> {
        &self.control
    }

    /// Commits as a member of the group from now on.
    pub(super) fn enter_group(&mut self, member_id: String, generation: i32) {
        self.committer.set_member(Some((member_id, generation)));
    }

    /// Gives up all partitions and does not commit as a member any more.
    pub(super) async fn leave_group(&mut self) -> Result<(), ClientError> {
        self.committer.set_member(None);
        self.assign(&[]).await
    }

    async fn reset_offset(&self, partition: &TopicPartition) -> Result<i64, ClientError> {
        match self.options.reset {
            OffsetReset::Earliest => self.start_offset(partition).await,
            OffsetReset::Latest => self.end_offset(partition).await,
            OffsetReset::Fail => Err(ResponseError::OffsetOutOfRange.into()),
        }
    }
}
