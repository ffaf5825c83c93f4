//! Consumers that share a group.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use handoff_broker::TokioRuntime;
use handoff_scenarios::log::{
    BrokerOptions, ConsumerOptions, Event, GroupConsumer, GroupConsumerOptions, GroupOptions, LogServer, OffsetReset,
    Record, ServerOptions, TopicPartition,
};

use crate::support::*;

const PARTITIONS: i32 = 4;

/// A server whose groups rebalance without delay.
async fn eager_server() -> (TokioRuntime, LogServer) {
    let group = GroupOptions { initial_rebalance_delay_ms: 0, min_session_timeout_ms: 1, ..GroupOptions::default() };
    let broker = BrokerOptions { partitions: PARTITIONS, group, ..BrokerOptions::default() };
    server_with(ServerOptions { broker, ..ServerOptions::default() }).await
}

async fn member(runtime: &TokioRuntime, server: &LogServer) -> GroupConsumer<TokioRuntime> {
    let consumer = ConsumerOptions {
        group: "g".to_owned(),
        reset: OffsetReset::Earliest,
        max_wait: Duration::from_millis(5),
        ..ConsumerOptions::default()
    };
    let options = GroupConsumerOptions {
        consumer,
        session_timeout: Duration::from_millis(500),
        heartbeat_interval: Duration::from_millis(5),
        ..GroupConsumerOptions::default()
    };
    GroupConsumer::connect(runtime, server.address(), &["t"], options).await.unwrap()
}

/// Polls all members, each on its own, until every one has a share and the shares together are all partitions.
async fn settle(members: &mut [GroupConsumer<TokioRuntime>]) -> Vec<Vec<TopicPartition>> {
    let shares = Mutex::new(vec![Vec::new(); members.len()]);
    let is_settled = || {
        let shares = shares.lock().unwrap();
        let distinct: BTreeSet<_> = shares.iter().flatten().collect();
        let count: usize = shares.iter().map(Vec::len).sum();
        shares.iter().all(|share| !share.is_empty()) && count == distinct.len() && count == PARTITIONS as usize
    };
    let polls = members.iter_mut().enumerate().map(async |(index, member)| {
        while !is_settled() {
            member.poll().await.unwrap();
            shares.lock().unwrap()[index] = member.assignment();
        }
    });
    join_all(polls).await;
    shares.into_inner().unwrap()
}

#[test]
fn members_share_the_partitions_and_a_leaver_gives_its_part_back() {
    run(async {
        let (runtime, server) = eager_server().await;
        let mut members = vec![member(&runtime, &server).await];
        assert_eq!(settle(&mut members).await[0].len(), 4);
        members.push(member(&runtime, &server).await);
        let shares: Vec<_> = settle(&mut members).await.iter().map(Vec::len).collect();
        assert_eq!(shares, [2, 2]);
        members.pop().unwrap().leave().await.unwrap();
        assert_eq!(settle(&mut members).await[0].len(), 4);
    });
}

#[test]
fn what_a_silent_member_read_goes_to_the_others_and_what_it_did_not_commit_comes_again() {
    run(async {
        let (runtime, server) = eager_server().await;
        let producer = producer(&runtime, &server).await;
        for partition in 0..PARTITIONS {
            for _ in 0..3 {
                producer.send_to("t", partition, Record::keyless("x")).await.await.unwrap();
            }
        }
        let mut members = vec![member(&runtime, &server).await, member(&runtime, &server).await];
        let shares = settle(&mut members).await;
        // the first commits one record of each of its partitions, and is not heard of again
        let commit: Vec<_> = shares[0].iter().map(|partition| (partition.clone(), 1)).collect();
        members[0].commit(&commit).await.unwrap();
        drop(members.remove(0));
        let mut seen = Vec::new();
        while seen.len() < 2 * 3 + 2 * 2 || members[0].assignment().len() < 4 {
            match members[0].poll().await.unwrap() {
                Event::Records(records) => seen.extend(records.into_iter().map(|one| (one.from, one.offset))),
                // a group that rebalances begins again where it committed
                Event::Assigned(_) => seen.clear(),
                Event::Revoked(_) | Event::Lost(_) => {}
            }
        }
        seen.sort();
        let offsets =
            |partition: i32| if commit.iter().any(|(mine, _)| mine.partition == partition) { 1..3 } else { 0..3 };
        let expected: Vec<_> = (0..PARTITIONS)
            .flat_map(|partition| offsets(partition).map(move |offset| (TopicPartition::new("t", partition), offset)))
            .collect();
        assert_eq!(seen, expected);
    });
}

#[test]
fn who_is_asked_to_rejoin_may_still_commit_and_who_is_out_may_not() {
    run(async {
        let (runtime, server) = eager_server().await;
        let mut first = member(&runtime, &server).await;
        assert!(matches!(first.poll().await.unwrap(), Event::Assigned(_)));
        // another one knocks: the first is asked to rejoin, and commits before it does
        let mut second = member(&runtime, &server).await;
        let (revoked, assigned) = tokio::join!(
            biased;
            async {
                let revoked = loop {
                    if let Event::Revoked(partitions) = first.poll().await.unwrap() {
                        break partitions;
                    }
                };
                first.commit(&[(revoked[0].clone(), 7)]).await.unwrap();
                assert!(matches!(first.poll().await.unwrap(), Event::Assigned(_)));
                revoked
            },
            second.poll(),
        );
        assert_eq!((revoked.len(), server.snapshot().committed("g", "t", 0)), (4, Some(7)));
        assert!(matches!(assigned.unwrap(), Event::Assigned(partitions) if partitions.len() == 2));
        // nobody from outside commits for a group that has members
        let outsider = consumer(&runtime, &server).await;
        let refused = outsider.commit(&[(partition(0), 9)]).await.unwrap_err();
        assert_eq!(refused.to_string(), "refused: UnknownMemberId");
        assert_eq!(server.snapshot().committed("g", "t", 0), Some(7));
    });
}

#[test]
fn who_does_not_poll_loses_its_partitions() {
    run(async {
        let (runtime, server) = eager_server().await;
        let consumer =
            ConsumerOptions { group: "g".to_owned(), max_wait: Duration::ZERO, ..ConsumerOptions::default() };
        let options = GroupConsumerOptions {
            consumer,
            session_timeout: PATIENCE * 10,
            heartbeat_interval: Duration::from_millis(1),
            max_poll_interval: Duration::from_millis(10),
        };
        let mut stuck = GroupConsumer::connect(&runtime, server.address(), &["t"], options).await.unwrap();
        assert!(matches!(stuck.poll().await.unwrap(), Event::Assigned(_)));
        let mut next = vec![member(&runtime, &server).await];
        assert_eq!(settle(&mut next).await[0].len(), 4);
        assert!(matches!(stuck.poll().await.unwrap(), Event::Lost(partitions) if partitions.len() == 4));
    });
}
