//! What one run amounts to in the terms of queueing theory.
//!
//! Means are taken over a window that leaves the warm-up out: jobs that arrive in it, and time that passes in it.

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_scenarios::Journal;
use handoff_scenarios::journal::Event;

/// The figures of one run. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// Arrivals in the window.
    pub arrivals_per_s: f64,
    /// From arrival to the start of the work, on average over jobs that were done.
    pub mean_waiting_s: f64,
    /// What nine in ten of them waited at most.
    pub waiting_p90_s: f64,
    /// The share of them that waited at all.
    pub waiting_share: f64,
    /// From arrival to the end of the work.
    pub mean_response_s: f64,
    /// The share of the workers' time in the window that they were busy.
    pub utilisation: f64,
    /// The share of arrivals that was turned away.
    pub loss: f64,
    /// How many jobs were in the system, on average over the window.
    pub in_system: f64,
    /// The first moment at which no job was left, from the start of the load; infinite if there was none.
    pub empty_after_s: f64,
}

/// Less than this is no wait: times on the simulated network are whole microseconds.
const NO_WAIT_S: f64 = 1e-3;

/// A job's way through the system, in seconds from the start of the load. What did not happen is `None`.
#[derive(Clone, Copy, Debug, Default)]
struct Stay {
    arrived_s: f64,
    started_s: Option<f64>,
    completed_s: Option<f64>,
}

impl Measured {
    /// The figures of `journal`, for a window from `warm_up` until `end` after the start of the load.
    pub(super) fn of(journal: &Journal, workers: u32, warm_up: Duration, end: Duration) -> Measured {
        let (from_s, until_s) = (warm_up.as_secs_f64(), end.as_secs_f64());
        let length_s = until_s - from_s;
        let stays = stays(journal);
        let inside: Vec<Stay> =
            stays.iter().copied().filter(|stay| (from_s..until_s).contains(&stay.arrived_s)).collect();
        let mut waits: Vec<f64> = inside.iter().filter_map(|stay| Some(stay.started_s? - stay.arrived_s)).collect();
        waits.sort_by(f64::total_cmp);
        let responses: Vec<f64> = inside.iter().filter_map(|stay| Some(stay.completed_s? - stay.arrived_s)).collect();
        let overlap = |begin: f64, end: f64| (end.min(until_s) - begin.max(from_s)).max(0.0);
        let busy_s: f64 = stays.iter().filter_map(|stay| Some(overlap(stay.started_s?, stay.completed_s?))).sum();
        let present_s: f64 = stays.iter().filter_map(|stay| Some(overlap(stay.arrived_s, stay.completed_s?))).sum();
        Measured {
            arrivals_per_s: inside.len() as f64 / length_s,
            mean_waiting_s: mean(&waits),
            waiting_p90_s: waits.get(waits.len() * 9 / 10).copied().unwrap_or(f64::NAN),
            waiting_share: share(&waits, |wait| *wait > NO_WAIT_S),
            mean_response_s: mean(&responses),
            utilisation: busy_s / (f64::from(workers) * length_s),
            loss: share(&inside, |stay| stay.completed_s.is_none()),
            in_system: present_s / length_s,
            empty_after_s: empty_after_s(&stays),
        }
    }
}

/// How long each job that was begun waited, in order of arrival, in seconds.
#[cfg(test)]
pub(super) fn waits(journal: &Journal) -> Vec<f64> {
    stays(journal).iter().filter_map(|stay| Some(stay.started_s? - stay.arrived_s)).collect()
}

/// The stays of all jobs, in order of arrival.
fn stays(journal: &Journal) -> Vec<Stay> {
    let seconds = |at: Timestamp| at.since(journal.started_at).as_secs_f64();
    let mut stays = BTreeMap::<u64, Stay>::new();
    for entry in &journal.entries {
        let stay = stays.entry(entry.job).or_default();
        match entry.event {
            Event::Arrived => stay.arrived_s = seconds(entry.at),
            Event::Started { .. } => stay.started_s = Some(seconds(entry.at)),
            Event::Completed { .. } => stay.completed_s = Some(seconds(entry.at)),
            _ => {}
        }
    }
    stays.into_values().collect()
}

/// When as many jobs have left as have arrived, for the first time. `stays` are in order of arrival.
fn empty_after_s(stays: &[Stay]) -> f64 {
    let mut left: Vec<f64> = stays.iter().filter_map(|stay| stay.completed_s).collect();
    left.sort_by(f64::total_cmp);
    let next_arrival_s = stays.iter().skip(1).map(|stay| stay.arrived_s).chain([f64::INFINITY]);
    let empty = left.iter().zip(next_arrival_s).find(|(left_s, next_arrival_s)| *left_s < next_arrival_s);
    empty.map_or(f64::INFINITY, |(left_s, _)| *left_s)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn share<T>(values: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    values.iter().filter(|value| holds(value)).count() as f64 / values.len() as f64
}

#[cfg(test)]
mod tests {
    use handoff_scenarios::journal::{Answer, Recorder};

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds(seconds * 1_000_000_000)
    }

    #[test]
    fn the_figures_of_a_run_by_hand() {
        let recorder = Recorder::new();
        // Arrival, start and end of the work, for one worker; the window is from 10 to 20 s.
        for (job, (arrived, started, completed)) in [(9, 9, 12), (10, 12, 15), (16, 16, 21)].into_iter().enumerate() {
            recorder.arrived(at(arrived), job as u64);
            recorder.started(at(started), job as u64, 1);
            recorder.completed(at(completed), job as u64, 1);
        }
        recorder.arrived(at(18), 3);
        recorder.answered(at(18), 3, Answer::Rejected);
        let journal = recorder.finish(at(0), at(30));
        let measured = Measured::of(&journal, 1, Duration::from_secs(10), Duration::from_secs(20));
        let expected = Measured {
            arrivals_per_s: 0.3,
            mean_waiting_s: 1.0,
            waiting_p90_s: 2.0,
            waiting_share: 0.5,
            mean_response_s: 5.0,
            utilisation: 0.9,
            loss: 1.0 / 3.0,
            // 2 s of the first, 5 of the second, 4 of the third.
            in_system: 1.1,
            empty_after_s: 15.0,
        };
        assert_eq!(measured, expected);
    }
}
