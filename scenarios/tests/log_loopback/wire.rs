//! Enemies and half-open connections: each ends alone, and the others do not notice.

use handoff_broker::{Runtime, TokioRuntime};
use handoff_scenarios::log::wire::api::ClientRequest as _;
use handoff_scenarios::log::wire::frame::read_frame;
use handoff_scenarios::log::{LogServer, Record, ServerOptions};
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::*;

async fn connect(runtime: &TokioRuntime, server: &LogServer) -> TcpStream {
    runtime.connect(server.address()).await.unwrap()
}

/// Waits until the server has closed the connection without a word.
async fn assert_closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // a reset is as good as an end
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "answered {rest:?}");
}

#[test]
fn garbage_closes_its_connection_and_no_other() {
    run(async {
        let (runtime, server) = server().await;
        let producer = producer(&runtime, &server).await;
        let attacks: [&[u8]; 7] = [
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"AMQP\x00\x00\x09\x01",
            &[0xff; 64],
            // 2 GiB are announced
            &[0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 1],
            // an empty frame
            &[0, 0, 0, 0],
            // no such API
            &[0, 0, 0, 10, 0x12, 0x34, 0, 0, 0, 0, 0, 1, 0xff, 0xff],
            // Metadata for two billion topics
            &[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff],
        ];
        for attack in attacks {
            let mut stream = connect(&runtime, &server).await;
            stream.write_all(attack).await.unwrap();
            assert_closed(stream).await;
            producer.produce("t", Record::keyless("x")).await.unwrap();
        }
        let held = server.snapshot();
        assert_eq!(held.partitions.iter().map(|partition| partition.end_offset).sum::<i64>(), 7);
    });
}

#[test]
fn a_frame_that_is_cut_short_is_not_carried_out() {
    run(async {
        let (runtime, server) = server().await;
        let frame = MetadataRequest::default().with_topics(None).encode_request(1, 1, "cut").unwrap();
        let mut stream = connect(&runtime, &server).await;
        stream.write_all(&frame[..frame.len() - 1]).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_closed(stream).await;
    });
}

#[test]
fn a_connection_on_which_nothing_moves_is_closed() {
    run(async {
        let (runtime, server) = server_with(ServerOptions { max_idle_ms: 1, ..ServerOptions::default() }).await;
        assert_closed(connect(&runtime, &server).await).await;
        let mut half = connect(&runtime, &server).await;
        half.write_all(&[0, 0]).await.unwrap();
        assert_closed(half).await;
    });
}

#[test]
fn connections_beyond_the_limit_are_closed_and_room_is_made_again() {
    run(async {
        let (runtime, server) = server_with(ServerOptions { max_connections: 1, ..ServerOptions::default() }).await;
        let first = producer(&runtime, &server).await;
        assert_closed(connect(&runtime, &server).await).await;
        first.produce("t", Record::keyless("x")).await.unwrap();
        drop(first);
        while ask_versions(&runtime, &server, 0).await != Some(0) {}
    });
}

/// The error code of the answer to ApiVersions in `version`, read in version 0.
async fn ask_versions(runtime: &TokioRuntime, server: &LogServer, version: i16) -> Option<i16> {
    let mut frame = ApiVersionsRequest::default().encode_request(0, 1, "test").unwrap().to_vec();
    frame[6..8].copy_from_slice(&version.to_be_bytes());
    let mut stream = connect(runtime, server).await;
    stream.write_all(&frame).await.ok()?;
    let answer = read_frame(&mut stream, &mut Default::default(), 1 << 20).await.ok()??;
    Some(ApiVersionsRequest::decode_response(0, answer).unwrap().1.error_code)
}

#[test]
fn a_version_from_the_future_is_answered_with_those_that_are_spoken() {
    run(async {
        let (runtime, server) = server().await;
        assert_eq!(ask_versions(&runtime, &server, 0).await, Some(0));
        assert_eq!(ask_versions(&runtime, &server, 99).await, Some(35));
    });
}

#[test]
fn requests_sent_in_one_go_are_answered_in_order() {
    run(async {
        let (runtime, server) = server().await;
        let mut stream = connect(&runtime, &server).await;
        let mut frames = Vec::new();
        for correlation_id in 0..100 {
            let request = MetadataRequest::default().with_topics(None);
            frames.extend_from_slice(&request.encode_request(1, correlation_id, "eager").unwrap());
        }
        stream.write_all(&frames).await.unwrap();
        let mut buffer = Default::default();
        for correlation_id in 0..100 {
            let answer = read_frame(&mut stream, &mut buffer, 1 << 20).await.unwrap().unwrap();
            assert_eq!(MetadataRequest::decode_response(1, answer).unwrap().0, correlation_id);
        }
    });
}
