//! Backlog, completions and bytes held over time.
//!
//! The backlog counts jobs that arrived and have not left. A caller who waits for a synchronous call and a message
//! that waits in a queue count the same.

use handoff_broker::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fate;
use crate::journal::Held;

/// How many intervals a run is cut into.
const INTERVALS: u32 = 200;

/// How things stood at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Seconds since the start of the load.
    pub at_s: f64,
    /// Jobs in the system.
    pub backlog: u64,
    /// Jobs done so far.
    pub completed: u64,
    /// Bytes held between front end and workers, when that was last looked at.
    pub held_bytes: u64,
    /// The longest response, in milliseconds, of those who arrived since the last point; `None` if there was none.
    pub slowest_response_ms: Option<f64>,
}

/// Times of arrival, departure and completion, each sorted, and what was held.
pub(super) struct Timeline<'a> {
    held: &'a [(Timestamp, Held)],
    arrived: Vec<Timestamp>,
    left: Vec<Timestamp>,
    completed: Vec<Timestamp>,
    /// Arrival and response of those whose response counts, in order of arrival.
    responses: Vec<(Timestamp, u64)>,
}

impl<'a> Timeline<'a> {
    pub(super) fn of(fates: &[Fate], held: &'a [(Timestamp, Held)]) -> Timeline<'a> {
        Timeline {
            held,
            arrived: sorted(fates.iter().filter_map(|fate| fate.arrived)),
            left: sorted(fates.iter().filter_map(Fate::left)),
            completed: sorted(fates.iter().filter_map(|fate| fate.completed_at)),
            responses: sorted(fates.iter().filter_map(|fate| Some((fate.arrived?, fate.response_nanoseconds()?)))),
        }
    }

    /// The backlog only grows at arrivals, so its peak is at one.
    pub(super) fn peak_backlog(&self) -> u64 {
        self.arrived.iter().map(|at| self.backlog(*at)).max().unwrap_or(0)
    }

    pub(super) fn points(&self, started_at: Timestamp, ended_at: Timestamp) -> Vec<Point> {
        let length = ended_at.since(started_at);
        (0..=INTERVALS)
            .map(|number| {
                let offset = length * number / INTERVALS;
                let at = started_at + offset;
                let since = number.checked_sub(1).map(|last| started_at + length * last / INTERVALS);
                Point {
                    at_s: offset.as_secs_f64(),
                    backlog: self.backlog(at),
                    completed: until(&self.completed, at),
                    held_bytes: self.held_bytes(at),
                    slowest_response_ms: self.slowest_response_ms(since, at),
                }
            })
            .collect()
    }

    /// Of who arrived after `since` and not after `until`.
    fn slowest_response_ms(&self, since: Option<Timestamp>, until: Timestamp) -> Option<f64> {
        let place = |at: Timestamp| self.responses.partition_point(|(arrived, _)| *arrived <= at);
        let of_interval = &self.responses[since.map_or(0, place)..place(until)];
        of_interval.iter().map(|(_, nanoseconds)| *nanoseconds).max().map(|longest| longest as f64 / 1e6)
    }

    fn held_bytes(&self, at: Timestamp) -> u64 {
        let looks = self.held.partition_point(|(looked_at, _)| *looked_at <= at);
        looks.checked_sub(1).map_or(0, |index| self.held[index].1.bytes)
    }

    fn backlog(&self, at: Timestamp) -> u64 {
        until(&self.arrived, at).saturating_sub(until(&self.left, at))
    }
}

fn sorted<T: Ord>(times: impl Iterator<Item = T>) -> Vec<T> {
    let mut times: Vec<T> = times.collect();
    times.sort_unstable();
    times
}

/// How many of the sorted `times` are at or before `at`.
fn until(times: &[Timestamp], at: Timestamp) -> u64 {
    times.partition_point(|time| *time <= at) as u64
}
