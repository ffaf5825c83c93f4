//! The broker without a network and without a clock.

mod fetches;
mod groups;
mod requests;

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_broker::Timestamp;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;

use super::*;
use crate::log::record::{Record, encode_batch};
use crate::log::wire::api::spoken;

/// A broker with the time, and the answers that have come.
struct Play {
    broker: Broker,
    now: Timestamp,
    last_id: u64,
    answers: BTreeMap<RequestId, Response>,
}

impl Play {
    /// A broker with topic `t` of two partitions.
    fn new(options: BrokerOptions) -> Self {
        let advertised = Advertised { host: "here".to_owned(), port: 9092 };
        let broker = Broker::new(BrokerOptions { partitions: 2, ..options }, advertised);
        let mut play = Play { broker, now: Timestamp::EPOCH, last_id: 0, answers: BTreeMap::new() };
        let topic = MetadataRequestTopic::default().with_name(Some(topic()));
        play.ask(ApiKey::Metadata, Request::Metadata(MetadataRequest::default().with_topics(Some(vec![topic]))));
        play
    }

    /// Sends a request in the latest version; its number, and what becomes of it at once.
    fn send(&mut self, api: ApiKey, request: Request) -> (RequestId, Answer) {
        self.send_in(api, spoken(api).unwrap().max, request)
    }

    fn send_in(&mut self, api: ApiKey, version: i16, request: Request) -> (RequestId, Answer) {
        self.last_id += 1;
        let id = RequestId(self.last_id);
        let incoming = Incoming { api, version, correlation_id: 0, client_id: text("client"), request };
        let answer = self.broker.handle(id, incoming, self.now);
        self.collect();
        (id, answer)
    }

    /// Sends a request that is answered at once.
    fn ask(&mut self, api: ApiKey, request: Request) -> Response {
        match self.send(api, request).1 {
            Answer::Now(response) => *response,
            other => panic!("{other:?}"),
        }
    }

    /// Sends a request that may have to wait; its number.
    fn begin(&mut self, api: ApiKey, request: Request) -> RequestId {
        match self.send(api, request) {
            (id, Answer::Now(response)) => {
                self.answers.insert(id, *response);
                id
            }
            (id, Answer::Later) => id,
            (_, other) => panic!("{other:?}"),
        }
    }

    fn collect(&mut self) {
        for (id, response) in self.broker.take_answers() {
            assert!(self.answers.insert(id, response).is_none(), "{id:?} was answered twice");
        }
    }

    /// Lets time pass, waking the broker exactly when it wants to be.
    fn pass(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        while self.broker.next_deadline() <= until {
            self.now = self.now.max(self.broker.next_deadline());
            self.broker.expire(self.now);
            assert!(self.broker.next_deadline() > self.now, "a deadline was not met");
        }
        self.now = until;
        self.collect();
    }

    fn answer(&mut self, id: RequestId) -> Option<Response> {
        self.answers.remove(&id)
    }

    /// Produces one record; the offset it got, or the error code.
    fn produce(&mut self, partition: i32, value: &'static str) -> Result<i64, i16> {
        let records = encode_batch(&[(self.now_ms(), Record::keyless(value))]).unwrap();
        let Response::Produce(response) = self.ask(ApiKey::Produce, produce_request("t", -1, partition, records))
        else {
            panic!("another response")
        };
        let answer = &response.responses[0].partition_responses[0];
        if answer.error_code == 0 { Ok(answer.base_offset) } else { Err(answer.error_code) }
    }

    fn now_ms(&self) -> i64 {
        (self.now.as_nanoseconds() / 1_000_000) as i64
    }
}

impl Default for Play {
    fn default() -> Self {
        Play::new(BrokerOptions::default())
    }
}

fn topic() -> TopicName {
    TopicName(text("t"))
}

fn produce_request(topic: &str, acks: i16, partition: i32, records: bytes::Bytes) -> Request {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(TopicName(text(topic))).with_partition_data(vec![data]);
    Request::Produce(ProduceRequest::default().with_acks(acks).with_topic_data(vec![topic]))
}

/// A fetch of partitions of `t` from these offsets on.
fn fetch_request(max_wait_ms: i32, min_bytes: i32, offsets: &[(i32, i64)]) -> FetchRequest {
    let partition = |&(partition, offset): &(i32, i64)| {
        FetchPartition::default().with_partition(partition).with_fetch_offset(offset).with_partition_max_bytes(1 << 20)
    };
    let topic = FetchTopic::default().with_topic(topic()).with_partitions(offsets.iter().map(partition).collect());
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(min_bytes)
        .with_max_bytes(1 << 20)
        .with_topics(vec![topic])
}
