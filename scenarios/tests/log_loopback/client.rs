//! Producer and consumer.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use handoff_broker::{Listener, Runtime, Timestamp, TokioRuntime};
use handoff_scenarios::log::broker::{Answer, Broker, RequestId};
use handoff_scenarios::log::wire::api::{Request, decode_request, encode_response};
use handoff_scenarios::log::wire::frame::read_frame;
use handoff_scenarios::log::{
    Acks, Advertised, Appended, BrokerOptions, ClientError, ConsumedRecord, Consumer, ConsumerOptions, LogOptions,
    OffsetReset, Producer, ProducerOptions, Record, ServerOptions, TopicPartition,
};
use tokio::io::AsyncWriteExt;

use crate::support::*;

/// Polls until `count` records are there.
async fn take(consumer: &mut Consumer<TokioRuntime>, count: usize) -> Vec<ConsumedRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        records.extend(consumer.poll().await.unwrap());
    }
    assert_eq!(records.len(), count);
    records
}

fn value(number: usize) -> Bytes {
    number.to_string().into()
}

#[test]
fn what_is_produced_is_consumed_in_the_order_of_its_partition() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        let mut deliveries = Vec::new();
        for number in 0..200 {
            let headers = vec![("number".to_owned(), Some(value(number)))];
            let record = Record { headers, ..Record::new(value(number % 7), value(number)) };
            deliveries.push(producer.send("t", record).await);
        }
        let mut appended = Vec::new();
        for delivery in deliveries {
            appended.push(delivery.await.unwrap());
        }
        // offsets are dense in each partition, in the order of sending
        let mut next = BTreeMap::new();
        for Appended { partition, offset } in &appended {
            let expected = next.entry(*partition).or_insert(0);
            assert_eq!(*offset, Some(*expected));
            *expected += 1;
        }
        assert_eq!(next.len(), 2, "both partitions are used");

        let mut consumer = consumer(&runtime, &server).await;
        consumer.assign(&both()).await.unwrap();
        for record in take(&mut consumer, 200).await {
            let here = Appended { partition: record.from.partition, offset: Some(record.offset) };
            let number = appended.iter().position(|appended| *appended == here).unwrap();
            assert_eq!(record.record.key, Some(value(number % 7)));
            assert_eq!(record.record.value, Some(value(number)));
            assert_eq!(record.record.headers, [("number".to_owned(), Some(value(number)))]);
            assert!(record.timestamp_ms > 0);
        }
        for (partition, end) in next {
            assert_eq!(consumer.position(&TopicPartition::new("t", partition)), Some(end));
        }
    });
}

#[test]
fn a_waiting_fetch_is_woken_by_an_append() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        let options =
            ConsumerOptions { reset: OffsetReset::Earliest, max_wait: PATIENCE * 10, ..ConsumerOptions::default() };
        let mut consumer = Consumer::connect(&runtime, server.address(), options).await.unwrap();
        assert_eq!(consumer.partition_count("t").await, Ok(2));
        consumer.assign(&both()).await.unwrap();
        let (polled, appended) = tokio::join!(
            biased;
            consumer.poll(),
            producer.produce("t", Record::keyless("now")),
        );
        assert_eq!(appended.unwrap().offset, Some(0));
        assert_eq!(polled.unwrap()[0].record, Record::keyless("now"));
    });
}

#[test]
fn a_fetch_that_finds_nothing_ends_when_it_has_waited_long_enough() {
    run(async {
        let (runtime, server) = server().await;
        let options = ConsumerOptions { max_wait: Duration::from_millis(10), ..ConsumerOptions::default() };
        let mut consumer = Consumer::connect(&runtime, server.address(), options).await.unwrap();
        assert_eq!(consumer.partition_count("t").await, Ok(2));
        consumer.assign(&both()).await.unwrap();
        let begun = runtime.now();
        assert_eq!(consumer.poll().await, Ok(vec![]));
        assert!(runtime.now().since(begun) >= Duration::from_millis(10));
    });
}

#[test]
fn another_consumer_of_the_group_goes_on_where_the_first_committed() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        for number in 0..10 {
            producer.send_to("t", 0, Record::keyless(value(number))).await.await.unwrap();
        }
        let mut first = consumer(&runtime, &server).await;
        first.assign(&[partition(0)]).await.unwrap();
        take(&mut first, 10).await;
        assert_eq!(first.committed(&partition(0)).await, Ok(None));
        first.commit(&[(partition(0), 4)]).await.unwrap();
        assert_eq!(server.snapshot().committed("g", "t", 0), Some(4));

        let mut second = consumer(&runtime, &server).await;
        second.assign(&both()).await.unwrap();
        assert_eq!(second.position(&partition(0)), Some(4));
        let offsets: Vec<_> = take(&mut second, 6).await.iter().map(|record| record.offset).collect();
        assert_eq!(offsets, [4, 5, 6, 7, 8, 9]);
    });
}

