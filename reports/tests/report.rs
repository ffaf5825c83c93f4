//! scaffold
use std::path::Path;
#[test]
fn make() {
    let results = handoff_reports::read(Path::new("tests/fixtures/results.json")).unwrap();
    handoff_reports::render(&results, Path::new("/tmp/h/out")).unwrap();
}
