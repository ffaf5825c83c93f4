//! One produce request: batches go out, and each record learns what became of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use handoff_broker::Runtime;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName};
use tokio::sync::OwnedSemaphorePermit;

use super::accumulator::PendingBatch;
use super::{Acks, Appended, Reply};
use crate::log::client::connection::Connection;
use crate::log::client::error::{ClientError, check};
use crate::log::record::encode_batch;

/// How long the broker may wait for replicas; there are none to wait for.
const REPLICATION_TIMEOUT_MS: i32 = 30_000;

/// A batch that is in the request, and who is to be told.
struct Sent {
    topic: String,
    partition: i32,
    replies: Vec<(Reply, OwnedSemaphorePermit)>,
}

/// Sends batches, at most one for a partition, in one request. The request is handed over at once, before the future
/// is first polled; the future tells the records.
pub(super) fn send<R: Runtime>(
    connection: &Connection<R>,
    batches: Vec<PendingBatch>,
    acks: Acks,
) -> impl Future<Output = ()> + Send + use<R> {
    let mut topics: BTreeMap<String, Vec<PartitionProduceData>> = BTreeMap::new();
    let mut sent = Vec::with_capacity(batches.len());
    for batch in batches {
        if let Some((data, one)) = encode(batch) {
            topics.entry(one.topic.clone()).or_default().push(data);
            sent.push(one);
        }
    }
    let topics = topics
        .into_iter()
        .map(|(name, data)| TopicProduceData::default().with_name(TopicName(name.into())).with_partition_data(data));
    let request = ProduceRequest::default()
        .with_acks(acks.on_the_wire())
        .with_timeout_ms(REPLICATION_TIMEOUT_MS)
        .with_topic_data(topics.collect());
    let call = match acks {
        Acks::None => connection.begin_unanswered(&request),
        Acks::Leader | Acks::All => connection.begin(&request, Duration::ZERO),
    };
    async move {
        let response = match (call, acks) {
            (Err(error), _) => Err(error),
            (Ok(mut call), Acks::None) => call.written().await.map(|()| None),
            (Ok(mut call), Acks::Leader | Acks::All) => call.answer().await.map(Some),
        };
        for one in sent {
            one.tell(&response);
        }
    }
}

/// A batch as it goes into a request. If it cannot, its records are told.
fn encode(batch: PendingBatch) -> Option<(PartitionProduceData, Sent)> {
    let PendingBatch { topic, partition, records, .. } = batch;
    let split = records.into_iter().map(|one| ((one.reply, one.permit), (one.timestamp_ms, one.record)));
    let (replies, records): (Vec<_>, Vec<_>) = split.unzip();
    match encode_batch(&records) {
        Ok(bytes) => {
            let data = PartitionProduceData::default().with_index(partition).with_records(Some(bytes));
            Some((data, Sent { topic, partition, replies }))
        }
        Err(_) => {
            for (reply, _permit) in replies {
                let _ = reply.send(Err(ClientError::Unencodable));
            }
            None
        }
    }
}

impl Sent {
    /// Tells each record its offset, counted on from the batch's, or what went wrong.
    fn tell(self, response: &Result<Option<ProduceResponse>, ClientError>) {
        let base_offset = match response {
            Ok(Some(response)) => self.base_offset(response).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(*error),
        };
        let partition = self.partition;
        for (index, (reply, _permit)) in (0..).zip(self.replies) {
            let appended = base_offset.map(|base| Appended { partition, offset: base.map(|base| base + index) });
            let _ = reply.send(appended);
        }
    }

    fn base_offset(&self, response: &ProduceResponse) -> Result<i64, ClientError> {
        let topic = response.responses.iter().find(|answer| answer.name.as_str() == self.topic);
        let mut answers = topic.into_iter().flat_map(|topic| &topic.partition_responses);
        let answer = answers.find(|answer| answer.index == self.partition).ok_or(ClientError::Malformed)?;
        check(answer.error_code)?;
        Ok(answer.base_offset)
    }
}
