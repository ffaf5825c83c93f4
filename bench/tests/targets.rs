//! Short runs of the systems that need nobody else: our log over Kafka's protocol, and calls; and what becomes of a run
//! whose target is not there, or goes away.
#![allow(clippy::disallowed_methods, reason = "targets live in the real world")]

use std::net::SocketAddr;
use std::time::Duration;

use handoff_bench::drive::{Figures, Limits, Load, Pace};
use handoff_bench::target::call::Call;
use handoff_bench::target::kafka::Kafka;
use handoff_bench::target::{Address, Target, TargetError};
use handoff_bench::workload::Workload;
use handoff_broker::{Runtime as _, TokioRuntime};
use handoff_scenarios::log::{self, LogServer};
use tokio::net::{TcpListener, TcpSocket};

const LOOPBACK: &str = "127.0.0.1:0";

fn carry(producers: usize, consumers: usize, body_bytes: usize) -> Workload {
    Workload::Carry(load(producers, consumers, body_bytes))
}

fn load(producers: usize, consumers: usize, body_bytes: usize) -> Load {
    Load {
        producers,
        consumers,
        body_bytes,
        pace: Pace::Closed,
        warm_up: Duration::from_millis(50),
        measured: Duration::from_millis(300),
        limits: Limits::for_bodies(body_bytes),
    }
}

/// A run in which something arrives, and nothing is wrong.
async fn clean_run(target: &dyn Target, workload: &Workload) -> Figures {
    let figures = workload.run(target).await.unwrap_or_else(|error| panic!("{workload}: {error}"));
    assert!(figures.findings.is_clean(), "{workload}: {}", figures.findings);
    assert!(figures.messages_per_s > 0.0, "{workload}");
    figures
}

async fn log_server() -> (LogServer, Kafka) {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen(LOOPBACK.parse().expect("an address")).await.expect("a free port");
    let server = log::serve(&runtime, listener, log::ServerOptions::default()).expect("a log");
    let target = kafka(server.address());
    (server, target)
}

#[tokio::test]
async fn what_a_log_is_sent_arrives_and_is_committed() {
    let (server, target) = log_server().await;
    for (producers, consumers, body_bytes) in [(1, 1, 16), (3, 3, 1_024), (1, 3, 100), (4, 1, 16), (1, 1, 500_000)] {
        let figures = clean_run(&target, &carry(producers, consumers, body_bytes)).await;
        assert!(figures.latency_us.count > 0);
        assert!(server.snapshot().partitions.is_empty(), "the topic is deleted");
    }
    let about = target.about().await.expect("an answer");
    assert!(about.version.contains("Produce up to version 9"), "{}", about.version);
}

#[tokio::test]
async fn what_waits_in_a_log_is_drained() {
    let (_server, target) = log_server().await;
    let backlog = Workload::Backlog { messages: 10_000, body_bytes: 100 };
    for workload in [Workload::PublishOnly(load(2, 1, 16)), Workload::DrainOnly(load(3, 2, 16)), backlog] {
        clean_run(&target, &workload).await;
    }
    clean_run(&target, &Workload::Idle { connections: 20, load: load(1, 1, 16) }).await;
}

#[tokio::test]
async fn what_a_log_or_a_call_does_not_have_is_no_failure() {
    let (_server, log) = log_server().await;
    let churn = Workload::Churn { load: load(1, 1, 16), every: Duration::from_secs(1) };
    let dead_letter = Workload::DeadLetter { load: load(1, 1, 16), every: 1 };
    let publish_only = Workload::PublishOnly(load(1, 1, 16));
    let (log, call): (&dyn Target, &dyn Target) = (&log, &Call::default());
    for (target, workload) in [(log, &churn), (log, &dead_letter), (call, &publish_only), (call, &carry(1, 0, 16))] {
        let unsupported = workload.run(target).await;
        assert!(matches!(unsupported, Err(TargetError::Unsupported(_))), "{workload}: {unsupported:?}");
    }
}

