//! A plan alone decides what happens.

use std::env;
use std::process::Command;

use handoff_sim::chaos::{PlayOptions, Run, play};
use handoff_sim::fault::{Plan, Profile, plan_for};

fn played(plan: &Plan) -> Run {
    play(plan, PlayOptions { keep_trace: true })
}

#[test]
fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
    assert_eq!(plan_for(7, Profile::Default), plan_for(7, Profile::Default));
    assert_ne!(plan_for(7, Profile::Default), plan_for(8, Profile::Default));
}

#[test]
fn the_same_plan_gives_the_same_run() {
    let plan = plan_for(3, Profile::Small);
    let (first, second) = (played(&plan), played(&plan));
    assert_eq!(first.trace, second.trace);
    assert_eq!(first.history, second.history);
    assert_eq!((first.trace_hash, first.injected), (second.trace_hash, second.injected));
}

#[test]
fn a_plan_that_was_written_and_read_gives_the_same_run() {
    let plan = plan_for(5, Profile::Small);
    let read = Plan::parse(&plan.to_toml().expect("a plan"), "plan.toml").expect("the same plan");
    assert_eq!(read, plan);
    assert_eq!(played(&read).trace_hash, played(&plan).trace_hash);
}

/// Set in the processes that the test starts.
const VARIABLE: &str = "HANDOFF_TEST_CHAOS_SEEDS";
const PREFIX: &str = "hashes of the runs: ";

#[test]
fn the_same_seeds_give_the_same_hashes_in_two_processes() {
    if env::var(VARIABLE).is_ok() {
        let hashes: Vec<_> = (0..6).map(|seed| played(&plan_for(seed, Profile::Small)).trace_hash).collect();
        println!("\n{PREFIX}{hashes:x?}");
        return;
    }
    let in_a_new_process = || {
        let name = "determinism::the_same_seeds_give_the_same_hashes_in_two_processes";
        let mut command = Command::new(env::current_exe().expect("a path"));
        let output = command.args([name, "--exact", "--nocapture"]).env(VARIABLE, "1").output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
        let line = text.lines().find(|line| line.starts_with(PREFIX));
        line.unwrap_or_else(|| panic!("no hashes in: {text}")).to_owned()
    };
    assert_eq!(in_a_new_process(), in_a_new_process());
}
