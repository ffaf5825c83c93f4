//! Figures as people read them: three digits, and a unit that fits.

/// A time that is given in milliseconds.
pub fn milliseconds(value: f64) -> String {
    match value {
        value if value < 1e3 => format!("{} ms", three_digits(value)),
        value if value < 120e3 => format!("{} s", three_digits(value / 1e3)),
        value if value < 7_200e3 => format!("{} min", three_digits(value / 60e3)),
        value => format!("{} h", three_digits(value / 3_600e3)),
    }
}

/// Arrivals, in the unit of time in which there are some.
pub fn rate(per_s: f64) -> String {
    match per_s {
        value if value >= 1.0 => format!("{}/s", three_digits(value)),
        value if value * 60.0 >= 1.0 => format!("{}/min", three_digits(value * 60.0)),
        value => format!("{}/h", three_digits(value * 3_600.0)),
    }
}

/// Bytes, in powers of 1024.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", three_digits(value), UNITS[unit])
}

/// A part of a whole, as a percentage.
pub fn share(part: u64, whole: u64) -> String {
    match part {
        0 => "0 %".to_owned(),
        part => format!("{} %", three_digits(100.0 * part as f64 / whole.max(1) as f64)),
    }
}

/// Three digits that count, and no more.
pub fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        magnitude => (2 - magnitude.log10().floor() as i32).clamp(0, 6) as usize,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_fit_the_value() {
        for (value, expected) in [
            (0.0, "0 ms"),
            (0.5, "0.5 ms"),
            (12.34, "12.3 ms"),
            (907.4, "907 ms"),
            (2_492.7, "2.49 s"),
            (600e3, "10 min"),
        ] {
            assert_eq!(milliseconds(value), expected);
        }
        assert_eq!((rate(266.67), rate(0.5), rate(0.001)), ("267/s".into(), "30/min".into(), "3.6/h".into()));
        assert_eq!((bytes(0), bytes(2_048), bytes(247 << 30)), ("0 B".into(), "2 KiB".into(), "247 GiB".into()));
        assert_eq!((share(0, 0), share(1, 3), share(1, 1_000)), ("0 %".into(), "33.3 %".into(), "0.1 %".into()));
    }
}
