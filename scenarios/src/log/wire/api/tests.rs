//! Each API in each version it is spoken in: what `kafka-protocol` writes is read back, and what is cut or claims
//! too much is refused.

use kafka_protocol::messages::create_topics_request::*;
use kafka_protocol::messages::fetch_request::*;
use kafka_protocol::messages::join_group_request::*;
use kafka_protocol::messages::list_offsets_request::*;
use kafka_protocol::messages::metadata_request::*;
use kafka_protocol::messages::offset_commit_request::*;
use kafka_protocol::messages::offset_fetch_request::*;
use kafka_protocol::messages::produce_request::*;
use kafka_protocol::messages::sync_group_request::*;
use proptest::prelude::*;

use super::*;

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn topic() -> TopicName {
    TopicName(text("jobs"))
}

/// The bytes of a request to `api` with something in each field that `version` has.
fn sample(api: ApiKey, version: i16) -> Bytes {
    match api {
        ApiKey::Produce => {
            let data = PartitionProduceData::default().with_index(3).with_records(Some(Bytes::from_static(b"records")));
            let topics = TopicProduceData::default().with_name(topic()).with_partition_data(vec![data.clone(), data]);
            frame_of(ProduceRequest::default().with_acks(-1).with_timeout_ms(9).with_topic_data(vec![topics]), version)
        }
        ApiKey::Fetch => {
            let partition =
                FetchPartition::default().with_partition(1).with_fetch_offset(7).with_partition_max_bytes(8);
            let topics = FetchTopic::default().with_topic(topic()).with_partitions(vec![partition.clone(), partition]);
            let forgotten = ForgottenTopic::default().with_topic(topic()).with_partitions(vec![1, 2]);
            let request = FetchRequest::default().with_max_wait_ms(5).with_min_bytes(1).with_topics(vec![topics]);
            let request = if version >= 7 { request.with_forgotten_topics_data(vec![forgotten]) } else { request };
            frame_of(if version >= 11 { request.with_rack_id(text("rack")) } else { request }, version)
        }
        ApiKey::ListOffsets => {
            let partition = ListOffsetsPartition::default().with_timestamp(-2);
            let topics = ListOffsetsTopic::default().with_name(topic()).with_partitions(vec![partition]);
            frame_of(ListOffsetsRequest::default().with_topics(vec![topics]), version)
        }
        ApiKey::Metadata => {
            let topics = MetadataRequestTopic::default().with_name(Some(topic()));
            frame_of(MetadataRequest::default().with_topics(Some(vec![topics.clone(), topics])), version)
        }
        ApiKey::OffsetCommit => {
            let partition = OffsetCommitRequestPartition::default()
                .with_committed_offset(7)
                .with_committed_metadata(Some(text("note")));
            let topics = OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![partition]);
            frame_of(OffsetCommitRequest::default().with_group_id(text("g").into()).with_topics(vec![topics]), version)
        }
        ApiKey::OffsetFetch if version >= 8 => {
            let topics = OffsetFetchRequestTopics::default().with_name(topic()).with_partition_indexes(vec![0, 1]);
            let group =
                OffsetFetchRequestGroup::default().with_group_id(text("g").into()).with_topics(Some(vec![topics]));
            frame_of(OffsetFetchRequest::default().with_groups(vec![group]), version)
        }
        ApiKey::OffsetFetch => {
            let topics = OffsetFetchRequestTopic::default().with_name(topic()).with_partition_indexes(vec![0, 1]);
            frame_of(
                OffsetFetchRequest::default().with_group_id(text("g").into()).with_topics(Some(vec![topics])),
                version,
            )
        }
        ApiKey::FindCoordinator if version >= 4 => {
            frame_of(FindCoordinatorRequest::default().with_coordinator_keys(vec![text("g"), text("h")]), version)
        }
        ApiKey::FindCoordinator => frame_of(FindCoordinatorRequest::default().with_key(text("g")), version),
        ApiKey::JoinGroup => {
            let protocol =
                JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(Bytes::from_static(b"x"));
            let request = JoinGroupRequest::default().with_group_id(text("g").into()).with_protocols(vec![protocol]);
            frame_of(request.with_protocol_type(text("consumer")), version)
        }
        ApiKey::Heartbeat => frame_of(HeartbeatRequest::default().with_group_id(text("g").into()), version),
        ApiKey::LeaveGroup => frame_of(LeaveGroupRequest::default().with_member_id(text("m")), version),
        ApiKey::SyncGroup => {
            let assignment = SyncGroupRequestAssignment::default()
                .with_member_id(text("m"))
                .with_assignment(Bytes::from_static(b"x"));
            frame_of(SyncGroupRequest::default().with_assignments(vec![assignment]), version)
        }
        ApiKey::ApiVersions if version >= 3 => {
            frame_of(ApiVersionsRequest::default().with_client_software_name(text("test")), version)
        }
        ApiKey::ApiVersions => frame_of(ApiVersionsRequest::default(), version),
        ApiKey::CreateTopics => {
            let replicas = CreatableReplicaAssignment::default().with_broker_ids(vec![BrokerId(0)]);
            let config = CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text("1")));
            let topics = CreatableTopic::default().with_name(topic()).with_assignments(vec![replicas]);
            frame_of(CreateTopicsRequest::default().with_topics(vec![topics.with_configs(vec![config])]), version)
        }
        ApiKey::DeleteTopics => frame_of(
            DeleteTopicsRequest::default().with_topic_names(vec![topic(), topic()]).with_timeout_ms(9),
            version,
        ),
        other => panic!("no sample of {other:?}"),
    }
}

