//! Results written and read again, and what is said about documents that cannot be.

use std::path::Path;

use handoff_reports::{from_json, read, to_json};

use crate::{SAMPLE, folder, sample};

#[test]
fn what_is_written_reads_back_the_same() {
    let results = sample();
    let document = to_json(&results).expect("finite results are JSON");
    assert_eq!(from_json(&document, Path::new("again.json")).expect("it reads back"), results);
}

#[test]
fn another_version_is_refused_in_one_line() {
    let document = SAMPLE.replace("\"schema_version\": 3", "\"schema_version\": 1");
    let error = from_json(&document, Path::new("old/results.json")).expect_err("it is another version");
    assert_eq!(error.to_string(), "old/results.json: schema_version is 1, expected 2 to 3");
}

#[test]
fn results_from_before_systems_were_compared_are_read() {
    let mut older = sample();
    (older.schema_version, older.systems) = (2, None);
    let document = to_json(&older).expect("finite results are JSON");
    assert_eq!(from_json(&document, Path::new("older.json")).expect("version 2 is read"), older);
}

#[test]
fn another_version_is_refused_even_if_its_fields_are_unknown() {
    let error = from_json(r#"{"schema_version": 9, "novelty": []}"#, Path::new("new.json")).expect_err("version 9");
    assert_eq!(error.to_string(), "new.json: schema_version is 9, expected 2 to 3");
}

#[test]
fn an_unknown_field_is_named_with_its_place() {
    let document = SAMPLE.replacen("\"kernel\"", "\"kernal\"", 1);
    let error = from_json(&document, Path::new("typo.json")).expect_err("no such field").to_string();
    assert!(error.starts_with("typo.json: not a results document: unknown field `kernal`"), "{error}");
    assert!(error.contains("line ") && !error.contains('\n'), "{error}");
}

#[test]
fn what_is_not_json_is_refused() {
    let error = from_json("<html>", Path::new("page.html")).expect_err("it is not JSON").to_string();
    assert!(error.starts_with("page.html: not a results document"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let path = folder("json-missing").join("nowhere.json");
    let error = read(&path).expect_err("there is no such file").to_string();
    assert!(error.starts_with(&path.display().to_string()), "{error}");
}

#[test]
fn a_figure_that_is_no_number_is_refused() {
    let mut results = sample();
    results.scenarios[0].architectures[0].response_ms.max = f64::INFINITY;
    let error = to_json(&results).expect_err("JSON has no infinity").to_string();
    assert!(error.starts_with("results cannot be written as JSON"), "{error}");
}

#[test]
fn a_damaged_trace_is_named() {
    let mut results = sample();
    let trace = results.scenarios.iter_mut().find_map(|scenario| scenario.trace.as_mut()).expect("a trace");
    trace.lanes[1].paths.pop();
    let document = to_json(&results).expect("it is JSON");
    let error = from_json(&document, Path::new("cut.json")).expect_err("it breaks off").to_string();
    assert!(error.starts_with("cut.json: the trace of scenario") && error.contains("lane queue"), "{error}");
}
