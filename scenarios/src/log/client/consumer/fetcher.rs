//! Fetching: positions, the fetch in flight, and records that were fetched and not yet given out.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use handoff_broker::Runtime;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse};

use super::{ConsumedRecord, ConsumerOptions};
use crate::log::batch::Batch;
use crate::log::client::connection::{Call, Connection};
use crate::log::client::error::{ClientError, check};
use crate::log::client::topic_partition::TopicPartition;

/// Where an assigned partition is.
#[derive(Clone, Copy)]
struct Cursor {
    /// The next record to give out.
    position: i64,
    /// The next record to fetch.
    fetch_offset: i64,
}

/// A fetch that was sent, and what it asked for.
struct InFlight<R: Runtime> {
    call: Call<R, FetchRequest>,
    asked: BTreeMap<TopicPartition, i64>,
}

/// What a poll came to.
pub(super) enum Polled {
    /// Records, or none in time.
    Records(Vec<ConsumedRecord>),
    /// The offset at which this partition was to be read is not there.
    OutOfRange(TopicPartition, i64),
}

pub(super) struct Fetcher<R: Runtime> {
    connection: Connection<R>,
    options: ConsumerOptions,
    assigned: BTreeMap<TopicPartition, Cursor>,
    fetched: VecDeque<ConsumedRecord>,
    in_flight: Option<InFlight<R>>,
    /// Counts fetches, so that each begins with another partition and none is starved by the byte limit.
    turn: usize,
}

impl<R: Runtime> Fetcher<R> {
    pub(super) fn new(connection: Connection<R>, options: ConsumerOptions) -> Self {
        let (assigned, fetched) = (BTreeMap::new(), VecDeque::new());
        Fetcher { connection, options, assigned, fetched, in_flight: None, turn: 0 }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    pub(super) fn position(&self, partition: &TopicPartition) -> Option<i64> {
        self.assigned.get(partition).map(|cursor| cursor.position)
    }

    pub(super) fn positions(&self) -> Vec<(TopicPartition, i64)> {
        self.assigned.iter().map(|(partition, cursor)| (partition.clone(), cursor.position)).collect()
    }

    /// Reads `partition` from `offset` on; what was fetched of it before does not count any more.
    pub(super) fn seek(&mut self, partition: TopicPartition, offset: i64) {
        self.fetched.retain(|record| record.from != partition);
        self.assigned.insert(partition, Cursor { position: offset, fetch_offset: offset });
    }

    /// Gives up the partitions that are not wanted.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&TopicPartition) -> bool) {
        self.assigned.retain(|partition, _| is_wanted(partition));
        self.fetched.retain(|record| is_wanted(&record.from));
    }

    pub(super) async fn poll(&mut self, runtime: &R) -> Result<Polled, ClientError> {
        if self.assigned.is_empty() {
            runtime.sleep(self.options.max_wait).await;
        } else if self.fetched.is_empty() {
            self.begin()?;
            if let Some(in_flight) = &mut self.in_flight {
                let answer = in_flight.call.answer().await;
                let asked = self.in_flight.take().map(|in_flight| in_flight.asked).unwrap_or_default();
                if let Some((partition, offset)) = self.take(answer?, &asked)? {
                    return Ok(Polled::OutOfRange(partition, offset));
                }
            }
        }
        Ok(Polled::Records(self.give_out()))
    }

    /// Fetched records, as many as one poll gives. The next fetch is sent when they are the last.
    fn give_out(&mut self) -> Vec<ConsumedRecord> {
        let count = self.fetched.len().min(self.options.max_poll_records.max(1));
        let records: Vec<_> = self.fetched.drain(..count).collect();
        for record in &records {
            if let Some(cursor) = self.assigned.get_mut(&record.from) {
                cursor.position = record.offset + 1;
            }
        }
        if !records.is_empty() && self.fetched.is_empty() {
            // should it fail, the next poll says so
            let _ = self.begin();
        }
        records
    }

    /// Sends a fetch, if none is in flight.
    fn begin(&mut self) -> Result<(), ClientError> {
        if self.in_flight.is_some() || self.assigned.is_empty() {
            return Ok(());
        }
        let asked: BTreeMap<_, _> =
            self.assigned.iter().map(|(partition, cursor)| (partition.clone(), cursor.fetch_offset)).collect();
        self.turn += 1;
        let first = self.turn % asked.len();
        let mut topics: Vec<FetchTopic> = Vec::new();
        for (partition, offset) in asked.iter().skip(first).chain(asked.iter().take(first)) {
            let wanted = FetchPartition::default()
                .with_partition(partition.partition)
                .with_fetch_offset(*offset)
                .with_partition_max_bytes(self.options.partition_max_bytes);
            match topics.last_mut().filter(|topic| topic.topic.as_str() == &*partition.topic) {
                Some(topic) => topic.partitions.push(wanted),
                None => {
                    let topic = FetchTopic::default().with_topic(partition.topic_name());
                    topics.push(topic.with_partitions(vec![wanted]));
                }
            }
        }
        let max_wait = self.options.max_wait;
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(self.options.min_bytes)
            .with_max_bytes(self.options.max_bytes)
            .with_topics(topics);
        let call = self.connection.begin(&request, max_wait)?;
        self.in_flight = Some(InFlight { call, asked });
        Ok(())
    }

    /// Takes what was fetched of partitions that are still wanted where they were asked for. Gives a partition that
    /// has to be reset, if there is one.
    fn take(
        &mut self,
        response: FetchResponse,
        asked: &BTreeMap<TopicPartition, i64>,
    ) -> Result<Option<(TopicPartition, i64)>, ClientError> {
        check(response.error_code)?;
        let mut out_of_range = None;
        for topic in response.responses {
            let name: std::sync::Arc<str> = topic.topic.as_str().into();
            for data in topic.partitions {
                let partition = TopicPartition::new(name.clone(), data.partition_index);
                let Some(cursor) = self.assigned.get_mut(&partition) else { continue };
                if asked.get(&partition) != Some(&cursor.fetch_offset) {
                    continue;
                }
                if data.error_code == ResponseError::OffsetOutOfRange.code() {
                    out_of_range = Some((partition, cursor.fetch_offset));
                    continue;
                }
                check(data.error_code)?;
                let records = read(data.records.unwrap_or_default(), &partition, cursor.fetch_offset)?;
                cursor.fetch_offset = records.last().map_or(cursor.fetch_offset, |record| record.offset + 1);
                self.fetched.extend(records);
            }
        }
        Ok(out_of_range)
    }
}

/// The records from `offset` on; the batches may begin before it.
fn read(mut bytes: Bytes, from: &TopicPartition, offset: i64) -> Result<Vec<ConsumedRecord>, ClientError> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        for stored in Batch::take(&mut bytes)?.records() {
            let stored = stored?;
            if stored.offset >= offset {
                let (offset, timestamp_ms, record) = (stored.offset, stored.timestamp_ms, stored.record);
                records.push(ConsumedRecord { from: from.clone(), offset, timestamp_ms, record });
            }
        }
    }
    Ok(records)
}
