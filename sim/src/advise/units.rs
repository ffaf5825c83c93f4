//! Quantities as people write them on a command line: `200/s`, `150ms`, `2KiB`, `10x/20s`.
//!
//! Bounds are not checked here, except that everything is finite and not negative.

use std::time::Duration;

use thiserror::Error;

use super::workload::Burst;

/// A text that is no quantity of the kind that was asked for. Says what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {0}")]
pub struct NotAQuantity(&'static str);

const SECOND: f64 = 1.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

const SECONDS: &[(&str, f64)] = &[
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", SECOND),
    ("min", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", 7.0 * DAY),
];
const BYTES: &[(&str, f64)] =
    &[("", 1.0), ("B", 1.0), ("kB", 1e3), ("KB", 1e3), ("KiB", 1024.0), ("MB", 1e6), ("MiB", 1024.0 * 1024.0)];
/// Longer than any duration that makes sense here, and short enough for arithmetic.
const LONGEST_S: f64 = 100.0 * 365.0 * DAY;

/// A rate such as `200/s`, `12/min` or `1/h`: per second.
pub fn rate_per_s(text: &str) -> Result<f64, NotAQuantity> {
    let rate = || {
        let (count, unit) = text.split_once('/')?;
        Some(number(count)? / factor(SECONDS, unit.trim())?)
    };
    rate().ok_or(NotAQuantity("a rate such as 200/s, 12/min or 1/h"))
}

/// A duration such as `150ms`, `2s` or `7d`.
pub fn duration(text: &str) -> Result<Duration, NotAQuantity> {
    let seconds = quantity(text, SECONDS).filter(|seconds| *seconds <= LONGEST_S);
    seconds.map(Duration::from_secs_f64).ok_or(NotAQuantity("a duration such as 150ms, 2s or 7d"))
}

/// A size such as `200`, `2KiB` or `1MB`: bytes.
pub fn bytes(text: &str) -> Result<usize, NotAQuantity> {
    quantity(text, BYTES).map(|bytes| bytes.round() as usize).ok_or(NotAQuantity("a size such as 200B, 2KiB or 1MB"))
}

/// A burst such as `10x/20s`: ten times the rate, for twenty seconds.
pub fn burst(text: &str) -> Result<Burst, NotAQuantity> {
    let burst = || {
        let (times, length) = text.split_once('/')?;
        let factor = number(times.trim().strip_suffix('x')?)?;
        Some(Burst { factor, length: duration(length).ok()? })
    };
    burst().ok_or(NotAQuantity("a burst such as 10x/20s: ten times the rate for twenty seconds"))
}

/// A number followed by one of `units`, in terms of that unit's factor.
fn quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    Some(number(count)? * factor(units, unit.trim())?)
}

fn factor(units: &[(&str, f64)], unit: &str) -> Option<f64> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_any_unit_of_time() {
        for (text, expected) in [("200/s", 200.0), ("12/min", 0.2), ("1/h", 1.0 / 3_600.0), ("0.5/ms", 500.0)] {
            assert_eq!(rate_per_s(text), Ok(expected), "{text}");
        }
        for wrong in ["", "200", "200/", "/s", "fast", "-1/s", "inf/s", "NaN/s", "200/fortnight", "1e400/s"] {
            assert!(rate_per_s(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        for (text, expected) in [
            ("150ms", Duration::from_millis(150)),
            ("1.5 s", Duration::from_millis(1_500)),
            ("500us", Duration::from_micros(500)),
            ("2min", Duration::from_secs(120)),
            ("7d", Duration::from_secs(604_800)),
        ] {
            assert_eq!(duration(text), Ok(expected), "{text}");
        }
        for wrong in ["", "150", "ms", "-2s", "2 parsecs", "9999999999999w", "1.2.3s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_binary_or_decimal() {
        for (text, expected) in [("200", 200), ("200B", 200), ("2KiB", 2_048), ("2kB", 2_000), ("1MiB", 1 << 20)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        assert!(bytes("2 elephants").is_err());
    }

    #[test]
    fn bursts_have_a_factor_and_a_length() {
        assert_eq!(burst("10x/20s"), Ok(Burst { factor: 10.0, length: Duration::from_secs(20) }));
        for wrong in ["10/20s", "10x", "x/20s", "10x/20"] {
            assert!(burst(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_expected_is_said() {
        let error = rate_per_s("fast").expect_err("no rate");
        assert_eq!(error.to_string(), "expected a rate such as 200/s, 12/min or 1/h");
    }
}
