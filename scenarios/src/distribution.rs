//! Random amounts of time: of work, of network delay. Only shapes and numbers; units belong to whoever uses them.

use rand::Rng;
use rand_distr::{Distribution as _, Exp, LogNormal};
use serde::{Deserialize, Serialize};

/// The 99th percentile of the standard normal distribution.
const STANDARD_NORMAL_P99: f64 = 2.326_347_874_040_841;

/// How values spread around their mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// All the same.
    Constant,
    /// Memoryless: many small, a few large. The 99th percentile is 4.6 times the mean.
    Exponential,
    /// A few very large: given by mean and 99th percentile.
    LogNormal,
}

/// A shape with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// How values spread.
    pub shape: Shape,
    /// The mean, not negative.
    pub mean: f64,
    /// The 99th percentile; used by [`Shape::LogNormal`] alone.
    pub p99: Option<f64>,
}

/// A log-normal distribution has no 99th percentile further from its mean than this many times: exp(z²/2).
pub const LOG_NORMAL_MAX_P99_TO_MEAN: f64 = 14.9;

impl Distribution {
    /// One value, not negative. Numbers out of bounds (they are checked where scenarios are read) count as constant.
    pub fn sample(&self, random: &mut impl Rng) -> f64 {
        let drawn = match self.shape {
            Shape::Constant => None,
            Shape::Exponential => Exp::new(1.0 / self.mean).ok().map(|exponential| exponential.sample(random)),
            Shape::LogNormal => self
                .log_normal()
                .and_then(|(mu, sigma)| LogNormal::new(mu, sigma).ok())
                .map(|log_normal| log_normal.sample(random)),
        };
        drawn.unwrap_or(self.mean)
    }

    /// The mean and the standard deviation of the logarithm, for a [`Shape::LogNormal`] that has its 99th percentile.
    ///
    /// Solves mean = exp(mu + sigma²/2) and p99 = exp(mu + z sigma) for the smaller sigma.
    pub fn log_normal(&self) -> Option<(f64, f64)> {
        let ratio = (self.p99? / self.mean).ln();
        let sigma = STANDARD_NORMAL_P99 - (STANDARD_NORMAL_P99.powi(2) - 2.0 * ratio).sqrt();
        Some((self.mean.ln() - sigma * sigma / 2.0, sigma))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn sorted_samples(distribution: Distribution) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut samples: Vec<f64> = (0..100_000).map(|_| distribution.sample(&mut random)).collect();
        samples.sort_by(f64::total_cmp);
        samples
    }

    fn assert_near(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "found {found}, expected {expected}");
    }

    #[test]
    fn log_normal_has_the_mean_and_the_99th_percentile_it_was_given() {
        let samples = sorted_samples(Distribution { shape: Shape::LogNormal, mean: 150.0, p99: Some(900.0) });
        assert_near(samples.iter().sum::<f64>() / 100_000.0, 150.0, 0.02);
        assert_near(samples[99_000], 900.0, 0.05);
    }

    #[test]
    fn exponential_has_its_mean_and_its_known_99th_percentile() {
        let samples = sorted_samples(Distribution { shape: Shape::Exponential, mean: 20.0, p99: None });
        assert_near(samples.iter().sum::<f64>() / 100_000.0, 20.0, 0.02);
        assert_near(samples[99_000], 20.0 * 100f64.ln(), 0.05);
    }

    #[test]
    fn constant_is_constant_and_a_mean_of_zero_is_zero() {
        let samples = sorted_samples(Distribution { shape: Shape::Constant, mean: 7.0, p99: None });
        assert!(samples.iter().all(|sample| *sample == 7.0));
        for shape in [Shape::Exponential, Shape::Constant] {
            assert_eq!(sorted_samples(Distribution { shape, mean: 0.0, p99: None })[99_999], 0.0);
        }
    }

    #[test]
    fn the_largest_99th_percentile_that_is_allowed_has_a_solution() {
        let distribution = Distribution { shape: Shape::LogNormal, mean: 10.0, p99: Some(149.0) };
        assert_near(sorted_samples(distribution)[99_000], 149.0, 0.1);
    }
}
