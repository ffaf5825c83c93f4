//! Percentiles by nearest rank, of all values: each is a value that was really measured.

use serde::{Deserialize, Serialize};

/// Percentiles of a set of times, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many values there are.
    pub count: u64,
    /// Half of the values are at most this.
    pub p50_ms: f64,
    /// Nine in ten are at most this.
    pub p90_ms: f64,
    /// 99 in a hundred are at most this.
    pub p99_ms: f64,
    /// 999 in a thousand are at most this.
    pub p99_9_ms: f64,
    /// The largest.
    pub max_ms: f64,
}

impl Percentiles {
    /// The percentiles of `nanoseconds`; `None` if there are none.
    pub fn of(mut nanoseconds: Vec<u64>) -> Option<Percentiles> {
        nanoseconds.sort_unstable();
        let max = *nanoseconds.last()?;
        let rank = |per_mille: usize| (nanoseconds.len() * per_mille).div_ceil(1_000) - 1;
        let milliseconds = |per_mille| nanoseconds[rank(per_mille)] as f64 / 1e6;
        Some(Percentiles {
            count: nanoseconds.len() as u64,
            p50_ms: milliseconds(500),
            p90_ms: milliseconds(900),
            p99_ms: milliseconds(990),
            p99_9_ms: milliseconds(999),
            max_ms: max as f64 / 1e6,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_milliseconds(values: impl IntoIterator<Item = u64>) -> Percentiles {
        Percentiles::of(values.into_iter().map(|value| value * 1_000_000).collect()).expect("some values")
    }

    #[test]
    fn nearest_rank_of_a_thousand() {
        let found = of_milliseconds((1..=1_000).rev());
        let expected =
            Percentiles { count: 1_000, p50_ms: 500.0, p90_ms: 900.0, p99_ms: 990.0, p99_9_ms: 999.0, max_ms: 1_000.0 };
        assert_eq!(found, expected);
    }

    #[test]
    fn nearest_rank_rounds_up_where_the_rank_is_not_whole() {
        let found = of_milliseconds([10, 20, 30]);
        assert_eq!((found.p50_ms, found.p90_ms, found.p99_9_ms), (20.0, 30.0, 30.0));
    }

    #[test]
    fn one_value_is_every_percentile_and_none_has_no_percentiles() {
        let found = of_milliseconds([7]);
        assert_eq!((found.p50_ms, found.max_ms, found.count), (7.0, 7.0, 1));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
