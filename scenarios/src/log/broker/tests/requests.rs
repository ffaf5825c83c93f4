//! Everything but fetches and groups: produce, offsets, topics, commits.

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::*;
use proptest::prelude::*;

use super::*;
use crate::log::partition::LogOptions;
use crate::log::wire::api::{SPOKEN, encode_response};

fn batch() -> bytes::Bytes {
    encode_batch(&[(0, Record::keyless("x"))]).unwrap()
}

/// The error code of a produce request with one partition.
fn produce_code(play: &mut Play, request: Request) -> i16 {
    let Response::Produce(response) = play.ask(ApiKey::Produce, request) else { panic!("another response") };
    response.responses[0].partition_responses[0].error_code
}

#[test]
fn what_cannot_be_appended_is_refused_with_its_reason() {
    let mut play = Play::new(BrokerOptions { max_batch_bytes: 100, ..BrokerOptions::default() });
    let large = encode_batch(&[(0, Record::keyless(vec![0; 100]))]).unwrap();
    let mut corrupt = batch().to_vec();
    *corrupt.last_mut().unwrap() ^= 1;
    for (topic, acks, partition, records, code) in [
        ("t", -1, 0, batch(), 0),
        ("t", 1, 1, batch(), 0),
        ("t", 2, 0, batch(), 21),
        ("t", -1, 2, batch(), 3),
        ("t", -1, -1, batch(), 3),
        ("u", -1, 0, batch(), 3),
        ("t", -1, 0, large, 10),
        ("t", -1, 0, corrupt.into(), 2),
        ("t", -1, 0, bytes::Bytes::new(), 2),
    ] {
        assert_eq!(produce_code(&mut play, produce_request(topic, acks, partition, records)), code);
    }
    let ends: Vec<_> = play.broker.snapshot().partitions.iter().map(|held| held.end_offset).collect();
    assert_eq!(ends, [1, 1]);
}

#[test]
fn acks_0_is_answered_by_silence_or_by_the_end_of_the_connection() {
    let mut play = Play::default();
    let (_, answer) = play.send(ApiKey::Produce, produce_request("t", 0, 0, batch()));
    assert!(matches!(answer, Answer::Nothing));
    let (_, answer) = play.send(ApiKey::Produce, produce_request("t", 0, 9, batch()));
    assert!(matches!(answer, Answer::Close));
}

fn list_offset(play: &mut Play, timestamp: i64) -> (i64, i64) {
    let asked = ListOffsetsPartition::default().with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(topic()).with_partitions(vec![asked]);
    let request = Request::ListOffsets(ListOffsetsRequest::default().with_topics(vec![topic]));
    let Response::ListOffsets(response) = play.ask(ApiKey::ListOffsets, request) else { panic!("another response") };
    let answer = &response.topics[0].partitions[0];
    assert_eq!(answer.error_code, 0);
    (answer.offset, answer.timestamp)
}

#[test]
fn offsets_are_found_by_time_and_move_with_retention() {
    let log = LogOptions { retention_ms: Some(250), segment_ms: 0, ..LogOptions::default() };
    let mut play = Play::new(BrokerOptions { log, ..BrokerOptions::default() });
    assert_eq!((list_offset(&mut play, -2), list_offset(&mut play, -1)), ((0, -1), (0, -1)));
    assert_eq!((list_offset(&mut play, -3), list_offset(&mut play, 0)), ((-1, -1), (-1, -1)));
    for _ in 0..3 {
        play.pass(100);
        play.produce(0, "x").unwrap();
    }
    assert_eq!((list_offset(&mut play, -2), list_offset(&mut play, -1)), ((0, -1), (3, -1)));
    assert_eq!((list_offset(&mut play, 0), list_offset(&mut play, 101)), ((0, 100), (1, 200)));
    assert_eq!((list_offset(&mut play, -3), list_offset(&mut play, 301)), ((2, 300), (-1, -1)));
    // the check comes once a second, and nothing is young then
    play.pass(1_000);
    assert_eq!((list_offset(&mut play, -2), list_offset(&mut play, -1)), ((3, -1), (3, -1)));
}

