//! Two runs side by side: what is different between their results, figure by figure.
//!
//! Simulated figures are exact, so any difference there is a difference of the code or the settings. Measured ones
//! differ between any two runs. They are kept apart, and nothing here says which difference matters.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::format;
use crate::model::{ArchitectureResult, Benchmark, Clock, Percentiles, Results, Scenario, Target};
use crate::view::{COUNTS, architecture_of};

/// Two runs side by side. The left one comes first in every pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What the runs were.
    pub runs: [RunDescription; 2],
    /// What both have: each scenario and each benchmark.
    pub subjects: Vec<Compared>,
    /// What only one of them has, by name.
    pub only: [Vec<String>; 2],
}

/// What a run was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunDescription {
    /// The file that its results are in.
    pub file: String,
    /// The version of handoff, and the commit where it is known.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// The command that made it.
    pub command: String,
    /// The machine.
    pub machine: String,
}

/// A scenario or a benchmark in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its title.
    pub title: String,
    /// Whose time its durations are in.
    pub clock: Clock,
    /// Every figure that both have.
    pub figures: Vec<Pair>,
}

/// One figure in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Whose: an architecture, another system, or a claim.
    pub who: String,
    /// What it is.
    pub what: String,
    /// As it is shown, in both.
    pub shown: [String; 2],
    /// How the right one differs; empty if it is the same.
    pub change: String,
}

impl Comparison {
    /// Compares two results, each with the name of its file.
    pub fn of(left: (&str, &Results), right: (&str, &Results)) -> Comparison {
        let names = |results: &Results| -> Vec<String> {
            let scenarios = results.scenarios.iter().map(|scenario| scenario.title.clone());
            scenarios.chain(results.benchmarks.iter().map(|benchmark| benchmark.name.clone())).collect()
        };
        let (left_names, right_names) = (names(left.1), names(right.1));
        let missing = |names: &[String], others: &[String]| -> Vec<String> {
            let others: BTreeSet<&String> = others.iter().collect();
            names.iter().filter(|name| !others.contains(name)).cloned().collect()
        };
        let scenarios = left.1.scenarios.iter().flat_map(|one| {
            let other = right.1.scenarios.iter().find(|other| other.name == one.name);
            other.into_iter().flat_map(|other| scenario(one, other))
        });
        let benchmarks = left.1.benchmarks.iter().filter_map(|one| {
            let other = right.1.benchmarks.iter().find(|other| other.name == one.name)?;
            Some(benchmark(one, other))
        });
        Comparison {
            runs: [description(left), description(right)],
            subjects: scenarios.chain(benchmarks).collect(),
            only: [missing(&left_names, &right_names), missing(&right_names, &left_names)],
        }
    }
}

impl Comparison {
    /// The runs with the letters that they are called by.
    pub(crate) fn lettered(&self) -> impl Iterator<Item = (char, &RunDescription)> {
        ['A', 'B'].into_iter().zip(&self.runs)
    }

    /// What only one of the runs has, where there is something.
    pub(crate) fn only_lettered(&self) -> impl Iterator<Item = (char, &Vec<String>)> {
        ['A', 'B'].into_iter().zip(&self.only).filter(|(_, names)| !names.is_empty())
    }
}

impl Compared {
    /// The figures that differ.
    pub fn changed(&self) -> impl Iterator<Item = &Pair> {
        self.figures.iter().filter(|pair| !pair.change.is_empty())
    }

    /// Whether any figure differs.
    pub fn is_changed(&self) -> bool {
        self.changed().next().is_some()
    }

    /// How many figures differ, in words.
    pub fn changed_in_words(&self) -> String {
        let (changed, all) = (self.changed().count() as u64, self.figures.len() as u64);
        match changed {
            0 => format!("All {} figures are the same.", format::count(all)),
            _ => format!("{} of {} figures differ.", format::count(changed), format::count(all)),
        }
    }
}

fn description((file, results): (&str, &Results)) -> RunDescription {
    let Results { generated_by, machine, seed, .. } = results;
    let commit = generated_by.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
    RunDescription {
        file: file.to_owned(),
        version: format!("{}{commit}", generated_by.version),
        seed: *seed,
        command: generated_by.command.clone(),
        machine: format!("{}, {} logical processors", machine.cpu, machine.cores),
    }
}

/// A scenario by each clock that both have it in.
fn scenario(left: &Scenario, right: &Scenario) -> Vec<Compared> {
    let by_clock = |clock: Clock| {
        let of_clock = left.architectures.iter().filter(|result| result.clock == clock);
        let pairs = of_clock.filter_map(|one| {
            let same = |other: &&ArchitectureResult| other.architecture == one.architecture && other.clock == clock;
            Some((one, right.architectures.iter().find(same)?))
        });
        let figures: Vec<Pair> = pairs.flat_map(|(one, other)| architecture(one, other)).collect();
        (!figures.is_empty()).then(|| Compared { title: left.title.clone(), clock, figures })
    };
    let mut compared: Vec<Compared> = [Clock::Simulated, Clock::Measured].into_iter().filter_map(by_clock).collect();
    if let Some(first) = compared.first_mut() {
        first.figures.extend(claims(left, right));
    }
    compared
}

