//! The repetitions of each target under each workload, taken together.

use crate::audit::Findings;
use crate::figure::Figure;
use crate::measurement::Verdict;
use crate::statistics::{Estimate, median};
use crate::system::SystemMeasurement;

use super::BASE;

/// A workload and the targets that were under it.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The workload's short name.
    pub id: &'a str,
    /// The workload, in a line.
    pub workload: &'a str,
    /// The targets, in the order of their first runs.
    pub summaries: Vec<Summary<'a>>,
}

/// A target's repetitions under a workload; at least one.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The target.
    pub target: &'a str,
    runs: Vec<&'a SystemMeasurement>,
}

/// Runs by workload and target, both in the order of their first runs.
pub fn by_workload<'a>(runs: impl IntoIterator<Item = &'a SystemMeasurement>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for run in runs {
        let place = groups.iter().position(|group| group.id == run.workload_id).unwrap_or_else(|| {
            groups.push(Group { id: &run.workload_id, workload: &run.workload, summaries: Vec::new() });
            groups.len() - 1
        });
        groups[place].add(run);
    }
    groups
}

impl<'a> Group<'a> {
    fn add(&mut self, run: &'a SystemMeasurement) {
        match self.summaries.iter_mut().find(|summary| summary.target == run.target) {
            Some(summary) => summary.runs.push(run),
            None => self.summaries.push(Summary { target: &run.target, runs: vec![run] }),
        }
    }

    /// A target's.
    pub fn of(&self, target: &str) -> Option<&Summary<'a>> {
        self.summaries.iter().find(|summary| summary.target == target)
    }

    /// That of the target that all others are measured against.
    pub fn base(&self) -> Option<&Summary<'a>> {
        self.of(BASE)
    }
}

impl Summary<'_> {
    /// The median of a figure; `None` if no repetition has it.
    pub fn estimate(&self, figure: Figure) -> Option<Estimate> {
        Estimate::of(&self.runs.iter().filter_map(|run| figure.of_system(run)).collect::<Vec<_>>())
    }

    /// How many times that of another target a figure is, repetition by repetition; `None` if no repetition of both has
    /// it.
    pub fn ratio_to(&self, other: &Summary<'_>, figure: Figure) -> Option<Estimate> {
        Estimate::of_ratios(self.runs.iter().filter_map(|run| {
            let pair = other.runs.iter().find(|other| other.repetition == run.repetition)?;
            Some((figure.of_system(run)?, figure.of_system(pair)?))
        }))
    }

    /// How many repetitions there are.
    pub fn repetitions(&self) -> usize {
        self.runs.len()
    }

    /// How many messages the latencies of a repetition are of, in the median.
    pub fn latency_count(&self) -> u64 {
        let counts: Vec<f64> = self.runs.iter().map(|run| run.latency_us.count as f64).collect();
        median(&counts).unwrap_or_default() as u64
    }

    /// Whether in any repetition the generator may have been what was measured.
    pub fn is_generator_limited(&self) -> bool {
        self.runs.iter().any(|run| run.generator_limited)
    }

    /// What was wrong in the worst repetition.
    pub fn findings(&self) -> Findings {
        let wrong = self.runs.iter().find(|run| run.verdict != Verdict::Valid);
        wrong.map(|run| run.findings).unwrap_or_default()
    }

    /// Whether every repetition was as it should be.
    pub fn is_valid(&self) -> bool {
        self.runs.iter().all(|run| run.verdict == Verdict::Valid)
    }

    /// The first repetition: what the target and the workload are stands in each of them.
    pub fn first(&self) -> &SystemMeasurement {
        self.runs[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::run;

    #[test]
    fn runs_are_grouped_and_ratios_pair_repetitions_by_number() {
        let mut runs =
            vec![run("broker", 0, 100.0), run("relay", 0, 300.0), run("broker", 1, 10.0), run("relay", 1, 30.0)];
        // Its second repetition failed, so its third has no other to be compared with than the third.
        runs.extend([run("slow", 0, 50.0), run("slow", 2, 1.0)]);
        let groups = by_workload(&runs);
        let [group] = groups.as_slice() else { panic!("one workload: {groups:?}") };
        let names: Vec<&str> = group.summaries.iter().map(|summary| summary.target).collect();
        assert_eq!(names, ["broker", "relay", "slow"]);
        let base = group.base().expect("it was measured");
        let ratio =
            |target| group.of(target).expect("it is there").ratio_to(base, Figure::MessagesPerS).expect("pairs");
        assert_eq!((ratio("relay").median, ratio("relay").low, ratio("relay").high), (3.0, 3.0, 3.0));
        assert_eq!((ratio("slow").median, ratio("slow").count), (0.5, 1));
    }

    #[test]
    fn one_bad_repetition_is_the_verdict() {
        let mut runs = [run("broker", 0, 1.0), run("broker", 1, 1.0)];
        assert!(by_workload(&runs)[0].summaries[0].is_valid());
        runs[1].verdict = Verdict::Violated;
        runs[1].findings.lost = 3;
        let groups = by_workload(&runs);
        assert!(!groups[0].summaries[0].is_valid());
        assert_eq!(groups[0].summaries[0].findings().to_string(), "3 lost");
    }
}