#[test]
fn topics_are_created_when_named_if_that_is_allowed() {
    let metadata = |play: &mut Play, name: &str, may_create| {
        let asked = MetadataRequestTopic::default().with_name(Some(TopicName(text(name))));
        let request =
            MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(may_create);
        let Response::Metadata(response) = play.ask(ApiKey::Metadata, Request::Metadata(request)) else { panic!() };
        assert_eq!((response.brokers[0].host.as_str(), response.brokers[0].port), ("here", 9092));
        (response.topics[0].error_code, response.topics[0].partitions.len())
    };
    let mut play = Play::default();
    assert_eq!(metadata(&mut play, "u", false), (3, 0));
    assert_eq!(metadata(&mut play, "u", true), (0, 2));
    assert_eq!(metadata(&mut play, "u", false), (0, 2));
    assert_eq!(metadata(&mut play, "/", true), (17, 0));
    let mut strict = Play::new(BrokerOptions { auto_create_topics: false, ..BrokerOptions::default() });
    assert_eq!(metadata(&mut strict, "u", true), (3, 0));
    let all = play.ask(ApiKey::Metadata, Request::Metadata(MetadataRequest::default().with_topics(None)));
    assert!(matches!(all, Response::Metadata(response) if response.topics.len() == 2));
}

/// Commits an offset for group `g` from outside; the error code.
fn commit(play: &mut Play, partition: i32, offset: i64, metadata: String) -> i16 {
    let asked = OffsetCommitRequestPartition::default()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_metadata(Some(metadata.into()));
    let topic = OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![asked]);
    let request = OffsetCommitRequest::default().with_group_id(GroupId(text("g"))).with_topics(vec![topic]);
    let Response::OffsetCommit(response) = play.ask(ApiKey::OffsetCommit, Request::OffsetCommit(request)) else {
        panic!("another response")
    };
    response.topics[0].partitions[0].error_code
}

#[test]
fn committed_offsets_are_kept_for_each_group_and_partition() {
    let mut play = Play::default();
    assert_eq!(commit(&mut play, 0, 5, "note".to_owned()), 0);
    assert_eq!(commit(&mut play, 0, 3, "back".to_owned()), 0);
    assert_eq!(commit(&mut play, 2, 1, String::new()), 3);
    assert_eq!(commit(&mut play, 1, 1, "x".repeat(5_000)), 12);

    // version 7: one group, all topics when none is named
    let one = OffsetFetchRequest::default().with_group_id(GroupId(text("g"))).with_topics(None);
    let (_, Answer::Now(response)) = play.send_in(ApiKey::OffsetFetch, 7, Request::OffsetFetch(one)) else { panic!() };
    let Response::OffsetFetch(response) = *response else { panic!() };
    let found = &response.topics[0].partitions;
    assert_eq!((found.len(), found[0].committed_offset, found[0].metadata.as_deref()), (1, 3, Some("back")));

    // version 8: several groups
    let topics = OffsetFetchRequestTopics::default().with_name(topic()).with_partition_indexes(vec![0, 1]);
    let groups = ["g", "h"].map(|group| {
        OffsetFetchRequestGroup::default().with_group_id(GroupId(text(group))).with_topics(Some(vec![topics.clone()]))
    });
    let request = Request::OffsetFetch(OffsetFetchRequest::default().with_groups(groups.to_vec()));
    let Response::OffsetFetch(response) = play.ask(ApiKey::OffsetFetch, request) else { panic!() };
    let offsets: Vec<Vec<_>> = response
        .groups
        .iter()
        .map(|group| group.topics[0].partitions.iter().map(|found| found.committed_offset).collect())
        .collect();
    assert_eq!(offsets, [[3, -1], [-1, -1]]);
}

