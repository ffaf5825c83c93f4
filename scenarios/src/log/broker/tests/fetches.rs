//! Fetches: what they read and how long they wait.

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::PartitionData;

use super::*;
use crate::log::batch::Batch;

/// The partitions of a fetch response.
fn partitions(response: Response) -> Vec<PartitionData> {
    let Response::Fetch(response) = response else { panic!("another response") };
    assert_eq!(response.error_code, 0);
    response.responses.into_iter().flat_map(|topic| topic.partitions).collect()
}

/// How many records each partition gave.
fn counts(response: Response) -> Vec<usize> {
    let count = |mut bytes: Bytes| {
        let mut count = 0;
        while !bytes.is_empty() {
            count += Batch::take(&mut bytes).unwrap().records().count();
        }
        count
    };
    partitions(response).into_iter().map(|data| count(data.records.unwrap())).collect()
}

fn begin(play: &mut Play, request: FetchRequest) -> RequestId {
    play.begin(ApiKey::Fetch, Request::Fetch(request))
}

#[test]
fn what_is_there_is_read_at_once() {
    let mut play = Play::default();
    assert_eq!((play.produce(0, "a"), play.produce(0, "b"), play.produce(1, "c")), (Ok(0), Ok(1), Ok(0)));
    let id = begin(&mut play, fetch_request(1_000, 1, &[(0, 1), (1, 0)]));
    let response = play.answer(id).unwrap();
    let data = partitions(response.clone());
    assert_eq!((data[0].high_watermark, data[0].log_start_offset, data[1].high_watermark), (2, 0, 1));
    assert_eq!(counts(response), [1, 1]);
}

#[test]
fn a_fetch_waits_for_enough_bytes_over_all_its_partitions() {
    let mut play = Play::default();
    let one = encode_batch(&[(0, Record::keyless("x"))]).unwrap().len() as i32;
    let id = begin(&mut play, fetch_request(1_000, 2 * one, &[(0, 0), (1, 0)]));
    let greedy = begin(&mut play, fetch_request(1_000, 2 * one, &[(1, 0)]));
    play.produce(0, "x").unwrap();
    assert!(play.answer(id).is_none(), "one record is not enough");
    play.produce(1, "x").unwrap();
    assert_eq!(counts(play.answer(id).unwrap()), [1, 1]);
    assert!(play.answer(greedy).is_none(), "what came elsewhere does not count");
}

#[test]
fn a_fetch_waits_no_longer_than_it_wants() {
    let mut play = Play::default();
    let early = begin(&mut play, fetch_request(10, 1_000_000, &[(0, 0)]));
    let late = begin(&mut play, fetch_request(20, 1_000_000, &[(0, 0)]));
    play.produce(0, "x").unwrap();
    play.pass(9);
    assert!(play.answer(early).is_none());
    play.pass(1);
    assert_eq!(counts(play.answer(early).unwrap()), [1]);
    assert!(play.answer(late).is_none());
    play.pass(10);
    assert_eq!(counts(play.answer(late).unwrap()), [1]);
    let at_once = begin(&mut play, fetch_request(0, 1_000_000, &[(0, 1)]));
    assert_eq!(counts(play.answer(at_once).unwrap()), [0]);
}

#[test]
fn an_error_is_not_waited_with() {
    let mut play = Play::default();
    for (wanted, code) in [((0, 1), 1), ((0, -1), 1), ((2, 0), 3)] {
        let id = begin(&mut play, fetch_request(1_000, 1, &[wanted]));
        assert_eq!(partitions(play.answer(id).unwrap())[0].error_code, code);
    }
    let id = begin(&mut play, fetch_request(1_000, 1, &[(0, 0)]).with_session_id(7));
    assert!(matches!(play.answer(id), Some(Response::Fetch(response)) if response.error_code == 70));
}

#[test]
fn limits_cut_after_whole_batches_but_one_is_always_given() {
    let mut play = Play::default();
    for _ in 0..3 {
        play.produce(0, "x").unwrap();
        play.produce(1, "x").unwrap();
    }
    let one = encode_batch(&[(0, Record::keyless("x"))]).unwrap().len() as i32;
    let mut read = |max_bytes, partition_max_bytes| {
        let mut request = fetch_request(0, 1, &[(0, 0), (1, 0)]).with_max_bytes(max_bytes);
        for wanted in &mut request.topics[0].partitions {
            wanted.partition_max_bytes = partition_max_bytes;
        }
        let id = begin(&mut play, request);
        counts(play.answer(id).unwrap())
    };
    assert_eq!(read(1, 1), [1, 0]);
    assert_eq!(read(1 << 20, 2 * one), [2, 2]);
    assert_eq!(read(2 * one + 1, 1 << 20), [2, 0]);
    assert_eq!(read(4 * one, 3 * one), [3, 1]);
}

#[test]
fn a_cancelled_fetch_leaves_nothing_behind() {
    let mut play = Play::new(BrokerOptions {
        log: crate::log::LogOptions { retention_ms: None, ..Default::default() },
        ..Default::default()
    });
    let id = begin(&mut play, fetch_request(1_000, 1, &[(0, 0)]));
    assert!(play.broker.next_deadline() < Timestamp::NEVER);
    play.broker.cancel(id);
    assert_eq!(play.broker.next_deadline(), Timestamp::NEVER);
    play.produce(0, "x").unwrap();
    assert!(play.answer(id).is_none());
}
