//! Medians, and how far they can be trusted.
//!
//! The interval of a median is a percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
//! chapter 13): the repetitions are drawn again many times, each time as many as there are, with repetition; the middle
//! 95 % of what those draws have as medians is the interval. The draws come from a fixed seed, so that the same runs
//! give the same interval. With five repetitions it is about as wide as they lie apart: honest, if not narrow.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How often the repetitions are drawn again.
const DRAWS: usize = 2_000;
/// What the draws are made from.
const SEED: u64 = 95;
/// How much of the draws is outside of the interval, on either side.
const TAIL: f64 = 0.025;

/// A median with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The middle value, or the mean of the two in the middle.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// How many values there were. The interval of one is that value.
    pub count: usize,
}

impl Estimate {
    /// Of these values. `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Estimate> {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let draws = (0..DRAWS).map(|_| median_of_draw(values, &mut random));
        Estimate::from_draws(median(values)?, draws.collect::<Option<_>>()?, values.len())
    }

    /// Of the ratio of two figures that were measured in the same repetitions: pair by pair, so that what disturbed a
    /// repetition disturbs both sides of its ratio. `None` if there is no pair with something to divide by.
    pub fn of_ratios(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Estimate> {
        let divisible = pairs.into_iter().filter(|(_, divisor)| *divisor > 0.0);
        Estimate::of(&divisible.map(|(value, divisor)| value / divisor).collect::<Vec<_>>())
    }

    /// Of how many times the median of `before` the median of `after` is, when neither has to do with the other. `count`
    /// is that of the side with fewer values. `None` if a side has no value, or `before` none to divide by.
    pub fn of_change(before: &[f64], after: &[f64]) -> Option<Estimate> {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let ratio = |before: f64, after: f64| (before > 0.0).then(|| after / before);
        let draw = |_| ratio(median_of_draw(before, &mut random)?, median_of_draw(after, &mut random)?);
        let draws = (0..DRAWS).map(draw).collect::<Option<_>>()?;
        Estimate::from_draws(ratio(median(before)?, median(after)?)?, draws, before.len().min(after.len()))
    }

    fn from_draws(median: f64, mut draws: Vec<f64>, count: usize) -> Option<Estimate> {
        draws.sort_by(f64::total_cmp);
        let outside = (draws.len() as f64 * TAIL) as usize;
        let (low, high) = (*draws.get(outside)?, *draws.get(draws.len() - 1 - outside)?);
        Some(Estimate { median, low, high, count })
    }

    /// The same in another unit.
    pub fn times(self, factor: f64) -> Estimate {
        let Estimate { median, low, high, count } = self;
        Estimate { median: median * factor, low: low * factor, high: high * factor, count }
    }
}

/// The middle value, or the mean of the two in the middle. `None` if there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// The median of as many values, each drawn from all of them.
fn median_of_draw(values: &[f64], random: &mut ChaCha8Rng) -> Option<f64> {
    let drawn: Vec<f64> = values.iter().map(|_| values[random.random_range(0..values.len())]).collect();
    median(&drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(&[3.0, 9.0, 1.0]), Some(3.0));
        assert_eq!(median(&[3.0, 1.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn the_interval_of_five_is_their_range_and_of_one_is_itself() {
        // The median of five draws is the lowest of them with a probability of 5.8 %, more than lies outside.
        let estimate = Estimate::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).expect("five values");
        assert_eq!(estimate, Estimate { median: 3.0, low: 1.0, high: 5.0, count: 5 });
        assert_eq!(Estimate::of(&[7.0]), Some(Estimate { median: 7.0, low: 7.0, high: 7.0, count: 1 }));
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn more_values_give_a_narrower_interval_around_the_same_median() {
        let spread = |count: u32| {
            let values: Vec<f64> = (0..count).map(|index| f64::from(index) / f64::from(count - 1)).collect();
            let Estimate { median, low, high, .. } = Estimate::of(&values).expect("values");
            assert!((median - 0.5).abs() < 1e-9 && low < 0.5 && high > 0.5, "{median} {low} {high}");
            high - low
        };
        // The standard error of the median of n even values is about 1/(2 sqrt(n)); 95 % are about four of it wide.
        let wide = spread(101);
        assert!((0.15..0.25).contains(&wide), "{wide}");
        assert!(spread(401) < 0.6 * wide);
    }

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        // Each repetition is twice as fast as the one before, on both sides: no doubt about the ratio.
        let pairs = (0..5).map(|repetition| (3.0 * f64::from(1 << repetition), f64::from(1 << repetition)));
        assert_eq!(Estimate::of_ratios(pairs), Some(Estimate { median: 3.0, low: 3.0, high: 3.0, count: 5 }));
        assert_eq!(Estimate::of_ratios([(1.0, 0.0)]), None);
    }

    #[test]
    fn a_change_within_the_spread_is_not_told_apart_and_a_larger_one_is() {
        let before = [100.0, 104.0, 98.0, 102.0, 96.0];
        let same = Estimate::of_change(&before, &[99.0, 103.0, 97.0, 105.0, 101.0]).expect("values");
        assert!(same.low < 1.0 && same.high > 1.0, "{same:?}");
        let faster = Estimate::of_change(&before, &before.map(|value| 1.5 * value)).expect("values");
        assert!(faster.median == 1.5 && faster.low > 1.3 && faster.high < 1.7, "{faster:?}");
        assert_eq!(Estimate::of_change(&[0.0], &[1.0]), None);
        assert_eq!(Estimate::of_change(&[], &before), None);
    }
}
