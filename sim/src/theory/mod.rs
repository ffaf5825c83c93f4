//! The simulator held against queueing theory: what closed forms predict, and what was simulated, side by side.
//!
//! Each [`Case`](case::Case) is a system of which theory knows the answer, built from an architecture: one queue in
//! front of all workers, no network between the nodes. [`compare`] plays the cases over a number of seeds; a row agrees
//! if theory lies within the simulation's own confidence interval over the seeds.
//!
//! What the architectures do differently from the textbook is left out here on purpose, not hidden: the synchronous
//! front end gives a job to a worker before that one is free, so it is one queue only where threads bound the calls;
//! the partitions of a log are queues of their own, so it is one queue only with one of them.

mod case;
mod measure;

use handoff_scenarios::Architecture;
use serde::Serialize;

use crate::confidence::Estimate;
use crate::parallel;
use crate::play::{SimulationError, play_jobs};
use case::Case;
use measure::Measured;

/// How sure it is that all intervals together hold the true values.
const CONFIDENCE: f64 = 0.95;

/// One figure of one case: what theory says, and what the simulation found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The system in Kendall's notation, with its load.
    pub case: String,
    /// What it was built from.
    pub architecture: Architecture,
    /// What is compared, with its unit.
    pub figure: &'static str,
    /// What theory says.
    pub theory: f64,
    /// The mean over all seeds.
    pub simulated: f64,
    /// How far from the simulated mean the true one may be.
    pub half_width: f64,
    /// Whether theory is within that.
    pub agrees: bool,
}

/// Plays every case with each of `seeds` (two at least, or nothing can be said) and compares.
///
/// The intervals are as wide as it takes for all of them together to hold with 95 % confidence (Bonferroni's
/// correction). The same seeds give the same rows.
///
/// # Errors
/// If a world stops before its end.
pub fn compare(seeds: &[u64]) -> Result<Vec<Comparison>, SimulationError> {
    compare_cases(&case::all(), seeds)
}

fn compare_cases(cases: &[Case], seeds: &[u64]) -> Result<Vec<Comparison>, SimulationError> {
    let runs: Vec<(&Case, u64)> = cases.iter().flat_map(|case| seeds.iter().map(move |&seed| (case, seed))).collect();
    let measured = parallel::map(&runs, |(case, seed)| measure(case, *seed));
    let measured: Vec<Measured> = measured.into_iter().collect::<Result<_, _>>()?;
    let rows: usize = cases.iter().map(|case| case.expected.len()).sum();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / rows.max(1) as f64;
    let by_case = cases.iter().zip(measured.chunks(seeds.len().max(1)));
    Ok(by_case.flat_map(|(case, runs)| comparisons(case, runs, confidence)).collect())
}

fn measure(case: &Case, seed: u64) -> Result<Measured, SimulationError> {
    let played = play_jobs(&case.scenario, &case.jobs(seed), case.architecture, seed)?;
    Ok(Measured::of(&played.journal, case.workers(), case.warm_up, case.scenario.load.duration()))
}

fn comparisons(case: &Case, runs: &[Measured], confidence: f64) -> Vec<Comparison> {
    let compare = |expectation: &case::Expectation| {
        let mean = |read: &dyn Fn(&Measured) -> f64| runs.iter().map(read).sum::<f64>() / runs.len() as f64;
        let differences: Vec<f64> =
            runs.iter().map(|run| expectation.simulated(run) - expectation.theory(run)).collect();
        let difference = Estimate::of(&differences, confidence)?;
        Some(Comparison {
            case: case.name.clone(),
            architecture: case.architecture,
            figure: expectation.figure(),
            theory: mean(&|run| expectation.theory(run)),
            simulated: mean(&|run| expectation.simulated(run)),
            half_width: difference.half_width,
            agrees: difference.contains(0.0),
        })
    };
    case.expected.iter().filter_map(compare).collect()
}

#[cfg(test)]
mod tests {
    use handoff_scenarios::theory::waits;

    use super::*;

    /// Not only means agree: every single job waits as long as the recursion of Kiefer and Wolfowitz says.
    #[test]
    fn each_job_waits_as_long_as_the_recursion_says() {
        let one_queue = Architecture::ALL.map(case::one_server);
        let cases = one_queue.into_iter().chain([case::four_servers(), case::log_normal_work()]);
        for case in cases {
            let (name, architecture) = (&case.name, case.architecture);
            let jobs = case.jobs(1);
            let expected =
                waits(jobs.iter().map(|job| (job.arrives_at.as_secs_f64(), job.work.as_secs_f64())), case.workers());
            let played = play_jobs(&case.scenario, &jobs, architecture, 1).expect("it plays");
            let found = measure::waits(&played.journal);
            assert_eq!(found.len(), expected.len(), "{name} {architecture}");
            assert!(expected.iter().any(|wait| *wait > 1.0), "{name}: hardly anybody waits");
            for (job, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!((found - expected).abs() < 1e-3, "{name} {architecture}, job {job}: {found} not {expected}");
            }
        }
    }

    #[test]
    fn a_wrong_prediction_is_found_out() {
        // Constant work, and the wait that exponential work would mean: twice as long.
        let seeds: Vec<u64> = (1..=16).collect();
        let comparisons = compare_cases(&[case::wrong()], &seeds).expect("it plays");
        assert!(!comparisons.is_empty());
        assert!(comparisons.iter().all(|row| !row.agrees), "{comparisons:#?}");
    }
}