#[test]
fn where_retention_was_faster_the_reader_goes_on_by_its_reset() {
    run(async {
        let log = LogOptions { retention_bytes: Some(1_000), segment_bytes: 300, ..LogOptions::default() };
        let broker = BrokerOptions { log, ..BrokerOptions::default() };
        let (runtime, server) = server_with(ServerOptions { broker, ..ServerOptions::default() }).await;
        let producer = producer(&runtime, &server).await;
        for number in 0..50 {
            producer.produce("t", Record::keyless(vec![number; 50])).await.unwrap();
        }
        let held = server.snapshot().partition("t", 0).cloned().unwrap();
        assert!(held.start_offset > 0 && held.end_offset == 50);
        assert!((1_000..1_000 + 300 + 300).contains(&held.bytes), "{} bytes", held.bytes);

        let mut reader = consumer(&runtime, &server).await;
        reader.seek(&partition(0), 0);
        let records = reader.poll().await.unwrap();
        assert_eq!((records[0].offset, reader.skipped()), (held.start_offset, held.start_offset as u64));

        let options = ConsumerOptions { reset: OffsetReset::Fail, ..ConsumerOptions::default() };
        let mut strict = Consumer::connect(&runtime, server.address(), options).await.unwrap();
        strict.seek(&partition(0), 0);
        let refused = strict.poll().await.unwrap_err();
        assert_eq!(refused.to_string(), "refused: OffsetOutOfRange");
        assert!(!refused.may_have_happened() && !refused.is_fatal());
    });
}

#[test]
fn records_too_old_are_dropped_by_the_clock_alone() {
    run(async {
        let log = LogOptions { retention_ms: Some(1), ..LogOptions::default() };
        let broker = BrokerOptions { log, retention_check_ms: 1, ..BrokerOptions::default() };
        let (runtime, server) = server_with(ServerOptions { broker, ..ServerOptions::default() }).await;
        producer(&runtime, &server).await.produce("t", Record::keyless("x")).await.unwrap();
        let mut consumer = consumer(&runtime, &server).await;
        consumer.seek(&partition(0), 1);
        while server.snapshot().bytes() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(consumer.start_offset(&partition(0)).await, Ok(1));
        assert_eq!(consumer.end_offset(&partition(0)).await, Ok(1));
    });
}

#[test]
fn positions_can_be_moved_by_offset_and_by_time() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        for number in 0..5 {
            producer.send_to("t", 1, Record::keyless(value(number))).await.await.unwrap();
        }
        let mut consumer = consumer(&runtime, &server).await;
        consumer.assign(&both()).await.unwrap();
        let times: Vec<_> = take(&mut consumer, 5).await.iter().map(|record| record.timestamp_ms).collect();
        consumer.seek(&partition(1), 3);
        assert_eq!(take(&mut consumer, 2).await[0].offset, 3);
        consumer.seek_to_time(&partition(1), times[0]).await.unwrap();
        assert_eq!(take(&mut consumer, 5).await[0].offset, 0);
        consumer.seek_to_time(&partition(1), times[4] + 1).await.unwrap();
        assert_eq!(consumer.position(&partition(1)), Some(5));
    });
}

#[test]
fn a_poll_gives_no_more_than_wanted_and_the_rest_later() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        for number in 0..5 {
            drop(producer.send_to("t", 0, Record::keyless(value(number))).await);
        }
        producer.flush().await;
        let options =
            ConsumerOptions { max_poll_records: 2, reset: OffsetReset::Earliest, ..ConsumerOptions::default() };
        let mut consumer = Consumer::connect(&runtime, server.address(), options).await.unwrap();
        consumer.assign(&[partition(0)]).await.unwrap();
        let mut counts = Vec::new();
        for expected in [2, 4, 5] {
            counts.push(consumer.poll().await.unwrap().len());
            assert_eq!(consumer.position(&partition(0)), Some(expected));
        }
        assert_eq!(counts, [2, 2, 1]);
    });
}

#[test]
fn without_acks_a_record_counts_when_it_is_written() {
    run(async {
        let (runtime, server) = server().await;
        let options = ProducerOptions { acks: Acks::None, ..ProducerOptions::default() };
        let producer = Producer::connect(&runtime, server.address(), options).await.unwrap();
        let appended = producer.produce("t", Record::keyless("x")).await.unwrap();
        assert_eq!(appended, Appended { partition: 0, offset: None });
        let mut consumer = consumer(&runtime, &server).await;
        consumer.assign(&both()).await.unwrap();
        assert_eq!(take(&mut consumer, 1).await[0].record, Record::keyless("x"));
    });
}

