//! The files themselves.

use std::fs;

use handoff_reports::{read, render};

use crate::{folder, sample};

#[test]
fn the_folder_holds_the_report_and_nothing_unfinished() {
    let folder = folder("files").join("made/when/missing");
    let rendered = render(&sample(), &folder).expect("the report is rendered");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder was made")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["charts", "index.html", "index.json", "index.md"]);
    let charts = fs::read_dir(folder.join("charts")).expect("the charts' folder was made").count();
    assert_eq!(charts, rendered.charts.len());
}

#[test]
fn the_written_json_renders_to_the_same_bytes() {
    let (first, second) = (folder("files-first"), folder("files-second"));
    let rendered = render(&sample(), &first).expect("the report is rendered");
    let again = render(&read(&rendered.json).expect("its JSON is read"), &second).expect("it is rendered again");
    for (left, right) in [(rendered.html, again.html), (rendered.markdown, again.markdown), (rendered.json, again.json)]
    {
        assert_eq!(fs::read(&left).expect("written"), fs::read(&right).expect("written"), "{}", left.display());
    }
}

#[test]
fn an_older_report_is_replaced() {
    let folder = folder("files-replaced");
    let mut results = sample();
    render(&results, &folder).expect("the report is rendered");
    results.seed = 4_711;
    let rendered = render(&results, &folder).expect("it is rendered again");
    assert!(fs::read_to_string(rendered.html).expect("written").contains("4711"));
}

#[test]
fn an_error_names_the_path() {
    let folder = folder("files-blocked");
    fs::create_dir_all(&folder).expect("the folder is made");
    let blocked = folder.join("out");
    fs::write(&blocked, "a file where a folder should be").expect("the file is written");
    let error = render(&sample(), &blocked).expect_err("a file is no folder").to_string();
    assert!(error.starts_with(&blocked.display().to_string()) && !error.contains('\n'), "{error}");
}
