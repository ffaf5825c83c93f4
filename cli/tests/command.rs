//! The command as a shell sees it: what it prints where, and how it exits.
#![allow(clippy::disallowed_methods, reason = "processes run in the real world")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

fn handoff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handoff")).args(arguments).output().expect("the command can be started")
}

/// A scenario file in a folder of this test's own.
fn scenario_file(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file in the target folder");
    path.display().to_string()
}

/// Bad input exits with 2, prints nothing on stdout, and says everything in one line on stderr.
fn assert_bad_input(arguments: &[&str], expected_words: &[&str]) {
    let output = handoff(arguments);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    for word in expected_words {
        assert!(stderr.contains(word), "{arguments:?}: {word:?} is not in {stderr:?}");
    }
}

#[test]
fn bad_flags_and_names_are_told_in_one_line() {
    assert_bad_input(&["serve", "--listen", "nowhere"], &["--listen", "nowhere"]);
    assert_bad_input(&["run", "no-such-scenario"], &["no-such-scenario", "frozen-server"]);
    assert_bad_input(&["run", "burst", "--seed", "x"], &["--seed", "x"]);
    assert_bad_input(&["run", "burst", "--arch", "carrier-pigeon"], &["--arch", "sync, queue or log"]);
    assert_bad_input(&["run"], &["NAME|FILE"]);
    assert_bad_input(&["run", "burst", "--seed", "18446744073709551615", "--seeds", "2"], &["--seed", "2^64"]);
    assert_bad_input(&["explore", "--shard", "3/2"], &["--shard", "I/N"]);
    assert_bad_input(&["explore", "--profile", "huge"], &["--profile", "huge"]);
    assert_bad_input(&["replay", "no-such-plan.toml"], &["no-such-plan.toml", "seed"]);
    assert_bad_input(&["bench", "--rate", "-5/s"], &["--rate", "500/s"]);
    assert_bad_input(&["bench", "--target", "pigeon"], &["--target", "pigeon", "or a URL"]);
    assert_bad_input(&["bench", "--target", "http://127.0.0.1"], &["--target", "a URL that begins with amqp://"]);
    assert_bad_input(&["bench", "--target", "relay", "--consumers", "2"], &["--consumers 2", "as many"]);
    assert_bad_input(&["report", "no-such-results.json"], &["no-such-results.json"]);
    assert_bad_input(&["dance"], &["dance"]);
}

#[test]
fn a_bad_scenario_file_is_told_by_file_key_and_expectation() {
    let text = "name = 'x'\ntitle = 'x'\nquestion = 'x'\nidea = 'x'\nwhy = 'x'\n[load]\nrate_per_s = -3\n\
                duration_s = 1\n[work]\ndistribution = 'constant'\nmean_ms = 1\nworkers = 1\n";
    let path = scenario_file("bad-rate.toml", text);
    assert_bad_input(&["run", &path], &["bad-rate.toml", "load.rate_per_s", "above 0", "-3"]);
    let path = scenario_file("unknown-key.toml", &text.replace("rate_per_s = -3", "rate_per_s = 3\nspeed = 9"));
    assert_bad_input(&["run", &path], &["unknown-key.toml", "speed"]);
    let path = scenario_file("no-toml.toml", "name = ");
    assert_bad_input(&["run", &path], &["no-toml.toml", "line 1"]);
}

#[test]
fn a_damaged_plan_is_told_by_file_and_line() {
    let path = scenario_file("plan-of-another-version.toml", "version = 99\nseed = 1\n");
    assert_bad_input(&["replay", &path], &["plan-of-another-version.toml", "version"]);
    let path = scenario_file("damaged-plan.toml", "version = 1\nseed = \n");
    assert_bad_input(&["replay", &path], &["damaged-plan.toml:2: "]);
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_another_process() {
    let run = || handoff(&["run", "consumer-crash", "--seed", "7", "--json"]);
    let (first, second) = (run(), run());
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(!first.stdout.is_empty());
    assert!(first.stdout == second.stdout, "two runs of one seed differ");
    let replay = || handoff(&["replay", "11", "--profile", "small", "--trace"]);
    assert!(replay().stdout == replay().stdout, "two replays of one seed differ");
}

#[test]
fn a_claim_that_fails_is_exit_status_1() {
    let text = "name = 'x'\ntitle = 'x'\nquestion = 'x'\nidea = 'x'\nwhy = 'x'\n[load]\nrate_per_s = 10\n\
                duration_s = 1\n[work]\ndistribution = 'constant'\nmean_ms = 1\nworkers = 1\n\
                [[claim]]\nclaim = 'queue.completed == 0'\nbecause = 'it is not so'\n";
    let output = handoff(&["run", &scenario_file("false-claim.toml", text), "--arch", "queue"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAILS"));
}

#[test]
fn a_broken_broker_is_caught_shrunk_saved_and_replayed() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("caught");
    let folder = folder.display().to_string();
    let explored =
        handoff(&["explore", "--defect", "loses-on-crash", "--profile", "small", "--seeds", "20", "--save", &folder]);
    assert_eq!(explored.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&explored.stderr);
    let replay_line = stderr.lines().find(|line| line.starts_with("lost: ")).expect("it is caught as lost");
    let (_, path) = replay_line.split_once("handoff replay ").expect("with a line to replay it");
    let replayed = handoff(&["replay", path]);
    assert_eq!(replayed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&replayed.stdout).contains("violated, lost"));
}

#[test]
fn results_are_json_on_request() {
    for arguments in [&["list", "--json"][..], &["explore", "--seeds", "3", "--profile", "small", "--json"]] {
        let output = handoff(arguments);
        let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
        assert!(parsed.is_ok(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn serve_says_where_it_listens_and_leaves_on_sigterm() {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_handoff"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command can be started");
    let mut line = String::new();
    BufReader::new(serve.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on ").expect("the line that says so");
    std::net::TcpStream::connect(address).expect("somebody listens there");
    let kill = Command::new("kill").arg(serve.id().to_string()).status().expect("kill can be started");
    assert!(kill.success());
    assert!(serve.wait().expect("it ends").success());
}

#[test]
fn brokers_are_measured_and_what_is_down_is_named() {
    let down = "amqp://127.0.0.1:1";
    let targets = ["--target", "broker", "--target", "relay", "--target", down];
    let output = handoff(&[&["bench", "--duration", "0.1", "--repetitions", "2", "--json"][..], &targets].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("{down}: nobody answers at 127.0.0.1:1")), "{stderr}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let results = document["results"].as_array().expect("a list");
    let runs: Vec<_> = results.iter().map(|run| (run["target"].as_str(), run["repetition"].as_u64())).collect();
    assert_eq!(runs, [("broker", 1), ("relay", 1), ("broker", 2), ("relay", 2)].map(|(t, r)| (Some(t), Some(r))));
    for run in results {
        assert_eq!(run["verdict"], "valid", "{run}");
        assert!(run["messages_per_s"].is_number() && run["latency_us"]["count"].is_number(), "{run}");
    }
}