#[tokio::test]
async fn each_consumer_commits_what_it_received_and_the_next_goes_on_there() {
    let (server, target) = log_server().await;
    target.split_among(1);
    target.prepare().await.expect("a topic");
    let mut producer = target.producer().await.expect("a producer");
    let mut received = Vec::new();
    for round in 0..2_u8 {
        let mut consumer = target.consumer(10).await.expect("a consumer");
        producer.send(&[vec![round; 16], vec![round; 17]]).await.expect("an open connection");
        assert_eq!(producer.confirmed().await.expect("a confirm"), 2);
        consumer.receive(&mut |body| received.push((body[0], body.len()))).await.expect("messages");
        consumer.acknowledge().await.expect("an open connection");
        let committed = || {
            server.snapshot().groups.iter().any(|(_, topics)| {
                let mut partitions = topics.iter().flat_map(|topic| &topic.partitions);
                partitions
                    .any(|(_, committed)| committed.as_ref().is_some_and(|it| it.offset == 2 * (i64::from(round) + 1)))
            })
        };
        while !committed() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(received, [(0, 16), (0, 17), (1, 16), (1, 17)]);
}

#[tokio::test]
async fn what_is_called_is_handled_and_answered() {
    for (producers, consumers, body_bytes) in [(1, 1, 16), (3, 3, 1_024), (5, 2, 100), (1, 3, 65_536)] {
        let figures = clean_run(&Call::default(), &carry(producers, consumers, body_bytes)).await;
        assert_eq!((figures.cpu_s_per_million, figures.rss_bytes), (None, None));
    }
}

#[tokio::test]
async fn a_caller_learns_that_its_consumer_is_down_or_has_died() {
    let target = Call::default();
    let consumer = target.consumer(1).await.expect("a consumer");
    let mut producer = target.producer().await.expect("a producer");
    drop(consumer);
    assert!(matches!(producer.confirmed().await, Err(TargetError::Died(_))));
    assert!(matches!(target.producer().await, Err(TargetError::Down { .. })));
}

#[tokio::test]
async fn a_log_that_is_down_is_named() {
    // Bound, so that nobody else gets it, and not listened on.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(LOOPBACK.parse().expect("an address")).expect("a free port");
    let address = socket.local_addr().expect("an address");
    let down = carry(1, 1, 16).run(&kafka(address)).await.expect_err("nobody listens");
    assert!(matches!(&down, TargetError::Down { address: named, .. } if *named == address.to_string()), "{down}");
}

#[tokio::test]
async fn a_log_that_closes_every_connection_has_died() {
    let listener = TcpListener::bind(LOOPBACK).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    assert!(matches!(kafka(address).about().await, Err(TargetError::Died(_))));
    let died = carry(1, 1, 16).run(&kafka(address)).await.expect_err("it closes");
    assert!(matches!(died, TargetError::Died(_)), "{died}");
}

#[tokio::test]
async fn a_log_that_dies_half_way_ends_the_run() {
    let (server, target) = log_server().await;
    let endless = Workload::Carry(Load { measured: Duration::from_secs(3_600), ..load(2, 2, 16) });
    let shut_down = async {
        while server.snapshot().bytes() == 0 {
            tokio::task::yield_now().await;
        }
        server.shut_down();
    };
    let (died, ()) = tokio::join!(endless.run(&target), shut_down);
    let died = died.expect_err("nobody answers any more");
    assert!(matches!(&died, TargetError::HalfWay { error, .. } if matches!(**error, TargetError::Died(_))), "{died:?}");
}

#[test]
fn partitions_are_a_number_within_reason() {
    for text in
        ["kafka://127.0.0.1?partitions=0", "kafka://127.0.0.1?partitions=x", "kafka://127.0.0.1?partitions=1001"]
    {
        let refused = Kafka::new(&text.parse().expect("a URL")).err().expect("a wrong number").to_string();
        assert!(refused.contains("expected a number from 1 to 1000"), "{refused}");
    }
}

fn kafka(address: SocketAddr) -> Kafka {
    let url: Address = format!("kafka://{address}").parse().expect("a URL");
    Kafka::new(&url).expect("an address")
}
