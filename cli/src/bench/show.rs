//! Figures as tables show them: to three digits, in the unit that suits them.

use handoff_bench::statistics::Estimate;

/// What stands where there is no figure.
pub const MISSING: &str = "-";

/// A number to three digits, with k or M for thousands and millions: `0.523`, `12.3`, `1.95 M`.
pub fn number(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 999_500.0 => (value / 1e6, " M"),
        size if size >= 9_995.0 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        size if size >= 99.95 || size == 0.0 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{scaled:.decimals$}{unit}")
}

/// An interval: `[1.90 M, 2.01 M]`.
pub fn interval(estimate: &Estimate) -> String {
    format!("[{}, {}]", number(estimate.low), number(estimate.high))
}

/// A median with its interval.
pub fn estimate(estimate: &Estimate) -> String {
    format!("{} {}", number(estimate.median), interval(estimate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        let shown: Vec<String> =
            [0.0, 0.0213, 1.0, 12.34, 523.4, 9_000.0, 56_432.0, 1_953_000.0].into_iter().map(number).collect();
        assert_eq!(shown, ["0", "0.021", "1.00", "12.3", "523", "9000", "56.4 k", "1.95 M"]);
    }
}
