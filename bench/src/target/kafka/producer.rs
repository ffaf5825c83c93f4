//! A producer: a request for each batch, several of them outstanding.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, TopicName};

use super::batch;
use super::link::{Link, check, decode};
use crate::target::{Producer, TargetError};

/// Confirmed by all replicas in sync.
const ACKS_ALL: i16 = -1;
/// How long the broker may wait for the replicas.
const REPLICATION_LIMIT_MS: i32 = 30_000;

/// A producer to one partition.
pub(super) struct KafkaProducer {
    link: Link,
    topic: TopicName,
    partition: i32,
    /// How many messages each request has that was not answered.
    outstanding: VecDeque<u64>,
}

impl KafkaProducer {
    pub fn new(link: Link, topic: String, partition: i32) -> Self {
        KafkaProducer { link, topic: TopicName(topic.into()), partition, outstanding: VecDeque::new() }
    }

    fn push(&mut self, bodies: &[Vec<u8>]) -> Result<(), TargetError> {
        let data = PartitionProduceData::default().with_index(self.partition);
        let data = data.with_records(Some(batch::write(bodies)));
        let topic = TopicProduceData::default().with_name(self.topic.clone()).with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_acks(ACKS_ALL)
            .with_timeout_ms(REPLICATION_LIMIT_MS)
            .with_topic_data(vec![topic]);
        self.outstanding.push_back(bodies.len() as u64);
        self.link.push(&request)
    }

    /// How many messages an answer confirms.
    fn count(&mut self, answer: Bytes) -> Result<u64, TargetError> {
        let answer = decode::<ProduceRequest>(answer)?;
        let partitions = answer.responses.iter().flat_map(|topic| &topic.partition_responses);
        partitions.map(|partition| partition.error_code).try_for_each(check)?;
        self.outstanding.pop_front().ok_or_else(|| TargetError::died("an answer to nothing"))
    }
}

impl Producer for KafkaProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let mut rest = bodies;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(batch::fitting(rest));
                self.push(now)?;
                rest = later;
            }
            self.link.flush().await
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            let first = self.link.frame().await?;
            let mut confirmed = self.count(first)?;
            while let Some(answer) = self.link.frame_at_hand()? {
                confirmed += self.count(answer)?;
            }
            Ok(confirmed)
        })
    }
}