/// Deletes topics; the error code of each.
fn delete(play: &mut Play, topics: &[&'static str]) -> Vec<i16> {
    let names = topics.iter().map(|name| TopicName(text(name))).collect();
    let request = Request::DeleteTopics(DeleteTopicsRequest::default().with_topic_names(names));
    let Response::DeleteTopics(response) = play.ask(ApiKey::DeleteTopics, request) else { panic!("another response") };
    response.responses.iter().map(|deleted| deleted.error_code).collect()
}

#[test]
fn a_deleted_topic_leaves_no_records_no_offsets_and_nobody_waiting() {
    let mut play = Play::default();
    play.produce(0, "x").unwrap();
    assert_eq!(commit(&mut play, 0, 1, String::new()), 0);
    let waiting = play.begin(ApiKey::Fetch, Request::Fetch(fetch_request(1_000, 1, &[(0, 1), (1, 0)])));
    assert!(play.answer(waiting).is_none());
    assert_eq!(delete(&mut play, &["t", "t", "u"]), [0, 3, 3]);
    let Some(Response::Fetch(response)) = play.answer(waiting) else { panic!("nobody told the one who waits") };
    assert!(response.responses[0].partitions.iter().all(|partition| partition.error_code == 3));
    assert_eq!(play.produce(0, "x"), Err(3));
    let snapshot = play.broker.snapshot();
    assert!(snapshot.partitions.is_empty() && snapshot.groups.is_empty(), "{snapshot:?}");
}

/// An empty request to each API.
fn empty(api: ApiKey) -> Request {
    match api {
        ApiKey::Produce => Request::Produce(ProduceRequest::default().with_acks(1)),
        ApiKey::Fetch => Request::Fetch(fetch_request(0, 1, &[(0, 0), (5, 0)])),
        ApiKey::ListOffsets => Request::ListOffsets(ListOffsetsRequest::default()),
        ApiKey::Metadata => Request::Metadata(MetadataRequest::default().with_topics(None)),
        ApiKey::OffsetCommit => Request::OffsetCommit(OffsetCommitRequest::default()),
        ApiKey::OffsetFetch => Request::OffsetFetch(OffsetFetchRequest::default().with_topics(None)),
        ApiKey::FindCoordinator => {
            Request::FindCoordinator(FindCoordinatorRequest::default().with_coordinator_keys(vec![text("g")]))
        }
        ApiKey::JoinGroup => Request::JoinGroup(JoinGroupRequest::default()),
        ApiKey::Heartbeat => Request::Heartbeat(HeartbeatRequest::default()),
        ApiKey::LeaveGroup => Request::LeaveGroup(LeaveGroupRequest::default()),
        ApiKey::SyncGroup => Request::SyncGroup(SyncGroupRequest::default()),
        ApiKey::ApiVersions => Request::ApiVersions(ApiVersionsRequest::default()),
        ApiKey::CreateTopics => {
            let topic = create_topics_request::CreatableTopic::default().with_name(TopicName(text("new")));
            Request::CreateTopics(CreateTopicsRequest::default().with_topics(vec![topic.with_num_partitions(1)]))
        }
        ApiKey::DeleteTopics => {
            Request::DeleteTopics(DeleteTopicsRequest::default().with_topic_names(vec![topic(), TopicName(text("no"))]))
        }
        other => panic!("no request to {other:?}"),
    }
}

#[test]
fn every_response_can_be_written_in_every_version() {
    for &(api, versions) in SPOKEN {
        for version in versions.min..=versions.max {
            let mut play = Play::default();
            play.produce(0, "x").unwrap();
            let (id, answer) = play.send_in(api, version, empty(api));
            let response = match answer {
                Answer::Now(response) => *response,
                Answer::Later => play.answer(id).unwrap(),
                other => panic!("{other:?}"),
            };
            encode_response(&response, api, version, 1).unwrap_or_else(|error| panic!("{api:?} {version}: {error}"));
        }
    }
}

proptest! {
    /// Memory is bounded by what was said, however much is produced.
    #[test]
    fn a_partition_never_holds_more_than_its_limit_and_a_segment(sizes in prop::collection::vec(0..400_usize, 1..100)) {
        let log = LogOptions { retention_bytes: Some(2_000), segment_bytes: 500, ..LogOptions::default() };
        let mut play = Play::new(BrokerOptions { log, ..BrokerOptions::default() });
        for size in sizes {
            let records = encode_batch(&[(0, Record::keyless(vec![0; size]))]).unwrap();
            prop_assert_eq!(produce_code(&mut play, produce_request("t", -1, 0, records)), 0);
            let held = play.broker.snapshot().partition("t", 0).unwrap().bytes;
            prop_assert!(held < 2_000 + 500 + 500, "{} bytes", held);
        }
    }
}