/// A frame's content, without its size.
fn frame_of<Q: ClientRequest>(request: Q, version: i16) -> Bytes {
    request.encode_request(version, 42, "tester").unwrap().slice(4..)
}

fn samples() -> Vec<(ApiKey, i16, Bytes)> {
    let versions = |&(api, range): &(ApiKey, VersionRange)| {
        (range.min..=range.max).map(move |version| (api, version, sample(api, version)))
    };
    SPOKEN.iter().flat_map(versions).collect()
}

#[test]
fn each_version_of_each_api_is_read() {
    for (api, version, frame) in samples() {
        let incoming = decode_request(frame).unwrap_or_else(|error| panic!("{api:?} {version}: {error}"));
        assert_eq!((incoming.api, incoming.version, incoming.correlation_id), (api, version, 42));
        assert_eq!(&*incoming.client_id, "tester");
    }
}

#[test]
fn a_request_that_ends_early_is_refused_by_the_walk_already() {
    for (api, version, frame) in samples() {
        let mut body = frame.clone();
        let _: RequestHeader = take(&mut body, api.request_header_version(version)).unwrap();
        shape::check(api, version, &body).unwrap();
        for length in 0..body.len() {
            assert!(shape::check(api, version, &body[..length]).is_err(), "{api:?} {version} cut to {length}");
        }
    }
}

#[test]
fn an_array_that_claims_billions_of_elements_costs_nothing() {
    let mut frame = BytesMut::from(&sample(ApiKey::Metadata, 1)[..]);
    let count = frame.len() - 2 * (2 + 4) - 4;
    assert_eq!(&frame[count..count + 4], [0, 0, 0, 2]);
    frame[count..count + 4].copy_from_slice(&i32::MAX.to_be_bytes());
    assert!(matches!(decode_request(frame.freeze()), Err(WireError::Malformed(_))));
}

#[test]
fn what_is_not_spoken_is_refused_by_name() {
    let unknown_version = frame_of(MetadataRequest::default(), 12);
    assert!(matches!(decode_request(unknown_version), Err(WireError::Unsupported { key: 3, version: 12 })));
    let unknown_api = Bytes::from_static(&[0, 17, 0, 0, 0, 0, 0, 1, 0, 0]);
    assert!(matches!(decode_request(unknown_api), Err(WireError::Unsupported { key: 17, version: 0 })));
    let future = Bytes::from_static(&[0, 18, 0, 99, 0, 0, 0, 7]);
    assert!(matches!(decode_request(future), Err(WireError::UnknownApiVersions { correlation_id: 7 })));
}

proptest! {
    #[test]
    fn garbage_is_refused_or_read_but_never_worse(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let samples = samples();
        let mut frame = samples[which.index(samples.len())].2.to_vec();
        for (at, byte) in changes {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        let _ = decode_request(frame.into());
    }

    #[test]
    fn responses_come_back_with_their_correlation_id(correlation_id: i32) {
        let response = Response::Metadata(MetadataResponse::default());
        let frame = encode_response(&response, ApiKey::Metadata, 9, correlation_id).unwrap();
        let (read, _) = MetadataRequest::decode_response(9, frame.slice(4..)).unwrap();
        prop_assert_eq!(read, correlation_id);
    }
}
