//! Every kind of fault does what it says, says what it changed, and leaves the broker's promises whole.

use std::collections::BTreeSet;

use handoff_sim::chaos::{Change, PlayOptions, Run, play};
use handoff_sim::fault::{Plan, Profile, plan_for};

const DURATION_US: u64 = 20_000;

/// One producer and one consumer at work for some 40 ms, and a fault.
fn played(node: &str, kind: &str, duration_us: u64, extra: &str) -> Run {
    let messages = "{ gap_us = 500, size_bytes = 200 }, ".repeat(60);
    let text = format!(
        "version = 1\nseed = 3\nheartbeat_s = 1\nlink = {{ delay = {{ constant = {{ delay_us = 250 }} }}, window_bytes = 4096 }}\n\
         [[queue]]\nname = 'jobs'\n\
         [[producer]]\nname = 'shop'\nqueue = 'jobs'\nin_flight = 8\nresends = true\nmessage = [{messages}]\n\
         [[consumer]]\nname = 'worker'\nqueue = 'jobs'\nprefetch = 4\nservice_us = 600\n\
         [[fault]]\nnode = '{node}'\nat_us = 10_000\nduration_us = {duration_us}\nkind = {kind}\n{extra}"
    );
    let plan = Plan::parse(&text, "plan.toml").unwrap_or_else(|error| panic!("{error}"));
    let run = play(&plan, PlayOptions::default());
    assert_eq!(run.failure(), None, "{kind} at {node}:\n{}", run.report);
    run
}

/// What a fault changed.
fn changed(node: &str, kind: &str) -> Change {
    changed_in(node, kind, DURATION_US)
}

fn changed_in(node: &str, kind: &str, duration_us: u64) -> Change {
    let run = played(node, kind, duration_us, "");
    assert_eq!(run.injected.len(), 1);
    assert!(!run.injected[0].is_inert(), "{kind} at {node}");
    run.injected[0].changed
}

#[test]
fn what_ends_connections_says_how_many_and_what_was_going_on() {
    let kinds = ["crash", "restart", "machine-reset", "machine-loss"];
    for kind in kinds.into_iter().chain(["connection-reset", "connection-end", "connection-silence"]) {
        let (shop, worker) = (changed("shop", &format!("'{kind}'")), changed("worker", &format!("'{kind}'")));
        assert_eq!((shop.connections_cut, worker.connections_cut), (1, 1), "{kind}");
        assert_eq!((shop.deliveries_orphaned, worker.publishes_unconfirmed), (0, 0), "{kind}");
        assert!(shop.publishes_unconfirmed > 0 && worker.deliveries_orphaned > 0, "{kind}: {shop:?} {worker:?}");
    }
}

#[test]
fn a_broker_that_crashes_forgets_and_says_how_much() {
    let held_up = "[[fault]]\nnode = 'worker'\nat_us = 5_000\nduration_us = 10_000\nkind = 'hang'\n";
    let run = played("broker", "'crash'", DURATION_US, held_up);
    let Change { connections_cut, messages_forgotten, .. } = run.injected[0].changed;
    assert_eq!(connections_cut, 2);
    assert!(messages_forgotten > 0);
}

#[test]
fn what_holds_up_traffic_counts_what_it_held_up() {
    let kinds = ["'partition'", "'partition-to-broker'", "'partition-from-broker'", "'stop-reading'"];
    let links = ["{ delay = { constant = { delay_us = 3000 } } }", "{ bandwidth = { bytes_per_s = 20000 } }"];
    for kind in kinds.into_iter().chain(links) {
        for node in ["shop", "worker"] {
            assert!(changed(node, kind).segments_delayed > 0, "{kind} at {node}");
        }
    }
    // It is silent for three heartbeats, and the broker's own come for nothing.
    assert!(changed_in("worker", "'zombie'", 3_000_000).segments_delayed > 0);
}

#[test]
fn what_holds_up_work_counts_what_it_held_up() {
    for kind in ["'hang'", "{ slow = { factor = 5 } }"] {
        assert!(changed("worker", kind).deliveries_delayed > 0, "{kind}");
    }
    assert_eq!(changed("worker", "'pause'").deliveries_delayed, 1);
    assert_eq!(changed("shop", "'pause'").publishes_delayed, 1);
}

#[test]
fn strangers_are_turned_away() {
    for attack in ["garbage", "half-frame", "huge-frame", "broken-frame"] {
        // A half frame is given up when the handshake has taken too long.
        let change = changed_in("broker", &format!("{{ hostile-bytes = '{attack}' }}"), 15_000_000);
        assert_eq!(change.strangers_refused, 1, "{attack}");
    }
}

#[test]
fn every_kind_of_fault_is_drawn() {
    let plans = (0..200).map(|seed| plan_for(seed, Profile::Default));
    let drawn: BTreeSet<_> = plans.flat_map(|plan| plan.faults).map(|fault| fault.kind.name()).collect();
    let drawn: Vec<_> = drawn.into_iter().collect();
    assert_eq!(
        drawn.join(" "),
        "bandwidth connection-end connection-reset connection-silence crash delay hang hostile-bytes machine-loss \
         machine-reset partition partition-from-broker partition-to-broker pause restart slow stop-reading zombie"
    );
}

#[test]
fn a_fault_waits_for_its_moment() {
    for (node, moment) in [("shop", "after-publish"), ("worker", "after-delivery"), ("worker", "before-ack")] {
        let run = played(node, "'crash'", DURATION_US, &format!("moment = '{moment}'\n"));
        let change = run.injected[0].changed;
        let in_hand = if node == "shop" { change.publishes_unconfirmed } else { change.deliveries_orphaned };
        assert!(in_hand > 0, "{moment}: {change:?}");
    }
    // A requeue comes with the other fault.
    let other =
        "moment = 'during-requeue'\n[[fault]]\nnode = 'worker'\nat_us = 20_000\nduration_us = 1000\nkind = 'crash'\n";
    let run = played("shop", "'connection-reset'", DURATION_US, other);
    // The broker hears of the crash one delay later.
    assert_eq!((run.injected[1].at_us, run.injected[0].at_us), (Some(20_000), Some(20_250)));
    assert!(!run.injected[0].is_inert());
}

#[test]
fn a_fault_whose_moment_never_comes_is_inert() {
    let run = played("shop", "'crash'", DURATION_US, "moment = 'during-requeue'\n");
    assert_eq!(run.injected[0].at_us, None);
    assert!(run.injected[0].is_inert());
}
