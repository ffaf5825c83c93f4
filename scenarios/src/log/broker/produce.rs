//! Produce: a batch for each partition, appended or refused.

use std::collections::BTreeSet;

use bytes::Bytes;
use handoff_broker::Timestamp;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::TopicProduceData;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use super::{Answer, Broker, RequestId};
use crate::log::batch::{Batch, BatchError};
use crate::log::wire::api::Response;

impl Broker {
    /// Appends what can be appended, partition by partition, and then wakes those who waited for it.
    pub(super) fn produce(&mut self, request: ProduceRequest, now: Timestamp) -> Answer {
        let acks_are_valid = matches!(request.acks, -1..=1);
        let mut woken = BTreeSet::new();
        let mut responses = Vec::with_capacity(request.topic_data.len());
        for topic in request.topic_data {
            let append = |broker: &mut Self, partition, records| match acks_are_valid {
                true => broker.append(&topic.name, partition, records, now, &mut woken),
                false => Err(ResponseError::InvalidRequiredAcks),
            };
            responses.push(self.produce_topic(&topic, append));
        }
        self.wake_fetches(woken);
        let failed = responses.iter().flat_map(|topic| &topic.partition_responses).any(|answer| answer.error_code != 0);
        match (request.acks, failed) {
            (0, true) => Answer::Close,
            (0, false) => Answer::Nothing,
            _ => Answer::Now(Box::new(Response::Produce(ProduceResponse::default().with_responses(responses)))),
        }
    }

    fn produce_topic(
        &mut self,
        topic: &TopicProduceData,
        mut append: impl FnMut(&mut Self, i32, Option<Bytes>) -> Result<(i64, i64), ResponseError>,
    ) -> TopicProduceResponse {
        let answers = topic.partition_data.iter().map(|data| {
            let answer = PartitionProduceResponse::default().with_index(data.index);
            match append(self, data.index, data.records.clone()) {
                Ok((base, start)) => answer.with_base_offset(base).with_log_start_offset(start),
                Err(error) => answer.with_error_code(error.code()).with_base_offset(-1),
            }
        });
        TopicProduceResponse::default().with_partition_responses(answers.collect()).with_name(topic.name.clone())
    }

    /// Appends one batch; its base offset, and the log's start offset.
    fn append(
        &mut self,
        topic: &str,
        partition: i32,
        records: Option<Bytes>,
        now: Timestamp,
        woken: &mut BTreeSet<RequestId>,
    ) -> Result<(i64, i64), ResponseError> {
        let hosted = self.topics.get_mut(topic, partition)?;
        let records = records.unwrap_or_default();
        if records.len() > self.options.max_batch_bytes {
            return Err(ResponseError::MessageTooLarge);
        }
        let batch = Batch::from_producer(records).map_err(refusal)?;
        let base_offset = hosted.log.append(&batch, now, &self.options.log);
        // here and not only at the periodic check, so that a fast producer cannot outrun the limit on memory
        hosted.log.retain(now, &self.options.log);
        woken.extend(&hosted.waiting);
        Ok((base_offset, hosted.log.start_offset()))
    }
}

fn refusal(error: BatchError) -> ResponseError {
    match error {
        BatchError::Corrupt => ResponseError::CorruptMessage,
        BatchError::OldFormat => ResponseError::UnsupportedForMessageFormat,
        BatchError::Invalid | BatchError::Compressed => ResponseError::InvalidRecord,
    }
}
