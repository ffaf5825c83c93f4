//! How long a segment takes from one node to another.

use std::time::Duration;

use rand::{Rng, RngExt};
use rand_distr::{Exp1, OpenClosed01, StandardNormal};
use serde::{Deserialize, Serialize};

use super::error::OptionsError;

/// No delay is longer than this, however heavy the tail it was drawn from.
const MAXIMUM: Duration = Duration::from_secs(3_600);

/// A distribution of delays, in microseconds. Samples are whole microseconds and at most an hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same.
    Constant {
        /// The delay.
        delay_us: u64,
    },
    /// Anything from `minimum_us` to `maximum_us`, both included, equally likely.
    Uniform {
        /// The least.
        minimum_us: u64,
        /// The most.
        maximum_us: u64,
    },
    /// Memoryless: many short, a few long. The 99th percentile is 4.6 times the mean.
    Exponential {
        /// The mean.
        mean_us: u64,
    },
    /// Log-normal: half of the samples below the median, and a tail that is longer for a larger `sigma`.
    LogNormal {
        /// The median.
        median_us: u64,
        /// The standard deviation of the delay's natural logarithm; greater than 0.
        sigma: f64,
    },
    /// Pareto (type I): never below `minimum_us`, and a power law above; a smaller `shape` has a heavier tail.
    Pareto {
        /// The least.
        minimum_us: u64,
        /// The exponent of the tail; greater than 0. The mean is infinite up to 1.
        shape: f64,
    },
    /// Mostly `base`, and once in a while `spike` on top of it.
    Spikes {
        /// The delay of every segment.
        base: Box<Delay>,
        /// What a spike adds.
        spike: Box<Delay>,
        /// How likely a segment meets a spike, from 0 to 1.
        probability: f64,
    },
}

impl Delay {
    /// Always `delay_us` microseconds.
    pub const fn constant(delay_us: u64) -> Self {
        Delay::Constant { delay_us }
    }

    /// Draws a delay.
    pub(super) fn sample(&self, random: &mut impl Rng) -> Duration {
        let microseconds = match *self {
            Delay::Constant { delay_us } => delay_us,
            Delay::Uniform { minimum_us, maximum_us } => random.random_range(minimum_us..=maximum_us.max(minimum_us)),
            Delay::Exponential { mean_us } => {
                let means: f64 = random.sample(Exp1);
                (mean_us as f64 * means).round() as u64
            }
            Delay::LogNormal { median_us, sigma } => {
                let exponent: f64 = random.sample(StandardNormal);
                (median_us as f64 * (sigma * exponent).exp()).round() as u64
            }
            Delay::Pareto { minimum_us, shape } => {
                let survival: f64 = random.sample(OpenClosed01);
                (minimum_us as f64 * survival.powf(-shape.recip())).round() as u64
            }
            Delay::Spikes { ref base, ref spike, probability } => {
                // Both are always drawn, so that a spike here does not shift what is drawn later.
                let (base, spike) = (base.sample(random), spike.sample(random));
                let hit = random.random::<f64>() < probability;
                return if hit { (base + spike).min(MAXIMUM) } else { base };
            }
        };
        Duration::from_micros(microseconds).min(MAXIMUM)
    }

    /// Whether the numbers describe a distribution.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        match *self {
            Delay::Constant { .. } | Delay::Exponential { .. } => Ok(()),
            Delay::Uniform { minimum_us, maximum_us } if minimum_us > maximum_us => {
                Err(OptionsError::EmptyRange { minimum_us, maximum_us })
            }
            Delay::Uniform { .. } => Ok(()),
            Delay::LogNormal { sigma, .. } => check_positive("sigma", sigma),
            Delay::Pareto { shape, .. } => check_positive("shape", shape),
            Delay::Spikes { ref base, ref spike, probability } => {
                if !(0.0..=1.0).contains(&probability) {
                    return Err(OptionsError::NotAProbability { name: "probability", value: probability.to_string() });
                }
                base.check()?;
                spike.check()
            }
        }
    }
}

fn check_positive(name: &'static str, value: f64) -> Result<(), OptionsError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(OptionsError::NotPositive { name, value: value.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::generator;
    use super::*;

    /// Ten thousand samples in microseconds, sorted.
    fn samples(delay: &Delay) -> Vec<u64> {
        let mut random = generator(5, "delay");
        let mut samples: Vec<u64> = (0..10_000).map(|_| delay.sample(&mut random).as_micros() as u64).collect();
        samples.sort_unstable();
        samples
    }

    /// The share of `samples` that is above `limit`.
    fn share_above(samples: &[u64], limit: u64) -> f64 {
        samples.iter().filter(|sample| **sample > limit).count() as f64 / samples.len() as f64
    }

    #[test]
    fn a_constant_is_constant() {
        assert!(samples(&Delay::constant(250)).iter().all(|sample| *sample == 250));
    }

    #[test]
    fn a_uniform_delay_includes_both_ends_and_leans_to_neither() {
        let samples = samples(&Delay::Uniform { minimum_us: 10, maximum_us: 19 });
        assert_eq!((samples[0], samples[9_999]), (10, 19));
        assert!((share_above(&samples, 14) - 0.5).abs() < 0.02);
    }

    #[test]
    fn an_exponential_delay_has_its_mean_and_its_tail() {
        let samples = samples(&Delay::Exponential { mean_us: 1_000 });
        assert!((samples.iter().sum::<u64>() as f64 / 10_000.0 - 1_000.0).abs() < 30.0);
        // One in a hundred is longer than ln(100) times the mean.
        assert!((share_above(&samples, 4_605) - 0.01).abs() < 0.005);
    }

    #[test]
    fn a_log_normal_delay_has_its_median_and_spread() {
        let samples = samples(&Delay::LogNormal { median_us: 1_000, sigma: 0.5 });
        assert!((share_above(&samples, 1_000) - 0.5).abs() < 0.02);
        // One standard deviation above the median is the 84th percentile of a normal distribution.
        assert!((share_above(&samples, (1_000.0 * 0.5_f64.exp()) as u64) - 0.159).abs() < 0.02);
    }

    #[test]
    fn a_pareto_delay_has_its_minimum_and_its_tail() {
        let samples = samples(&Delay::Pareto { minimum_us: 100, shape: 2.0 });
        assert_eq!(samples[0], 100);
        // Above k times the minimum lies k to the power of minus the shape.
        assert!((share_above(&samples, 200) - 0.25).abs() < 0.02);
        assert!((share_above(&samples, 1_000) - 0.01).abs() < 0.005);
    }

    #[test]
    fn spikes_come_as_often_as_told() {
        let (base, spike) = (Box::new(Delay::constant(100)), Box::new(Delay::constant(5_000)));
        let samples = samples(&Delay::Spikes { base, spike, probability: 0.1 });
        assert_eq!((samples[0], samples[9_999]), (100, 5_100));
        assert!((share_above(&samples, 100) - 0.1).abs() < 0.02);
    }

    #[test]
    fn the_heaviest_tail_ends_at_an_hour() {
        let samples = samples(&Delay::Pareto { minimum_us: u64::MAX, shape: f64::MIN_POSITIVE });
        assert!(samples.iter().all(|sample| *sample == 3_600_000_000));
    }
}
