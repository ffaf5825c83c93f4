//! Figures as a reader sees them: rounded, with thousands separated. The exact value is kept elsewhere.

/// What stands where there is no figure.
pub(crate) const MISSING: &str = "–";

/// A whole number: `12,345`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number to three significant digits, never finer than a ten-thousandth: `1,235`, `12.3`, `1.23`, `0.0123`.
/// Whole numbers stay whole.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.into();
    }
    let size = value.abs();
    let decimals = match size {
        _ if size.fract() == 0.0 => 0,
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ if size >= 0.09995 => 3,
        _ => 4,
    };
    if size > 0.0 && size < 0.00005 {
        "<0.0001".into()
    } else if decimals == 0 {
        whole(value)
    } else {
        format!("{value:.decimals$}")
    }
}

/// A number as short as a tick on an axis wants it: `0.01`, `5`, `2,000`, `1.5 M`.
pub(crate) fn tick(value: f64) -> String {
    if value.abs() >= 1e6 {
        format!("{} M", value / 1e6)
    } else if value.abs() >= 1.0 && value.fract().abs() < 1e-9 {
        whole(value)
    } else {
        format!("{value}")
    }
}

fn whole(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", count(value.abs().round() as u64))
}

/// A duration given in milliseconds, in the unit that suits it: `421 µs`, `12.3 ms`, `2.10 s`.
pub(crate) fn duration(milliseconds: f64) -> String {
    if milliseconds >= 1_000.0 {
        format!("{} s", number(milliseconds / 1_000.0))
    } else if milliseconds >= 1.0 || milliseconds == 0.0 {
        format!("{} ms", number(milliseconds))
    } else {
        format!("{} µs", number(milliseconds * 1_000.0))
    }
}

/// A memory size in GiB: `15.6 GiB`.
pub(crate) fn memory(bytes: u64) -> String {
    format!("{} GiB", number(bytes as f64 / f64::from(1 << 30)))
}

/// The paragraphs of a text: what empty lines separate, each in one line.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![Vec::new()];
    for line in text.lines() {
        match (line.trim(), paragraphs.last_mut()) {
            ("", _) | (_, None) => paragraphs.push(Vec::new()),
            (line, Some(paragraph)) => paragraph.push(line),
        }
    }
    paragraphs.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join(" ")).collect()
}

/// At most 60 letters, digits and hyphens: safe as a file name and as an anchor, whatever the name was.
pub(crate) fn slug(name: &str) -> String {
    const LONGEST: usize = 60;
    let words: Vec<String> = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let slug: String = words.join("-").chars().take(LONGEST).collect();
    if slug.is_empty() { "unnamed".into() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_separated_by_thousands() {
        let shown: Vec<String> = [0, 999, 1_000, 123_456, 1_234_567].into_iter().map(count).collect();
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([0.01, 5.0, 20_000.0, 1_500_000.0].map(tick), ["0.01", "5", "20,000", "1.5 M"]);
    }

    #[test]
    fn numbers_keep_three_significant_digits() {
        let values = [0.0, 0.00001, 0.01234, 0.9999, 1.234, 9.999, 12.34, 99.99, 100.4, 4_321.5, 61.0];
        let shown: Vec<String> = values.into_iter().map(number).collect();
        assert_eq!(shown, ["0", "<0.0001", "0.0123", "1.00", "1.23", "10.0", "12.3", "100", "100", "4,322", "61"]);
    }

    #[test]
    fn what_is_no_number_is_shown_as_missing() {
        assert_eq!(number(f64::NAN), MISSING);
        assert_eq!(number(f64::INFINITY), MISSING);
    }

    #[test]
    fn durations_choose_their_unit() {
        let shown: Vec<String> = [0.0, 0.4213, 1.25, 999.4, 2_100.0].into_iter().map(duration).collect();
        assert_eq!(shown, ["0 ms", "421 µs", "1.25 ms", "999 ms", "2.10 s"]);
    }

    #[test]
    fn empty_lines_separate_paragraphs() {
        assert_eq!(paragraphs("\none\n  two\n\n\nthree\n"), ["one two", "three"]);
        assert!(paragraphs(" \n").is_empty());
    }

    #[test]
    fn a_slug_cannot_leave_its_folder() {
        assert_eq!(slug("../../etc/Pass wd"), "etc-pass-wd");
        assert_eq!(slug("slow-work"), "slow-work");
        assert_eq!(slug("…"), "unnamed");
        assert_eq!(slug(&"long ".repeat(100)).len(), 60);
    }
}
