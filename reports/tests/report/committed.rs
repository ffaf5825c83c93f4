//! The sample that is committed, for whoever looks before running anything.

use std::fs;
use std::path::PathBuf;

use handoff_reports::read;

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample").join(name)
}

#[test]
fn it_can_be_read_and_both_forms_are_of_one_run() {
    let results = read(&sample("index.json")).expect("results of this version");
    let page = fs::read_to_string(sample("index.html")).expect("a page");
    for scenario in &results.scenarios {
        assert!(scenario.trace.is_some(), "{}", scenario.name);
        assert!(page.contains(&format!("data-scenario=\"{}\"", scenario.name)), "{}", scenario.name);
    }
    assert!(page.contains(&results.generated_by.command));
    let commit = results.generated_by.commit.expect("it was made in a work tree");
    assert!(page.contains(&commit), "{commit}");
}

#[test]
fn it_is_small() {
    let bytes = |name| fs::metadata(sample(name)).expect("it is there").len();
    assert!(bytes("index.html") < 3_000_000);
    assert!(bytes("index.html") + bytes("index.json") < 4_500_000);
}
