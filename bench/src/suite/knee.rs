//! The knee: the highest rate, open loop, that a target keeps up with.
//!
//! The rate is doubled until the target no longer keeps up, or halved until it does; then the gap is halved a few times.

use serde::{Deserialize, Serialize};

use crate::system::SystemMeasurement;

/// A target keeps up if so much of what was asked was sent, and so much of what was sent arrived.
const KEPT: f64 = 0.98;
/// And if 99 in a hundred took less than this.
const LATE_US: u64 = 100_000;
/// However it goes, no more runs than this.
const MOST_POINTS: usize = 16;

/// A target in open loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// The target.
    pub target: String,
    /// The highest rate that it kept up with, messages a second; `None` if it kept up with none that was tried.
    pub rate_per_s: Option<f64>,
    /// Whether the generator was what could not do more: the knee is at least this.
    pub generator_limited: bool,
    /// What was tried, in order.
    pub points: Vec<KneePoint>,
}

/// One rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KneePoint {
    /// What was asked, messages a second.
    pub rate_per_s: f64,
    /// What arrived, messages a second.
    pub messages_per_s: f64,
    /// Half took at most this.
    pub p50_us: u64,
    /// 99 in a hundred took at most this.
    pub p99_us: u64,
    /// Whether the target kept up.
    pub kept_up: bool,
}

impl KneePoint {
    /// From a run in which so many a second were asked.
    pub fn of(rate_per_s: f64, run: &SystemMeasurement) -> Self {
        let kept_up = run.attempted_per_s >= KEPT * rate_per_s
            && run.messages_per_s >= KEPT * run.attempted_per_s
            && run.latency_us.p99_us < LATE_US;
        let (messages_per_s, latency) = (run.messages_per_s, &run.latency_us);
        KneePoint { rate_per_s, messages_per_s, p50_us: latency.p50_us, p99_us: latency.p99_us, kept_up }
    }
}

/// A search for a knee: it says which rate to try next and is told what came of it.
#[derive(Debug)]
pub(super) struct Search {
    points: Vec<KneePoint>,
    next_per_s: f64,
    halvings: u32,
}

impl Search {
    /// Begins at a rate; halves the gap so often.
    pub fn from(start_per_s: f64, halvings: u32) -> Self {
        Search { points: Vec::new(), next_per_s: start_per_s, halvings }
    }

    /// What to try next; `None` when the knee is found.
    pub fn next_per_s(&self) -> Option<f64> {
        (self.points.len() < MOST_POINTS && self.next_per_s >= 1.0).then(|| two_digits(self.next_per_s))
    }

    /// What came of it.
    pub fn tried(&mut self, point: KneePoint) {
        self.points.push(point);
        self.next_per_s = match (self.highest_kept(), self.lowest_missed()) {
            (Some(kept), None) => 2.0 * kept,
            (None, Some(missed)) => missed / 2.0,
            (Some(kept), Some(missed)) if self.halvings > 0 => {
                // The first gap is what doubling leaves; after it, each try halves it.
                self.halvings -= 1;
                (kept + missed) / 2.0
            }
            _ => 0.0,
        };
    }

    /// What was found.
    pub fn finish(self, target: &str, generator_limited: bool) -> Knee {
        let rate_per_s = self.highest_kept();
        Knee { target: target.to_owned(), rate_per_s, generator_limited, points: self.points }
    }

    fn highest_kept(&self) -> Option<f64> {
        let missed = self.lowest_missed().unwrap_or(f64::INFINITY);
        let kept = self.points.iter().filter(|point| point.kept_up && point.rate_per_s < missed);
        kept.map(|point| point.rate_per_s).reduce(f64::max)
    }

    fn lowest_missed(&self) -> Option<f64> {
        self.points.iter().filter(|point| !point.kept_up).map(|point| point.rate_per_s).reduce(f64::min)
    }
}

/// Half of the lowest knee, rounded down to 1, 2 or 5 times a power of ten, so that runs whose knees differ a little
/// compare latencies at the same rate. `None` if no target has a knee.
pub(super) fn half_of_slowest(knees: &[Knee]) -> Option<f64> {
    let half = knees.iter().filter_map(|knee| knee.rate_per_s).reduce(f64::min)? / 2.0;
    let decade = 10_f64.powi(half.log10().floor() as i32);
    let step = [5.0, 2.0, 1.0].into_iter().find(|step| step * decade <= half).unwrap_or(1.0);
    Some((step * decade).max(1.0))
}

/// Rates are told to two digits: more would not be the same the next time.
fn two_digits(rate: f64) -> f64 {
    let unit = 10_f64.powi(rate.log10().floor() as i32 - 1).max(1.0);
    (rate / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a target that keeps up with so many a second.
    fn found(capacity_per_s: f64, start_per_s: f64, halvings: u32) -> Knee {
        let mut search = Search::from(start_per_s, halvings);
        while let Some(rate_per_s) = search.next_per_s() {
            let kept_up = rate_per_s <= capacity_per_s;
            search.tried(KneePoint { rate_per_s, messages_per_s: rate_per_s, p50_us: 1, p99_us: 2, kept_up });
        }
        search.finish("x", false)
    }

    #[test]
    fn the_knee_is_found_from_below_and_from_above() {
        for start in [1_000.0, 37_000.0, 900_000.0] {
            let knee = found(40_000.0, start, 3);
            let rate = knee.rate_per_s.expect("it keeps up with something");
            assert!((30_000.0..=40_000.0).contains(&rate), "{start}: {rate}");
            assert!(knee.points.len() <= 12, "{}", knee.points.len());
        }
    }

    #[test]
    fn a_target_that_keeps_up_with_nothing_has_no_knee_and_the_search_ends() {
        let knee = found(0.0, 1_000.0, 3);
        assert_eq!(knee.rate_per_s, None);
        assert!(knee.points.len() <= MOST_POINTS);
        assert!(found(f64::INFINITY, 1.0, 3).points.len() == MOST_POINTS);
    }

    #[test]
    fn half_of_the_slowest_knee_is_a_round_number_below_it() {
        let knees = |rates: &[f64]| -> Vec<Knee> {
            rates.iter().map(|rate| Knee { rate_per_s: Some(*rate), ..Knee::default() }).collect()
        };
        assert_eq!(half_of_slowest(&knees(&[90_000.0, 14_680.0])), Some(5_000.0));
        assert_eq!(half_of_slowest(&knees(&[40_000.0])), Some(20_000.0));
        assert_eq!(half_of_slowest(&[Knee::default()]), None);
    }
}
