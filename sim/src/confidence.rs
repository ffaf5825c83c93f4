//! How far the mean of a few independent runs can be trusted: confidence intervals by Student's t.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use serde::{Deserialize, Serialize};

/// A mean over independent runs, and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean over the runs.
    pub mean: f64,
    /// The true mean is within this distance of it, with the confidence that was asked for.
    pub half_width: f64,
}

impl Estimate {
    /// The mean of `values`, one from each run, with an interval of this `confidence` (between 0 and 1). `None` for
    /// fewer than two values: one says nothing of its own spread.
    pub fn of(values: &[f64], confidence: f64) -> Option<Estimate> {
        let count = values.len() as f64;
        let degrees_of_freedom = u32::try_from(values.len()).ok()?.checked_sub(1).filter(|degrees| *degrees > 0)?;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let half_width = student_t(confidence, degrees_of_freedom) * (variance / count).sqrt();
        Some(Estimate { mean, half_width })
    }

    /// Whether `value` is inside the interval.
    pub fn contains(&self, value: f64) -> bool {
        (self.mean - value).abs() <= self.half_width
    }
}

/// The t for which Student's distribution has the share `confidence` between -t and t.
fn student_t(confidence: f64, degrees_of_freedom: u32) -> f64 {
    // In the angle whose tangent is t / sqrt(degrees of freedom) the whole distribution is a finite interval.
    let (mut below, mut above) = (0.0, FRAC_PI_2);
    for _ in 0..100 {
        let middle = f64::midpoint(below, above);
        if share_within(middle, degrees_of_freedom) < confidence {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::from(degrees_of_freedom).sqrt() * below.tan()
}

/// The share of Student's distribution between -t and t, as a finite sum in the angle of t. Source: Abramowitz and
/// Stegun, *Handbook of Mathematical Functions* (1964), 26.7.3 and 26.7.4.
fn share_within(angle: f64, degrees_of_freedom: u32) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = degrees_of_freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    for step in (if odd { 3 } else { 2 }..=degrees_of_freedom).step_by(2) {
        sum += term;
        term *= f64::from(step - 1) / f64::from(step) * cosine * cosine;
    }
    if odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (confidence, degrees_of_freedom, expected) in [
            (0.95, 1, 12.706),
            (0.95, 2, 4.303),
            (0.95, 3, 3.182),
            (0.99, 4, 4.604),
            (0.95, 9, 2.262),
            (0.999, 19, 3.883),
            (0.90, 30, 1.697),
            (0.95, 1_000, 1.962),
        ] {
            let found = student_t(confidence, degrees_of_freedom);
            assert!((found - expected).abs() < 6e-4, "{confidence} {degrees_of_freedom}: {found}");
        }
    }

    #[test]
    fn the_interval_of_known_values() {
        let estimate = Estimate::of(&[9.0, 10.0, 11.0], 0.95).expect("three values");
        assert_eq!(estimate.mean, 10.0);
        // t = 4.303, s = 1, n = 3.
        assert!((estimate.half_width - 4.303 / 3f64.sqrt()).abs() < 1e-3, "{estimate:?}");
        assert!(estimate.contains(12.4) && !estimate.contains(12.6));
    }

    #[test]
    fn one_run_has_no_interval() {
        assert_eq!(Estimate::of(&[1.0], 0.95), None);
        assert_eq!(Estimate::of(&[], 0.95), None);
    }
}
