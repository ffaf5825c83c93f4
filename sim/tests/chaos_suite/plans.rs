//! Plans as files: what is wrong with one is said in a line that names file, line and what was expected.

use handoff_sim::fault::{Plan, Profile, plan_for};

const PLAN: &str = r#"version = 1
seed = 7

[link]
delay = { constant = { delay_us = 250 } }
window_bytes = 65536

[[queue]]
name = "jobs"
delivery_limit = 2
dead_letter_queue = "dead"

[[queue]]
name = "dead"

[[producer]]
name = "shop"
queue = "jobs"
in_flight = 4
message = [
    { gap_us = 100 },
    { gap_us = 100, size_bytes = 10, handling = "poison" },
    { gap_us = 100, handling = { requeue = { times = 2 } } },
]

[[consumer]]
name = "worker"
queue = "jobs"
prefetch = 2
service_us = 300

[[fault]]
node = "worker"
at_us = 500
duration_us = 1000
kind = "crash"
"#;

/// What is said of the plan with `from` replaced by `to`.
fn error(from: &str, to: &str) -> String {
    assert!(PLAN.contains(from), "{from}");
    let error = Plan::parse(&PLAN.replacen(from, to, 1), "plan.toml").expect_err("not a plan").to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn a_plan_written_by_hand_is_read() {
    let plan = Plan::parse(PLAN, "plan.toml").expect("a plan");
    assert_eq!((plan.messages(), plan.faults.len()), (3, 1));
}

#[test]
fn every_generated_plan_is_read_as_it_was_written() {
    for seed in 0..50 {
        for profile in Profile::ALL {
            let plan = plan_for(seed, profile);
            let text = plan.to_toml().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(Plan::parse(&text, "plan.toml").as_ref(), Ok(&plan), "seed {seed}");
        }
    }
}

#[test]
fn damaged_files_are_told_apart_by_line() {
    assert_eq!(error("version = 1", "version = 2"), "plan.toml:1: version: expected 1, found 2");
    assert_eq!(error("version = 1\n", ""), "plan.toml:1: missing field `version`");
    let unclosed = error("seed = 7", "seed = \"7");
    assert!(unclosed.starts_with("plan.toml:2: "), "{unclosed}");
    assert!(error("seed = 7", "seed = -7").starts_with("plan.toml:2: invalid value: integer `-7`, expected u64"));
    assert!(error("prefetch = 2", "prefetched = 2").starts_with("plan.toml:29: unknown field `prefetched`, expected"));
}

#[test]
fn unknown_names_are_told_with_those_that_are_known() {
    let crash = error("kind = \"crash\"", "kind = \"crush\"");
    assert!(crash.starts_with("plan.toml:36: unknown variant `crush`, expected one of `crash`"), "{crash}");
    assert_eq!(
        error("node = \"worker\"", "node = \"walker\""),
        "plan.toml:33: fault[0].node: expected broker or a node of the plan (shop, worker), found 'walker'"
    );
    assert_eq!(
        error("queue = \"jobs\"\nprefetch", "queue = \"jbos\"\nprefetch"),
        "plan.toml:28: consumer[0].queue: expected one of the plan's queues (jobs, dead), found 'jbos'"
    );
    assert_eq!(
        error("dead_letter_queue = \"dead\"", "dead_letter_queue = \"jobs\""),
        "plan.toml:11: queue[0].dead_letter_queue: expected another queue than itself"
    );
    let handling = error("handling = \"poison\"", "handling = \"posion\"");
    assert!(handling.starts_with("plan.toml:22: unknown variant `posion`, expected one of `ack`"), "{handling}");
}

#[test]
fn what_cannot_be_played_is_refused() {
    assert_eq!(error("in_flight = 4", "in_flight = 0"), "plan.toml:19: producer[0].in_flight: expected at least 1");
    assert_eq!(
        error("name = \"worker\"", "name = \"shop\""),
        "plan.toml:27: consumer[0].name: expected a name of its own, 'shop' is taken"
    );
    assert_eq!(
        error("kind = \"crash\"", "kind = \"machine-loss\""),
        "plan.toml:36: fault[0].kind: 'machine-loss' is found out by heartbeats alone: expected heartbeat_s above 0"
    );
    assert_eq!(
        error("at_us = 500", "at_us = 500\nmoment = \"after-publish\""),
        "plan.toml:35: fault[0].moment: expected a moment that comes to 'worker'"
    );
    assert_eq!(
        error("kind = \"crash\"", "kind = \"hostile-bytes\""),
        "plan.toml:36: invalid type: unit variant, expected newtype variant"
    );
    assert_eq!(
        error("{ constant = { delay_us = 250 } }", "{ uniform = { minimum_us = 2, maximum_us = 1 } }"),
        "plan.toml:4: link: minimum_us 2 is above maximum_us 1"
    );
}
