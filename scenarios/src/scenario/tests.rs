//! Scenario files: right ones, and one of each kind of wrong one.

use super::*;

const RIGHT: &str = r#"name = "test"
title = "A test"
question = "Is it read?"
idea = "It is."
why = "Because."

[load]
rate_per_s = 200
duration_s = 10

[work]
distribution = "exponential"
mean_ms = 20
workers = 4
"#;

/// The error that `text` gives.
fn error(text: &str) -> String {
    let error = Scenario::parse("dir/x.toml", text).expect_err("a wrong scenario").to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// The error after replacing a piece of a right scenario.
fn changed(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    error(&RIGHT.replacen(from, to, 1))
}

/// The error after appending to a right scenario.
fn extended(text: &str) -> String {
    error(&format!("{RIGHT}{text}"))
}

#[test]
fn a_short_scenario_gets_the_defaults() {
    let scenario = Scenario::parse("x.toml", RIGHT).expect("a right scenario");
    assert_eq!(scenario.load.arrival, Arrival::Poisson);
    assert_eq!((scenario.front.threads, scenario.queue.prefetch, scenario.log.partitions), (64, 1, None));
    assert_eq!(scenario.drain_limit(), Duration::from_secs(30));
}

#[test]
fn a_scenario_that_is_written_and_read_again_is_the_same() {
    for scenario in catalog().expect("a right catalogue") {
        let text = toml::to_string(&scenario).expect("it can be written");
        assert_eq!(Scenario::parse("x.toml", &text).expect("it can be read"), scenario);
    }
}

#[test]
fn the_catalogue_is_right_and_each_file_has_the_name_of_its_scenario() {
    let found: Vec<String> = catalog().expect("a right catalogue").into_iter().map(|scenario| scenario.name).collect();
    assert_eq!(found, names().collect::<Vec<_>>());
    assert_eq!(found.len(), 20);
    for scenario in catalog().expect("a right catalogue") {
        assert!(scenario.claims.len() >= 3, "{} claims too little", scenario.name);
    }
}

#[test]
fn scenarios_are_found_by_name_and_by_path() {
    assert_eq!(Scenario::load("burst").expect("in the catalogue").name, "burst");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog/frozen-server.toml");
    assert_eq!(Scenario::load(path).expect("a file").name, "frozen-server");
    let unknown = Scenario::load("stedy-load").expect_err("not in the catalogue").to_string();
    assert!(unknown.starts_with("stedy-load: expected the name of a scenario (frozen-server, burst, "), "{unknown}");
    assert!(unknown.ends_with(", slow-network) or the path of a TOML file"), "{unknown}");
    let missing = Scenario::load("no/such.toml").expect_err("no such file").to_string();
    assert!(missing.starts_with("no/such.toml: expected a readable text file: "), "{missing}");
}

#[test]
fn what_is_not_toml_is_named_by_line_and_key() {
    let found = changed("rate_per_s = 200", "rate_per_s = = 200");
    assert!(found.starts_with("dir/x.toml: line 8: rate_per_s: "), "{found}");
    let found = changed("title = \"A test\"", "title = \"A test");
    assert!(found.starts_with("dir/x.toml: line 2: title: "), "{found}");
    let found = changed("duration_s = 10", "rate_per_s = 10");
    assert!(found.starts_with("dir/x.toml: line 9: rate_per_s: duplicate key"), "{found}");
}

#[test]
fn unknown_missing_and_mistyped_keys_are_named_by_line_and_path() {
    let found = changed("rate_per_s", "rate");
    assert!(found.starts_with("dir/x.toml: line 8: load.rate: unknown field `rate`, expected one of "), "{found}");
    let found = changed("rate_per_s = 200\n", "");
    assert_eq!(found, "dir/x.toml: line 7: load: missing field `rate_per_s`");
    let found = changed("workers = 4", "workers = -4");
    assert_eq!(found, "dir/x.toml: line 14: work.workers: invalid value: integer `-4`, expected u32");
    let found = changed("\"exponential\"", "\"normal\"");
    let expected = "dir/x.toml: line 12: work.distribution: unknown variant `normal`, \
                    expected one of `constant`, `exponential`, `log-normal`";
    assert_eq!(found, expected);
    let found = extended("[[fault]]\nkind = \"crush\"\nnode = \"worker-1\"\n");
    assert!(found.starts_with("dir/x.toml: line 16: fault[0].kind: unknown variant `crush`, expected "), "{found}");
    let found = extended("[[fault]]\nkind = \"crash\"\nnode = \"worker-1\"\nat = 3\n");
    assert!(found.starts_with("dir/x.toml: line 15: fault[0]: unknown field `at`, expected one of "), "{found}");
}

#[test]
fn a_claim_that_cannot_be_read_is_named() {
    let right = "[[claim]]\nclaim = \"queue.lost == 0\"\nbecause = \"it is\"\n";
    let found = extended(&format!("{right}{}", right.replace("lost", "loss")));
    assert!(found.starts_with("dir/x.toml: line 19: claim[1].claim: expected a metric (arrived, "), "{found}");
    assert_eq!(extended(&right.replace("it is", " ")), "dir/x.toml: claim[0].because: expected some text, got \" \"");
}

#[test]
fn values_out_of_bounds_are_named_with_what_was_expected() {
    let table = [
        ("name = \"test\"", "name = \"Te st\"", "name: expected lower-case letters, digits and hyphens, got \"Te st\""),
        ("\"Is it read?\"", "\"\"", "question: expected some text, got \"\""),
        ("rate_per_s = 200", "rate_per_s = -3", "load.rate_per_s: expected a number above 0, got -3"),
        ("rate_per_s = 200", "rate_per_s = nan", "load.rate_per_s: expected a number above 0, got NaN"),
        (
            "rate_per_s = 200",
            "rate_per_s = inf",
            "load.rate_per_s: expected a number above 0 and at most 1000000, got inf",
        ),
        ("duration_s = 10", "duration_s = 0", "load.duration_s: expected a number above 0, got 0"),
        (
            "duration_s = 10",
            "duration_s = 80000",
            "load.duration_s: expected at most 10000000 jobs in all (rate_per_s x duration_s), got 16000000",
        ),
        ("[work]", "payload_bytes = 7\n[work]", "load.payload_bytes: expected a whole number from 8 to 1048576, got 7"),
        ("workers = 4", "workers = 0", "work.workers: expected a whole number from 1 to 1000, got 0"),
        (
            "mean_ms = 20",
            "mean_ms = 20\np99_ms = 9",
            "work.p99_ms: expected no such key unless the distribution is log-normal, got 9",
        ),
        (
            "\"exponential\"",
            "\"log-normal\"",
            "work.p99_ms: expected a number, since the distribution is log-normal, got none",
        ),
        (
            "\"exponential\"\nmean_ms = 20",
            "\"log-normal\"\nmean_ms = 20\np99_ms = 900",
            "work.p99_ms: expected a number above mean_ms and at most 298, got 900",
        ),
    ];
    for (from, to, expected) in table {
        assert_eq!(changed(from, to), format!("dir/x.toml: {expected}"));
    }
}

#[test]
fn sections_with_defaults_are_checked_too() {
    let table = [
        ("[front]\nthreads = 0", "front.threads: expected a whole number from 1 to 100000, got 0"),
        ("[front]\ntimeout_ms = 0", "front.timeout_ms: expected a number above 0, got 0"),
        ("[network]\nmean_us = -1", "network.mean_us: expected a number from 0, got -1"),
        ("[sync]\nretries = 101", "sync.retries: expected a whole number from 0 to 100, got 101"),
        ("[queue]\nprefetch = 0", "queue.prefetch: expected a whole number from 1 to 65535, got 0"),
        ("[queue]\nmessage_ttl_ms = 0", "queue.message_ttl_ms: expected a number above 0, got 0"),
        (
            "[queue]\nby_key = true\nurgent_first = true",
            "queue.urgent_first: expected false, since jobs go by key, to several subscribers or are tried later, got true",
        ),
        ("[log]\npartitions = 0", "log.partitions: expected a whole number from 1 to 5000, got 0"),
        ("[log]\npoll_wait_ms = 0.5", "log.poll_wait_ms: expected a number from 1, got 0.5"),
        ("[log]\nretention_s = 0", "log.retention_s: expected a number above 0, got 0"),
    ];
    for (section, expected) in table {
        assert_eq!(extended(section), format!("dir/x.toml: {expected}"));
    }
}

#[test]
fn faults_must_hit_something_that_exists_and_runs() {
    let crash = |node: &str, at_s: u32| {
        format!("[[fault]]\nkind = \"crash\"\nnode = \"{node}\"\nat_s = {at_s}\nrestart_after_s = 2\n")
    };
    let table = [
        (crash("worker-5", 1), "fault[0].node: expected worker-1 to worker-4 or broker, got \"worker-5\""),
        (crash("worker-01", 1), "fault[0].node: expected worker-1 to worker-4 or broker, got \"worker-01\""),
        (crash("worker-1", 11), "fault[0].at_s: expected a number from 0 and at most 10, got 11"),
        (crash("worker-1", 1) + &crash("worker-1", 3), "fault[1].at_s: expected a time at which worker-1 runs, got 3"),
        ("[[fault]]\nkind = \"poison\"\n".to_owned(), "fault[0]: expected one of job and every, got neither"),
        (
            "[[fault]]\nkind = \"poison\"\nevery = 0\n".to_owned(),
            "fault[0].every: expected a whole number from 1 to 18446744073709551615, got 0",
        ),
    ];
    for (faults, expected) in table {
        assert_eq!(extended(&faults), format!("dir/x.toml: {expected}"));
    }
    let apart = format!("{RIGHT}{}{}", crash("worker-1", 1), crash("worker-1", 4));
    assert!(Scenario::parse("x.toml", &apart).is_ok());
}