fn architecture(left: &ArchitectureResult, right: &ArchitectureResult) -> Vec<Pair> {
    let who = left.architecture.label();
    let mut pairs = durations(who, "answered", left.response_ms, right.response_ms);
    pairs.extend(durations(who, "done", left.completion_ms, right.completion_ms));
    pairs.extend(COUNTS.iter().map(|(label, _, value)| counts(who, label, value(left), value(right))));
    pairs.extend(left.guarantees.iter().filter_map(|guarantee| {
        let other = right.guarantees.iter().find(|other| other.name == guarantee.name)?;
        Some(words(who, guarantee.name.label(), guarantee.verdict.label(), other.verdict.label()))
    }));
    pairs
}

fn claims(left: &Scenario, right: &Scenario) -> Vec<Pair> {
    let word = |holds: Option<bool>| holds.map_or("not judged", |holds| if holds { "holds" } else { "fails" });
    let pair = |claim: &crate::model::Claim| {
        let other = right.claims.iter().find(|other| other.claim == claim.claim)?;
        Some(words("claim", &claim.claim, word(claim.holds), word(other.holds)))
    };
    left.claims.iter().filter_map(pair).collect()
}

fn benchmark(left: &Benchmark, right: &Benchmark) -> Compared {
    let figures = left.targets.iter().filter_map(|one| {
        let other = right.targets.iter().find(|other| other.target == one.target)?;
        Some(target(one, other))
    });
    Compared { title: left.name.clone(), clock: Clock::Measured, figures: figures.flatten().collect() }
}

fn target(left: &Target, right: &Target) -> Vec<Pair> {
    let who = architecture_of(left).map_or(left.target.as_str(), |architecture| architecture.label());
    let rate = |what: &str, left: f64, right: f64| Pair {
        who: who.to_owned(),
        what: what.to_owned(),
        shown: [left, right].map(format::number),
        change: ratio(left, right),
    };
    let mut pairs = vec![rate("achieved /s", left.achieved_per_s, right.achieved_per_s)];
    pairs.extend(durations(who, "answered", left.response_ms, right.response_ms));
    pairs.extend(durations(who, "done", left.completion_ms, right.completion_ms));
    pairs.push(words(who, "verdict", left.verdict.label(), right.verdict.label()));
    pairs
}

fn durations(who: &str, what: &str, left: Percentiles, right: Percentiles) -> Vec<Pair> {
    let pair = |((name, _, one), (.., other)): ((&str, &str, f64), (&str, &str, f64))| Pair {
        who: who.to_owned(),
        what: format!("{what} {name}"),
        shown: [(left.count, one), (right.count, other)]
            .map(|(count, value)| if count == 0 { format::MISSING.into() } else { format::duration(value) }),
        change: match (left.count, right.count) {
            (0, 0) => String::new(),
            (0, _) | (_, 0) => "≠".into(),
            _ => ratio(one, other),
        },
    };
    left.named().into_iter().zip(right.named()).map(pair).collect()
}

fn counts(who: &str, what: &str, left: u64, right: u64) -> Pair {
    let change = match right.cmp(&left) {
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!("+{}", format::count(right - left)),
        std::cmp::Ordering::Less => format!("−{}", format::count(left - right)),
    };
    Pair { who: who.into(), what: what.into(), shown: [left, right].map(format::count), change }
}

fn words(who: &str, what: &str, left: &str, right: &str) -> Pair {
    let change = if left == right { String::new() } else { "≠".into() };
    Pair { who: who.into(), what: what.into(), shown: [left.into(), right.into()], change }
}

/// How many times the left figure the right one is; empty if they are the same.
fn ratio(left: f64, right: f64) -> String {
    if left == right {
        String::new()
    } else if left > 0.0 && right > 0.0 {
        format!("× {}", format::number(right / left))
    } else {
        "≠".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_the_same_has_no_change() {
        assert_eq!(ratio(2.5, 2.5), "");
        assert_eq!(counts("queue", "lost", 3, 3).change, "");
        assert_eq!(words("queue", "nothing lost", "valid", "valid").change, "");
    }

    #[test]
    fn durations_change_by_a_factor_and_counts_by_a_difference() {
        assert_eq!(ratio(2.0, 5.0), "× 2.50");
        assert_eq!(ratio(0.0, 5.0), "≠");
        assert_eq!(counts("queue", "lost", 3, 1_003).change, "+1,000");
        assert_eq!(counts("queue", "lost", 3, 1).change, "−2");
    }

    #[test]
    fn what_was_not_measured_is_not_compared_by_a_factor() {
        let some = Percentiles { count: 4, p50: 1.0, p90: 1.0, p99: 1.0, p999: 1.0, max: 2.0 };
        let pairs = durations("call", "done", Percentiles::default(), some);
        assert_eq!((pairs[0].shown[0].as_str(), pairs[0].change.as_str()), (format::MISSING, "≠"));
    }
}
