//! Latencies in a histogram: cheap to add to, exact to three digits, whatever their range.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest latency that is told apart from longer ones: an hour, in microseconds.
const LONGEST_US: u64 = 3_600_000_000;

/// Latencies, counted from the moment at which each operation was meant to start.
///
/// That is what keeps coordinated omission out: an operation that had to wait for its turn has waited.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// Percentiles of latencies, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// How many operations were measured. The rest is zero if none was.
    pub count: u64,
    /// Half took at most this.
    pub p50_us: u64,
    /// Nine in ten took at most this.
    pub p90_us: u64,
    /// 99 in a hundred took at most this.
    pub p99_us: u64,
    /// 999 in a thousand took at most this.
    pub p99_9_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Latencies(histogram.expect("an hour in microseconds to three digits is within what a histogram can be"))
    }

    /// Adds one. What is longer than an hour counts as an hour.
    pub fn record(&mut self, latency_us: u64) {
        self.record_many(latency_us, 1);
    }

    /// Adds so many of the same.
    pub fn record_many(&mut self, latency_us: u64, count: u64) {
        self.0.saturating_record_n(latency_us.max(1), count);
    }

    /// What they amount to.
    pub fn summary(&self) -> LatencySummary {
        LatencySummary {
            count: self.0.len(),
            p50_us: self.0.value_at_quantile(0.5),
            p90_us: self.0.value_at_quantile(0.9),
            p99_us: self.0.value_at_quantile(0.99),
            p99_9_us: self.0.value_at_quantile(0.999),
            max_us: self.0.max(),
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        (1..=1_000).for_each(|latency_us| latencies.record(latency_us));
        let summary = latencies.summary();
        assert_eq!((summary.count, summary.p50_us, summary.p90_us, summary.p99_us), (1_000, 500, 900, 990));
        assert_eq!((summary.p99_9_us, summary.max_us), (999, 1_000));
    }

    #[test]
    fn none_is_all_zero_and_too_long_is_an_hour() {
        assert_eq!(Latencies::new().summary(), LatencySummary::default());
        let mut latencies = Latencies::new();
        latencies.record(u64::MAX);
        assert!(latencies.summary().max_us.abs_diff(LONGEST_US) < LONGEST_US / 1_000);
    }
}
