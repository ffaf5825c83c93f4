//! Many repetitions, one figure each: the median, which one disturbed run does not move.

use crate::latency::LatencySummary;
use crate::measurement::{Measurement, Verdict};
use crate::statistics::median;

/// For each target, in the order of their first measurement, the medians over its repetitions and the worst verdict.
/// Its `repetition` is how many there were.
pub fn medians(measurements: &[Measurement]) -> Vec<Measurement> {
    let mut targets: Vec<&str> = Vec::new();
    for measurement in measurements {
        if !targets.contains(&measurement.target.as_str()) {
            targets.push(&measurement.target);
        }
    }
    targets.into_iter().filter_map(|target| of_target(measurements, target)).collect()
}

fn of_target(measurements: &[Measurement], target: &str) -> Option<Measurement> {
    let runs: Vec<&Measurement> = measurements.iter().filter(|measurement| measurement.target == target).collect();
    let first = *runs.first()?;
    let verdicts = runs.iter().map(|run| run.verdict);
    Some(Measurement {
        target: first.target.clone(),
        workload: first.workload.clone(),
        repetition: runs.len() as u32,
        attempted_per_s: first.attempted_per_s,
        messages_per_s: median_of(&runs, |run| run.messages_per_s),
        jobs: first.jobs,
        latency_us: latency(&runs, |run| run.latency_us),
        completion_us: latency(&runs, |run| run.completion_us),
        verdict: verdicts.max_by_key(|verdict| gravity(*verdict)).unwrap_or(first.verdict),
    })
}

fn gravity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Valid => 0,
        Verdict::Overloaded => 1,
        Verdict::Violated => 2,
    }
}

fn median_of(runs: &[&Measurement], read: impl Fn(&Measurement) -> f64) -> f64 {
    median(&runs.iter().map(|run| read(run)).collect::<Vec<_>>()).unwrap_or_default()
}

fn latency(runs: &[&Measurement], which: fn(&Measurement) -> LatencySummary) -> LatencySummary {
    let median_of = |read: fn(&LatencySummary) -> u64| median_of(runs, |run| read(&which(run)) as f64) as u64;
    LatencySummary {
        count: median_of(|summary| summary.count),
        p50_us: median_of(|summary| summary.p50_us),
        p90_us: median_of(|summary| summary.p90_us),
        p99_us: median_of(|summary| summary.p99_us),
        p99_9_us: median_of(|summary| summary.p99_9_us),
        max_us: median_of(|summary| summary.max_us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(target: &str, messages_per_s: f64, p99_us: u64, verdict: Verdict) -> Measurement {
        Measurement {
            target: target.into(),
            workload: String::new(),
            repetition: 1,
            attempted_per_s: 10.0,
            messages_per_s,
            jobs: 10,
            latency_us: LatencySummary { p99_us, ..LatencySummary::default() },
            completion_us: LatencySummary::default(),
            verdict,
        }
    }

    #[test]
    fn the_median_ignores_one_disturbed_run_and_the_verdict_does_not() {
        let runs = [
            run("queue", 9.0, 10, Verdict::Valid),
            run("log", 5.0, 7, Verdict::Valid),
            run("queue", 1.0, 9_000, Verdict::Overloaded),
            run("queue", 10.0, 12, Verdict::Valid),
        ];
        let medians = medians(&runs);
        assert_eq!(medians.len(), 2);
        assert_eq!((medians[0].messages_per_s, medians[0].latency_us.p99_us, medians[0].repetition), (9.0, 12, 3));
        assert_eq!((medians[0].verdict, medians[1].verdict), (Verdict::Overloaded, Verdict::Valid));
    }
}
