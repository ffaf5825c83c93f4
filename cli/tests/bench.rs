//! The benchmark command as a shell sees it. Nothing here depends on how fast the machine is.
#![allow(clippy::disallowed_methods, reason = "processes run in the real world")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handoff")).arg("bench").args(arguments).output().expect("the command starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Saves a document with these rates, a repetition each, of these targets; gives back where.
fn saved(name: &str, targets: &[(&str, &[f64])]) -> String {
    let run = |target: &str, repetition: usize, rate: f64| {
        json!({
            "target": target,
            "about": { "version": "1", "configuration": "", "durability": "" },
            "workload": "closed loop, 16 B", "workload_id": "closed/16B/1x1", "repetition": repetition + 1,
            "attempted_per_s": rate, "messages_per_s": rate,
            "latency_us": { "count": 9, "p50_us": 5, "p90_us": 6, "p99_us": 7, "p99_9_us": 8, "max_us": 9 },
            "cpu_s_per_million": 0.5, "rss_bytes": 1_000_000, "generator_cpu": 0.5, "verdict": "valid",
            "findings": { "lost": 0, "duplicated": 0, "reordered": 0, "corrupted": 0, "invented": 0 },
        })
    };
    let results: Vec<Value> = targets
        .iter()
        .flat_map(|(target, rates)| rates.iter().enumerate().map(|(at, rate)| run(target, at, *rate)))
        .collect();
    let machine = json!({ "cpu": "a", "cores": 2, "memory_bytes": 1, "os": "b", "kernel": "c" });
    let document = json!({
        "schema_version": 1, "version": "0.1.0", "command": "handoff bench", "machine": machine,
        "results": results, "failures": [],
    });
    let path = file(name);
    std::fs::write(&path, format!("{document:#}\n")).expect("a file in the target folder");
    path.display().to_string()
}

/// Bad input exits with 2 and says everything in one line.
fn assert_refused(arguments: &[&str], words: &[&str]) {
    let output = bench(arguments);
    let told = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}: {told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "{arguments:?}: {word:?} is not in {told:?}");
    }
}

