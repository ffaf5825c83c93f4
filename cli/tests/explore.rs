//! Chaos as a shell sees it: the matrix of broken brokers, what is saved, and what is said of plans that are none.
#![allow(clippy::disallowed_methods, reason = "processes run in the real world")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn handoff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handoff")).args(arguments).output().expect("the command can be started")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn every_broken_broker_is_caught_by_the_right_name_and_replays_in_another_process() {
    let folder = path("matrix").display().to_string();
    let output = handoff(&["explore", "--defects", "--profile", "small", "--save", &folder, "--json"]);
    let matrix = json(&output);
    assert_eq!(output.status.code(), Some(0), "{matrix}");
    let defects = matrix["defects"].as_array().expect("a list");
    assert!(defects.len() >= 16, "{} broken brokers", defects.len());
    for defect in defects {
        let name = defect["defect"].as_str().expect("a name");
        assert_eq!(defect["caught_by"], defect["expected"], "{name}");
        let plan = path("matrix").join(format!("{name}.toml")).display().to_string();
        let [first, second] = [(); 2].map(|()| handoff(&["replay", &plan, "--json"]));
        assert_eq!(first.status.code(), Some(1), "{name}");
        let (first, second) = (json(&first), json(&second));
        assert_eq!(first["failure"], defect["caught_by"], "{name}");
        assert_eq!(first["hash"], second["hash"], "{name}");
    }
}

#[test]
fn a_sweep_says_how_fast_it_was_and_what_it_met() {
    let sweep = handoff(&["explore", "--seeds", "4", "--profile", "small"]);
    assert_eq!(sweep.status.code(), Some(0), "{}", String::from_utf8_lossy(&sweep.stderr));
    let text = String::from_utf8_lossy(&sweep.stdout);
    for words in ["4 seeds", "seeds/s", "on each core", "network messages/s", "changed nothing", "a full queue: "] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
    // Too few seeds to insist that everything happens.
    assert!(!text.contains("never happened"), "{text}");
}

/// A plan, a line for each thing that can be wrong with it.
const PLAN: &str = "version = 1
seed = 1
link = { delay = { constant = { delay_us = 250 } }, window_bytes = 65536 }
queue = [{ name = 'jobs' }]
consumer = [{ name = 'worker', queue = 'jobs', prefetch = 1, service_us = 0 }]
[[fault]]
node = 'worker'
at_us = 0
kind = 'crash'
";

/// The plan with `from` replaced by `to` exits with 2 and says these words in one line, after the file and the line.
fn refused(name: &str, from: &str, to: &str, line: u32, words: &[&str]) {
    assert!(PLAN.contains(from), "{from}");
    let file = path(&format!("{name}.toml")).display().to_string();
    std::fs::write(&file, PLAN.replacen(from, to, 1)).expect("a file in the target folder");
    let output = handoff(&["replay", &file]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), output.stdout.len(), stderr.lines().count()),
        (Some(2), 0, 1),
        "{name}: {stderr}"
    );
    for word in [&format!("{file}:{line}: ")].into_iter().map(String::as_str).chain(words.iter().copied()) {
        assert!(stderr.contains(word), "{name}: {word:?} is not in {stderr}");
    }
}

#[test]
fn a_plan_that_is_none_is_refused_with_file_line_and_what_was_expected() {
    refused("another-version", "version = 1", "version = 2", 1, &["version", "expected 1", "found 2"]);
    refused("no-version", "version = 1", "", 1, &["version"]);
    refused("half-a-file", "[[fault]]", "[[fau", 6, &["expected"]);
    refused("no-number", "at_us = 0", "at_us = 'soon'", 8, &["expected u64"]);
    refused("unknown-key", "at_us = 0", "at_us = 0\nwhere = 'here'", 9, &["where", "expected one of `node`"]);
    refused("unknown-fault", "'crash'", "'crush'", 9, &["crush", "expected one of `crash`", "`zombie`"]);
    refused("unknown-node", "node = 'worker'", "node = 'walker'", 7, &["expected broker or a node", "walker"]);
    refused(
        "unknown-queue",
        "queue = 'jobs'",
        "queue = 'jbos'",
        5,
        &["expected one of the plan's queues (jobs)", "jbos"],
    );
    refused(
        "unknown-defect",
        "seed = 1",
        "seed = 1\ndefect = 'sulks'",
        3,
        &["sulks", "expected one of `loses-on-crash`"],
    );
    refused("negative-seed", "seed = 1", "seed = -1", 2, &["-1", "expected u64"]);
    refused(
        "no-bandwidth",
        "'crash'",
        "{ bandwidth = { bytes_per_s = 0 } }",
        9,
        &["expected bytes_per_s of at least 1"],
    );
}

#[test]
fn what_is_no_file_and_no_seed_is_refused() {
    let binary = path("binary.toml");
    std::fs::write(&binary, [0xff, 0xfe, 0]).expect("a file in the target folder");
    let (binary, folder) = (binary.display().to_string(), env!("CARGO_TARGET_TMPDIR"));
    for (argument, word) in [
        (binary.as_str(), "binary.toml"),
        (folder, folder),
        ("no-such-plan.toml", "expected a seed"),
        ("9223372036854775808", "9223372036854775807"),
        ("99999999999999999999", "9223372036854775807"),
    ] {
        let output = handoff(&["replay", argument]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{argument}: {stderr}");
        assert!(stderr.contains(word), "{argument}: {stderr}");
    }
    for arguments in [["--from", "9223372036854775807"], ["--jobs", "0"], ["--shard", "0/2"], ["--seeds", "0"]] {
        let output = handoff(&["explore", arguments[0], arguments[1]]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(arguments[0]), "{arguments:?}: {stderr}");
    }
}