#[test]
fn lingering_records_share_a_batch_and_keyless_ones_take_turns() {
    run(async {
        let (runtime, server) = server().await;
        let options = ProducerOptions { linger: PATIENCE * 10, ..ProducerOptions::default() };
        let producer = Producer::connect(&runtime, server.address(), options).await.unwrap();
        for round in 0..2 {
            let mut deliveries = Vec::new();
            for _ in 0..3 {
                deliveries.push(producer.send("t", Record::keyless("x")).await);
            }
            producer.flush().await;
            for delivery in deliveries {
                assert_eq!(delivery.await.unwrap().partition, round);
            }
        }
        let alone = server_bytes_of_one_record().await;
        let shared = server.snapshot().bytes();
        assert!(shared < 6 * alone, "{shared} bytes for six records, {alone} for one");
    });
}

async fn server_bytes_of_one_record() -> u64 {
    let (runtime, server) = server().await;
    producer(&runtime, &server).await.produce("t", Record::keyless("x")).await.unwrap();
    server.snapshot().bytes()
}

#[test]
fn what_the_broker_refuses_failed_and_the_connection_lives() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        let too_large = producer.produce("t", Record::keyless(vec![0; 2 << 20])).await.unwrap_err();
        assert_eq!(too_large.to_string(), "refused: MessageTooLarge");
        let nowhere = producer.send_to("t", 2, Record::keyless("x")).await.await.unwrap_err();
        assert_eq!(nowhere.to_string(), "refused: UnknownTopicOrPartition");
        let bad_name = producer.produce("not a topic", Record::keyless("x")).await.unwrap_err();
        assert_eq!(bad_name.to_string(), "refused: InvalidTopicException");
        for error in [too_large, nowhere, bad_name] {
            assert!(!error.may_have_happened());
        }
        assert!(producer.produce("t", Record::keyless("x")).await.is_ok());
    });
}

#[test]
fn when_the_server_is_gone_everything_says_so() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        producer.produce("t", Record::keyless("x")).await.unwrap();
        let mut consumer = consumer(&runtime, &server).await;
        consumer.assign(&both()).await.unwrap();
        take(&mut consumer, 1).await;
        server.shut_down();
        while !producer.is_closed() || !consumer.is_closed() {
            tokio::task::yield_now().await;
        }
        assert_eq!(producer.produce("t", Record::keyless("y")).await, Err(ClientError::NotSent));
        assert_eq!(consumer.commit(&[(partition(0), 1)]).await, Err(ClientError::NotSent));
        assert!(consumer.poll().await.unwrap_err().is_fatal());
        assert_eq!(server.snapshot().partition("t", 0).unwrap().end_offset, 1);
    });
}

#[test]
fn what_was_never_connected_failed_and_what_was_sent_may_have_happened() {
    run(async {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        runtime.spawn(answer_all_but_produce(listener));
        let options = ProducerOptions { linger: Duration::ZERO, ..ProducerOptions::default() };
        let lost = Producer::connect(&runtime, address, options).await.unwrap();
        let outcome = lost.produce("t", Record::keyless("x")).await.unwrap_err();
        assert_eq!(outcome, ClientError::ConnectionLost);
        assert!(outcome.may_have_happened() && outcome.is_fatal());
        let outcome = lost.produce("t", Record::keyless("x")).await.unwrap_err();
        assert_eq!(outcome, ClientError::NotSent);
        assert!(!outcome.may_have_happened());

        // the listener is gone with its only connection
        let refused = Producer::connect(&runtime, address, ProducerOptions::default()).await.err().unwrap();
        assert_eq!(refused, ClientError::Connect(std::io::ErrorKind::ConnectionRefused));
        assert!(!refused.may_have_happened());
    });
}

#[test]
fn silence_is_not_waited_for_longer_than_wanted() {
    run(async {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        let options = ProducerOptions { request_timeout: Duration::from_millis(20), ..ProducerOptions::default() };
        let silent = Producer::connect(&runtime, address, options).await.err().unwrap();
        assert_eq!(silent, ClientError::TimedOut);
        assert!(silent.is_fatal());
    });
}

/// Serves one connection until something is produced, then closes it without an answer.
async fn answer_all_but_produce(mut listener: tokio::net::TcpListener) {
    let (mut stream, _) = Listener::accept(&mut listener).await.unwrap();
    let advertised = Advertised { host: "nowhere".to_owned(), port: 1 };
    let mut broker = Broker::new(BrokerOptions::default(), advertised);
    let mut buffer = BytesMut::new();
    while let Some(frame) = read_frame(&mut stream, &mut buffer, 1 << 20).await.unwrap() {
        let incoming = decode_request(frame).unwrap();
        let (api, version, correlation_id) = (incoming.api, incoming.version, incoming.correlation_id);
        if matches!(incoming.request, Request::Produce(_)) {
            return;
        }
        let Answer::Now(response) = broker.handle(RequestId(0), incoming, Timestamp::EPOCH) else { return };
        let frame = encode_response(&response, api, version, correlation_id).unwrap();
        stream.write_all(&frame).await.unwrap();
    }
}
