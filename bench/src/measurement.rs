//! One run of a workload on one architecture, in figures.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use handoff_scenarios::journal::Event;
use handoff_scenarios::{Architecture, Journal, Outcome};
use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, LatencySummary};
use crate::load::Workload;
use crate::play::{self, RealPlayError};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was driven.
    pub target: String,
    /// With what, in a line.
    pub workload: String,
    /// Which repetition, from 1.
    pub repetition: u32,
    /// How many jobs a second were meant to be sent.
    pub attempted_per_s: f64,
    /// How many jobs a second were done.
    pub messages_per_s: f64,
    /// How many jobs were sent.
    pub jobs: u64,
    /// From the intended time of sending to the answer.
    pub latency_us: LatencySummary,
    /// From the intended time of sending to the end of the work.
    pub completion_us: LatencySummary,
    /// Whether every job was answered and done exactly once.
    pub verdict: Verdict,
}

/// Whether figures can be trusted: those of a run that lost something cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every job was accepted and done once.
    Valid,
    /// A job that was accepted was lost, or done twice though nothing broke.
    Violated,
    /// Jobs were refused or not answered in time: the load was more than it takes.
    Overloaded,
}

/// Runs `workload` on each of `architectures` in turn, `repetitions` times over, so that what disturbs the machine
/// disturbs all of them. `after_each` is told of each run as it ends.
///
/// # Errors
/// If a node cannot be started.
pub fn interleaved(
    workload: &Workload,
    architectures: &[Architecture],
    repetitions: u32,
    mut after_each: impl FnMut(&Measurement),
) -> Result<Vec<Measurement>, RealPlayError> {
    let scenario = workload.scenario();
    let mut measurements = Vec::new();
    for repetition in 1..=repetitions {
        for &architecture in architectures {
            let journal = play::play(&scenario, architecture, repetition.into())?;
            let measurement = measure(&journal, architecture, workload, repetition);
            after_each(&measurement);
            measurements.push(measurement);
        }
    }
    Ok(measurements)
}

fn measure(journal: &Journal, architecture: Architecture, workload: &Workload, repetition: u32) -> Measurement {
    let outcome = Outcome::of(journal);
    let (mut answers, mut completions) = (Latencies::new(), Latencies::new());
    let mut arrived_at = BTreeMap::new();
    let mut last_completion = journal.started_at;
    for entry in &journal.entries {
        let waited_us = |arrived: &Timestamp| entry.at.since(*arrived).as_micros() as u64;
        match entry.event {
            Event::Arrived => drop(arrived_at.insert(entry.job, entry.at)),
            Event::Answered(answer) if answer.is_promise() => {
                arrived_at.get(&entry.job).map(waited_us).into_iter().for_each(|us| answers.record(us));
            }
            Event::Completed { .. } => {
                arrived_at.get(&entry.job).map(waited_us).into_iter().for_each(|us| completions.record(us));
                last_completion = last_completion.max(entry.at);
            }
            _ => {}
        }
    }
    let busy_s = last_completion.since(journal.started_at).as_secs_f64();
    Measurement {
        target: architecture.name().into(),
        workload: workload.description(),
        repetition,
        attempted_per_s: workload.rate_per_s,
        messages_per_s: if busy_s > 0.0 { outcome.completed as f64 / busy_s } else { 0.0 },
        jobs: outcome.arrived,
        latency_us: answers.summary(),
        completion_us: completions.summary(),
        verdict: verdict(&outcome),
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    if outcome.lost > 0 || outcome.duplicated > 0 {
        Verdict::Violated
    } else if outcome.completed < outcome.arrived || outcome.accepted < outcome.arrived {
        Verdict::Overloaded
    } else {
        Verdict::Valid
    }
}

#[cfg(test)]
mod tests {
    use handoff_scenarios::journal::{Answer, Recorder};

    use super::*;

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds(milliseconds * 1_000_000)
    }

    fn workload() -> Workload {
        Workload { rate_per_s: 2.0, duration_s: 1.0, payload_bytes: 16, workers: 1, work_ms: 0.0 }
    }

    #[test]
    fn latency_counts_from_the_intended_time() {
        let recorder = Recorder::new();
        recorder.arrived(at(0), 0);
        recorder.answered(at(3), 0, Answer::Accepted);
        recorder.started(at(4), 0, 1);
        recorder.completed(at(500), 0, 1);
        let measured = measure(&recorder.finish(at(0), at(600)), Architecture::Queue, &workload(), 1);
        assert_eq!((measured.latency_us.count, measured.completion_us.count), (1, 1));
        // To three digits, as the histogram has it.
        assert!(measured.latency_us.max_us.abs_diff(3_000) <= 3, "{measured:?}");
        assert!(measured.completion_us.max_us.abs_diff(500_000) <= 500, "{measured:?}");
        assert_eq!((measured.messages_per_s, measured.verdict), (2.0, Verdict::Valid));
    }

    #[test]
    fn what_was_promised_and_not_done_is_a_violation_and_a_refusal_is_overload() {
        let recorder = Recorder::new();
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Accepted);
        let measured = measure(&recorder.finish(at(0), at(10)), Architecture::Log, &workload(), 1);
        assert_eq!(measured.verdict, Verdict::Violated);

        let recorder = Recorder::new();
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Rejected);
        let measured = measure(&recorder.finish(at(0), at(10)), Architecture::Log, &workload(), 1);
        assert_eq!(measured.verdict, Verdict::Overloaded);
    }
}