#[test]
fn two_documents_are_compared_with_intervals_and_noise_is_called_so() {
    let before = saved(
        "compare-before.json",
        &[("broker", &[100.0, 104.0, 98.0, 102.0, 96.0]), ("relay", &[9.0, 8.0, 9.5, 8.5, 9.2]), ("old", &[1.0])],
    );
    let after = saved(
        "compare-after.json",
        &[("broker", &[150.0, 156.0, 147.0, 153.0, 144.0]), ("relay", &[9.1, 8.1, 9.4, 8.4, 9.0]), ("new", &[1.0])],
    );
    let output = bench(&["compare", &before, &after]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let row = |target: &str| text.lines().find(|line| line.trim_start().starts_with(target)).expect("a row").to_owned();
    assert!(row("broker").contains("faster by 50.0 %"), "{text}");
    assert!(row("relay").ends_with("noise"), "{text}");
    assert!(text.contains("only in A: old") && text.contains("only in B: new"), "{text}");

    let output = bench(&["compare", &after, &before, "--json"]);
    let comparison: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let changes = comparison["changes"].as_array().expect("a list");
    let slower = changes.iter().find(|change| change["target"] == "broker" && change["figure"] == "messages_per_s");
    assert_eq!(slower.map(|change| &change["finding"]), Some(&json!("worse")));
}

#[test]
fn a_document_that_is_damaged_or_of_another_version_is_told_by_file_and_line() {
    let whole = saved("whole.json", &[("broker", &[1.0])]);
    let text = std::fs::read_to_string(&whole).expect("it was saved");
    let damaged = |name: &str, text: &str| {
        std::fs::write(file(name), text).expect("a file in the target folder");
        file(name).display().to_string()
    };
    let cut = damaged("cut.json", &text[..text.len() / 2]);
    assert_refused(&["compare", &whole, &cut], &["cut.json:", "expected what 'handoff bench --output' writes", "EOF"]);
    let lacks = damaged("lacks.json", &text.replace("\"verdict\"", "\"verdikt\""));
    assert_refused(&["compare", &lacks, &whole], &["lacks.json:", "results[0]", "missing field `verdict`"]);
    let newer = damaged("newer.json", &text.replace("\"schema_version\": 1", "\"schema_version\": 9"));
    assert_refused(&["compare", &newer, &whole], &["newer.json:1: expected schema_version 1, found 9"]);
    assert_refused(&["compare", "no-such.json", &whole], &["no-such.json"]);
}

#[test]
fn bad_flags_of_the_suite_are_told_before_anything_is_measured() {
    assert_refused(&["--all", "--only", "pigeon"], &["--only pigeon", "closed/16B/1x1", "backlog/"]);
    assert_refused(&["--all", "--target", "queue"], &["--target queue", "expected a system"]);
    assert_refused(&["--all", "--rate", "5"], &["--all", "--rate"]);
    assert_refused(&["--target", "pigeon"], &["--target", "pigeon", "rabbitmq-classic", "a URL"]);
    assert_refused(&["--quick"], &["--all"]);
    assert_refused(&["--all", "--output", "/no/such/folder/x.json"], &["--output /no/such/folder/x.json", "folder"]);
}

#[test]
fn the_suite_measures_what_is_up_names_what_is_not_and_saves_it() {
    let path = file("suite.json");
    let path = path.to_str().expect("UTF-8");
    // Nobody but ours, and one at a port where nobody can be.
    let among = ["--target", "relay", "--target", "amqp://127.0.0.1:1"];
    let short = ["--all", "--quick", "--only", "closed/16B/1x1", "--repetitions", "2", "--duration", "0.1"];
    let output = bench(&[&short[..], &among, &["--output", path]].concat());
    let (text, told) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(text.contains("closed/16B/1x1: closed loop") && text.contains("throughput at least half of the relay's"));
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("it was saved")).expect("JSON");
    let results = document["results"].as_array().expect("a list");
    let of = |target: &str| results.iter().filter(|run| run["target"] == target).count();
    assert_eq!((of("broker"), of("relay")), (2, 2));
    for run in results {
        assert_eq!((&run["verdict"], &run["workload_id"]), (&json!("valid"), &json!("closed/16B/1x1")), "{run}");
    }
    // Whoever is not up is told on stderr and in the document, and is no failure.
    assert!(told.contains("amqp://127.0.0.1:1: nobody answers at 127.0.0.1:1"), "{told}");
    assert_eq!(document["left_out"][0]["target"], "amqp://127.0.0.1:1");
    assert_eq!(document["failures"], json!([]));
    // What was saved is what compare reads; nothing is compared with itself but noise.
    let compared = bench(&["compare", path, path]);
    assert!(compared.status.success() && stdout(&compared).contains("noise"), "{}", stderr(&compared));
}

#[test]
fn a_report_takes_a_saved_comparison_and_refuses_what_is_none() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/sample/index.json");
    let out = file("report-with-systems");
    let report = |document: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
        command.arg("report").arg(&results).args(["--bench", document]).arg("--out").arg(&out);
        command.output().expect("the command starts")
    };
    let comparison = saved("for-report.json", &[("broker", &[100.0, 104.0]), ("relay", &[300.0, 310.0])]);
    let output = report(&comparison);
    assert!(output.status.success(), "{}", stderr(&output));
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("index.json")).expect("a file")).expect("JSON");
    let systems = &written["systems"]["workloads"][0]["results"];
    assert_eq!((&systems[1]["target"], &systems[1]["messages_per_s"]["median"]), (&json!("relay"), &json!(305.0)));
    assert!(std::fs::read_to_string(out.join("index.html")).expect("a page").contains("id=\"systems\""));

    let none = report(&saved("of-nothing.json", &[]));
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("of-nothing.json: expected runs of systems"), "{}", stderr(&none));
}
