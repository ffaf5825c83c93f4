//! Two documents side by side: for each target and workload, what changed, and whether that can be told from noise.
//!
//! The rule: a change is the ratio of the medians of both documents. Its interval is that of
//! [`Estimate::of_change`]. If it contains 1, or if either side has fewer than [`FEWEST_RUNS`] repetitions, the change
//! is noise.

use serde::Serialize;

use crate::document::Document;
use crate::figure::Figure;
use crate::measured::Measured;
use crate::statistics::{Estimate, median};

/// With fewer repetitions on a side, two that happen to lie apart would count as a change: of three and three that do
/// not differ at all, one in ten lie apart by chance.
pub const FEWEST_RUNS: usize = 4;

/// Two documents side by side. What comes first is "before".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Every figure that both have, by workload and target in the order of the first document.
    pub changes: Vec<Change>,
    /// What only one of them has: a target, or a target under a workload.
    pub only: [Vec<String>; 2],
}

/// A figure in both documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The workload's short name.
    pub workload_id: String,
    /// The target.
    pub target: String,
    /// Which figure.
    pub figure: Figure,
    /// Its medians.
    pub medians: [f64; 2],
    /// How many times the first median the second is.
    pub ratio: Estimate,
    /// What that means.
    pub finding: Finding,
}

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// It cannot be told from none.
    Noise,
    /// It is there, and to the good: a higher rate, a shorter time, less processor time or memory.
    Better,
    /// It is there, and to the bad.
    Worse,
}

/// A target under a workload.
#[derive(Clone, Copy, PartialEq)]
struct Subject<'a> {
    workload_id: &'a str,
    target: &'a str,
}

impl Comparison {
    /// Compares two documents.
    pub fn of(before: &Document, after: &Document) -> Comparison {
        let both = subjects(before).into_iter().filter(|subject| subjects(after).contains(subject));
        let changes = both.flat_map(|subject| {
            Figure::ALL.into_iter().filter_map(move |figure| Change::of(subject, figure, before, after))
        });
        Comparison { changes: changes.collect(), only: [only(before, after), only(after, before)] }
    }
}

impl Change {
    fn of(subject: Subject<'_>, figure: Figure, before: &Document, after: &Document) -> Option<Change> {
        let sides = [values(before, subject, figure), values(after, subject, figure)];
        let ratio = Estimate::of_change(&sides[0], &sides[1])?;
        Some(Change {
            workload_id: subject.workload_id.to_owned(),
            target: subject.target.to_owned(),
            figure,
            medians: [median(&sides[0])?, median(&sides[1])?],
            finding: Finding::of(figure, &ratio),
            ratio,
        })
    }

    /// What it means, in words: "noise", or by how many percent what became how.
    pub fn in_words(&self) -> String {
        let (better, worse) =
            if self.figure.is_rate() || self.figure.is_latency() { ("faster", "slower") } else { ("less", "more") };
        let word = match self.finding {
            Finding::Noise => return "noise".to_owned(),
            Finding::Better => better,
            Finding::Worse => worse,
        };
        format!("{word} by {:.1} %", 100.0 * (self.ratio.median - 1.0).abs())
    }
}

impl Finding {
    fn of(figure: Figure, ratio: &Estimate) -> Finding {
        if ratio.count < FEWEST_RUNS || (ratio.low <= 1.0 && ratio.high >= 1.0) {
            Finding::Noise
        } else if (ratio.median > 1.0) == figure.is_rate() {
            Finding::Better
        } else {
            Finding::Worse
        }
    }
}

/// Each target under each workload, once, in order.
fn subjects(document: &Document) -> Vec<Subject<'_>> {
    let mut subjects = Vec::new();
    for run in &document.results {
        let subject = Subject { workload_id: run.workload_id(), target: run.target() };
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

fn values(document: &Document, subject: Subject<'_>, figure: Figure) -> Vec<f64> {
    let is_of_it = |run: &&Measured| run.workload_id() == subject.workload_id && run.target() == subject.target;
    document.results.iter().filter(is_of_it).filter_map(|run| run.figure(figure)).collect()
}

/// What `one` has and `other` has not.
fn only(one: &Document, other: &Document) -> Vec<String> {
    let (subjects, others) = (subjects(one), subjects(other));
    let mut only = Vec::new();
    for subject in subjects.iter().filter(|subject| !others.contains(subject)) {
        let is_known = others.iter().any(|other| other.target == subject.target);
        let under = if is_known { format!(" under {}", subject.workload_id) } else { String::new() };
        let name = format!("{}{under}", subject.target);
        if !only.contains(&name) {
            only.push(name);
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::document;

    fn change(comparison: &Comparison, target: &str, figure: Figure) -> Change {
        let found = comparison.changes.iter().find(|change| change.target == target && change.figure == figure);
        found.expect("both have it").clone()
    }

    #[test]
    fn what_lies_within_the_spread_is_noise_and_what_does_not_is_told() {
        let rates = [100.0, 104.0, 98.0, 102.0, 96.0];
        let before = document(&[("broker", &rates), ("relay", &rates)]);
        let after =
            document(&[("broker", &rates.map(|rate| 1.25 * rate)), ("relay", &[101.0, 97.0, 103.0, 99.0, 100.0])]);
        let comparison = Comparison::of(&before, &after);
        assert_eq!(change(&comparison, "broker", Figure::MessagesPerS).in_words(), "faster by 25.0 %");
        assert_eq!(change(&comparison, "relay", Figure::MessagesPerS).in_words(), "noise");
        let back = Comparison::of(&after, &before);
        assert_eq!(change(&back, "broker", Figure::MessagesPerS).in_words(), "slower by 20.0 %");
        // The same in both.
        assert_eq!(change(&comparison, "broker", Figure::P99Us).finding, Finding::Noise);
    }

    #[test]
    fn three_repetitions_prove_nothing() {
        let before = document(&[("broker", &[100.0, 101.0, 102.0])]);
        let after = document(&[("broker", &[200.0, 201.0, 202.0])]);
        assert_eq!(change(&Comparison::of(&before, &after), "broker", Figure::MessagesPerS).finding, Finding::Noise);
    }

    #[test]
    fn what_only_one_has_is_named() {
        let (one, mut other) = (document(&[("broker", &[1.0]), ("relay", &[2.0])]), document(&[("broker", &[1.0])]));
        assert_eq!(Comparison::of(&one, &other).only, [vec!["relay".to_owned()], vec![]]);
        other.results.clear();
        assert_eq!(Comparison::of(&other, &one).only, [vec![], vec!["broker".to_owned(), "relay".to_owned()]]);
    }
}
