//! Two runs side by side.

use handoff_reports::compare::Comparison;
use handoff_reports::model::{Clock, Verdict};
use handoff_reports::render_comparison;

use crate::{folder, sample};

#[test]
fn a_run_is_the_same_as_itself() {
    let results = sample();
    let comparison = Comparison::of(("a.json", &results), ("b.json", &results));
    assert_eq!(comparison.subjects.len(), results.scenarios.len() + results.benchmarks.len());
    assert!(comparison.subjects.iter().all(|subject| !subject.is_changed()));
    assert!(comparison.only.iter().all(Vec::is_empty));
}

#[test]
fn what_differs_is_named_and_nothing_else() {
    let (left, mut right) = (sample(), sample());
    right.scenarios[0].architectures[1].rejected += 3;
    right.scenarios[0].architectures[1].completion_ms.p99 *= 2.0;
    right.scenarios[0].architectures[2].guarantees[0].verdict = Verdict::Unknown;
    right.scenarios[0].claims[0].holds = Some(!left.scenarios[0].claims[0].holds.expect("judged"));
    let comparison = Comparison::of(("a.json", &left), ("b.json", &right));
    let changed: Vec<String> =
        comparison.subjects[0].changed().map(|pair| format!("{} {} {}", pair.who, pair.what, pair.change)).collect();
    assert_eq!(changed.len(), 4, "{changed:?}");
    assert!(changed[0].starts_with("queue done p99 × 2"), "{changed:?}");
    assert_eq!(changed[1], "queue rejected +3");
    assert_eq!(comparison.subjects.iter().filter(|subject| subject.is_changed()).count(), 1);
}

#[test]
fn what_only_one_has_is_said() {
    let (left, mut right) = (sample(), sample());
    let gone = right.scenarios.pop().expect("a scenario");
    let comparison = Comparison::of(("a.json", &left), ("b.json", &right));
    assert_eq!(comparison.only, [vec![gone.title], Vec::new()]);
}

#[test]
fn figures_of_different_clocks_are_not_compared() {
    let (left, mut right) = (sample(), sample());
    right.scenarios[0].architectures.iter_mut().for_each(|result| result.clock = Clock::Measured);
    let comparison = Comparison::of(("a.json", &left), ("b.json", &right));
    let title = &left.scenarios[0].title;
    assert!(comparison.subjects.iter().all(|subject| subject.title != *title));
}

#[test]
fn the_page_shows_both_runs_and_needs_nothing_else() {
    let (left, mut right) = (sample(), sample());
    right.scenarios[0].architectures[0].lost += 1;
    let comparison = Comparison::of(("left<b>.json", &left), ("right.json", &right));
    let page = render_comparison(&comparison, &folder("compare")).expect("it is rendered");
    let html = std::fs::read_to_string(page).expect("it was written");
    assert!(html.contains("right.json") && !html.contains("<b>"));
    assert_eq!(html.matches("class=\"changed\"").count(), 1);
    for way_out in ["http:", "https:", "src=", "url(", "@import", "<link"] {
        assert!(!html.contains(way_out), "{way_out}");
    }
}
