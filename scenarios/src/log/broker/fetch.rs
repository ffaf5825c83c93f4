//! Fetch: read from many partitions, or wait until there is enough to read (long poll).
//!
//! A fetch is answered once `min_bytes` can be read over all its partitions, or `max_wait_ms` have passed, or one of
//! its partitions is in error. Fetch sessions (KIP-227) are not kept: every fetch names all it wants, as the protocol
//! allows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::topics::{Hosted, Topics};
use super::{Answer, Broker, RequestId};
use crate::log::wire::api::Response;

/// Fetches that wait, and when they stop waiting.
#[derive(Debug, Default)]
pub(super) struct ParkedFetches {
    requests: BTreeMap<RequestId, (Timestamp, FetchRequest)>,
    deadlines: BTreeSet<(Timestamp, RequestId)>,
}

impl ParkedFetches {
    pub(super) fn next_deadline(&self) -> Timestamp {
        self.deadlines.first().map_or(Timestamp::NEVER, |(deadline, _)| *deadline)
    }
}

impl Broker {
    pub(super) fn fetch(&mut self, id: RequestId, request: FetchRequest, now: Timestamp) -> Answer {
        if request.session_id != 0 {
            let code = ResponseError::FetchSessionIdNotFound.code();
            return Answer::Now(Box::new(Response::Fetch(FetchResponse::default().with_error_code(code))));
        }
        let max_wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
        if max_wait_ms == 0 || self.topics.satisfies(&request) {
            return Answer::Now(Box::new(Response::Fetch(self.read(&request))));
        }
        for (topic, wanted) in wanted(&request) {
            if let Ok(hosted) = self.topics.get_mut(topic, wanted.partition) {
                hosted.waiting.insert(id);
            }
        }
        let deadline = now + Duration::from_millis(max_wait_ms);
        self.fetches.deadlines.insert((deadline, id));
        self.fetches.requests.insert(id, (deadline, request));
        Answer::Later
    }

    /// Answers those of `ids` that now have enough to read.
    pub(super) fn wake_fetches(&mut self, ids: BTreeSet<RequestId>) {
        for id in ids {
            let parked = self.fetches.requests.get(&id);
            if parked.is_some_and(|(_, request)| self.topics.satisfies(request)) {
                self.complete_fetch(id);
            }
        }
    }

    /// Answers those that have waited long enough with what there is.
    pub(super) fn expire_fetches(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.fetches.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now) {
            self.complete_fetch(id);
        }
    }

    fn complete_fetch(&mut self, id: RequestId) {
        if let Some(request) = self.unpark(id) {
            let response = self.read(&request);
            self.answers.push((id, Response::Fetch(response)));
        }
    }

    /// Takes a fetch out of wherever it waits; `None` if it does not.
    pub(super) fn unpark(&mut self, id: RequestId) -> Option<FetchRequest> {
        let (deadline, request) = self.fetches.requests.remove(&id)?;
        self.fetches.deadlines.remove(&(deadline, id));
        for (topic, wanted) in wanted(&request) {
            if let Ok(hosted) = self.topics.get_mut(topic, wanted.partition) {
                hosted.waiting.remove(&id);
            }
        }
        Some(request)
    }

    /// Reads the partitions in the order in which they were asked for. The first that has anything gives at least one
    /// batch, however small the limits, so that a consumer always gets on (KIP-74).
    fn read(&self, request: &FetchRequest) -> FetchResponse {
        let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0);
        let mut left = Limit { bytes: max_bytes.min(self.options.max_fetch_bytes), owes_one: true };
        let topics = request.topics.iter().map(|topic| {
            let read = |wanted| self.topics.read(&topic.topic, wanted, &mut left);
            FetchableTopicResponse::default()
                .with_topic(topic.topic.clone())
                .with_partitions(topic.partitions.iter().map(read).collect())
        });
        FetchResponse::default().with_responses(topics.collect())
    }
}

/// What may still be read for one response.
struct Limit {
    bytes: usize,
    /// No batch was read yet.
    owes_one: bool,
}

impl Topics {
    /// Whether a fetch need not wait: enough can be read, or something is wrong with what it asks for.
    fn satisfies(&self, request: &FetchRequest) -> bool {
        let mut missing = u64::try_from(request.min_bytes).unwrap_or(0);
        missing == 0
            || wanted(request).any(|(topic, wanted)| {
                let available = self.wanted(topic, wanted).and_then(|hosted| {
                    hosted.log.available(wanted.fetch_offset).map_err(|_| ResponseError::OffsetOutOfRange)
                });
                let readable = available.map(|bytes| bytes.min(u64::try_from(wanted.partition_max_bytes).unwrap_or(0)));
                missing = missing.saturating_sub(readable.unwrap_or(u64::MAX));
                missing == 0
            })
    }

    fn wanted(&self, topic: &str, wanted: &FetchPartition) -> Result<&Hosted, ResponseError> {
        let hosted = self.get(topic, wanted.partition)?;
        // this broker's leader epoch is 0 for ever
        if wanted.current_leader_epoch > 0 { Err(ResponseError::UnknownLeaderEpoch) } else { Ok(hosted) }
    }

    fn read(&self, topic: &str, wanted: &FetchPartition, left: &mut Limit) -> PartitionData {
        let data =
            PartitionData::default().with_partition_index(wanted.partition).with_records(Some(Default::default()));
        let hosted = match self.wanted(topic, wanted) {
            Ok(hosted) => hosted,
            Err(error) => return data.with_error_code(error.code()).with_high_watermark(-1),
        };
        let data = data
            .with_high_watermark(hosted.log.end_offset())
            .with_last_stable_offset(hosted.log.end_offset())
            .with_log_start_offset(hosted.log.start_offset());
        let max_bytes = left.bytes.min(usize::try_from(wanted.partition_max_bytes).unwrap_or(0));
        match hosted.log.read(wanted.fetch_offset, max_bytes, left.owes_one) {
            Ok(records) => {
                left.bytes = left.bytes.saturating_sub(records.len());
                left.owes_one &= records.is_empty();
                data.with_records(Some(records))
            }
            Err(_) => data.with_error_code(ResponseError::OffsetOutOfRange.code()),
        }
    }
}

/// Each partition that a fetch asks for, with its topic.
fn wanted(request: &FetchRequest) -> impl Iterator<Item = (&str, &FetchPartition)> {
    request.topics.iter().flat_map(|topic| topic.partitions.iter().map(|partition| (&**topic.topic, partition)))
}
