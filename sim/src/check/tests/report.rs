use super::Script;
use crate::check::{Anomaly, Invariant, Report, Verdict};

fn resurrected() -> Script {
    Script::work()
        .published(1)
        .published(2)
        .consume("alice", "work", 5)
        .receive("alice", 1, 0)
        .receive("alice", 2, 0)
        .acknowledge("alice", 1)
        .answered("alice")
        .crash("alice")
        .consume("bob", "work", 5)
        .receive("bob", 1, 1)
}

#[test]
fn a_witness_is_a_short_story_in_order() {
    let Verdict::Violated { anomaly, witness } = resurrected().verdict(Invariant::DestructiveRead) else {
        panic!("not violated")
    };
    assert_eq!(anomaly, Anomaly::Resurrected);
    let lines: Vec<&str> = witness.story.lines().collect();
    assert_eq!(lines.len(), witness.places.len());
    for (line, expected) in
        lines.iter().zip(["alice receives m1", "alice acknowledges", "alice learns", "bob receives m1"])
    {
        assert!(line.contains(expected), "{line}");
    }
    assert_eq!(lines.len(), 4, "{}", witness.story);
    assert!(witness.because.contains("m1"));
}

#[test]
fn the_overall_verdict_is_the_violation_that_shows_first() {
    let also_lost = resurrected().drained(&[("work", 0, 0)]);
    let report = also_lost.judge();
    assert_eq!(report.overall().anomaly(), Some(Anomaly::Resurrected));
    assert!(report.anomalies().contains(&Anomaly::Lost), "{report}");
}

#[test]
fn unknown_is_not_valid() {
    let report = Script::work().published(1).judge();
    assert!(matches!(report.overall(), Verdict::Unknown { .. }));
    let empty = Script::work().drained(&[("work", 0, 0)]).judge();
    assert_eq!(*empty.overall(), Verdict::Valid, "{empty}");
}

#[test]
fn reports_and_histories_can_be_saved() {
    let history = resurrected().history();
    let text = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<crate::history::History>(&text).unwrap(), history);
    let report = crate::check::check(&history);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}
