//! Plans that once showed something: those with a defect still show it, all others hold.

use std::fs;
use std::path::{Path, PathBuf};

use handoff_sim::chaos::{Failure, PlayOptions, play};
use handoff_sim::fault::Plan;

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let entries = fs::read_dir(directory).expect("the directory of regressions");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

#[test]
fn every_regression_does_what_it_says() {
    let files = files();
    assert!(!files.is_empty());
    for file in files {
        let plan = Plan::read(&file).unwrap_or_else(|error| panic!("{error}"));
        let run = play(&plan, PlayOptions::default());
        assert_eq!(run.failure(), plan.violates.map(Failure::Violated), "{}:\n{}", file.display(), run.report);
    }
}
