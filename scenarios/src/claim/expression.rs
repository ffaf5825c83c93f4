//! The claim language: reading and printing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::subject::Subject;
use crate::outcome::METRICS;

/// A comparison of a figure with another or with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    /// The left side.
    pub left: Figure,
    /// How the sides compare if the claim holds.
    pub comparison: Comparison,
    /// The right side.
    pub right: Term,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// The right side of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A figure of an outcome.
    Figure(Figure),
    /// A number.
    Number(f64),
}

/// A figure of one subject's outcome, times a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is multiplied by; 1 if nothing is said.
    pub factor: f64,
    /// Whose outcome.
    pub subject: Subject,
    /// Which figure of it: one of [`METRICS`].
    pub metric: &'static str,
}

/// Why a text is no claim.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum ClaimError {
    #[error("expected one comparison (<, <=, ==, >=, >), got {0:?}")]
    Comparison(String),
    #[error("expected architecture.metric, as in queue.lost, got {0:?}")]
    Figure(String),
    #[error("expected sync, queue or log before the dot, or a variant of one as in sync[NAME], got {0:?}")]
    Subject(String),
    #[error("expected a metric ({known}), got {got:?}")]
    Metric { got: String, known: String },
    #[error("expected a number, got {0:?}")]
    Number(String),
}

fn metric_names() -> String {
    METRICS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl Comparison {
    /// Longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Comparison); 5] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("==", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];

    /// Whether `left` compares with `right` in this way.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Equal => left == right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Greater => left > right,
        }
    }

    fn sign(self) -> &'static str {
        Comparison::SIGNS.iter().find(|(_, comparison)| *comparison == self).map_or("", |(sign, _)| sign)
    }
}

impl Expression {
    /// Whose outcomes it speaks of.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        let right = match &self.right {
            Term::Figure(figure) => Some(&figure.subject),
            Term::Number(_) => None,
        };
        std::iter::once(&self.left.subject).chain(right)
    }
}

impl FromStr for Expression {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_comparison = || ClaimError::Comparison(text.to_owned());
        let start = text.find(['<', '=', '>']).ok_or_else(no_comparison)?;
        let (left, rest) = text.split_at(start);
        let (comparison, right) = Comparison::SIGNS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)))
            .filter(|(_, right)| !right.contains(['<', '=', '>']))
            .ok_or_else(no_comparison)?;
        Ok(Expression { left: left.parse()?, comparison, right: right.parse()? })
    }
}

impl FromStr for Term {
    type Err = ClaimError;

    /// What begins with a letter, or has a factor, is a figure.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains('*') || text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return text.parse().map(Term::Figure);
        }
        number(text).map(Term::Number)
    }
}

impl FromStr for Figure {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (factor, name) = match text.split_once('*') {
            Some((factor, name)) => (number(factor)?, name.trim()),
            None => (1.0, text.trim()),
        };
        let (subject, metric) = name.split_once('.').ok_or_else(|| ClaimError::Figure(name.to_owned()))?;
        let subject = subject.parse().map_err(|_| ClaimError::Subject(subject.to_owned()))?;
        let known = METRICS.iter().find(|(known, _)| *known == metric);
        let (metric, _) = known.ok_or_else(|| ClaimError::Metric { got: metric.to_owned(), known: metric_names() })?;
        Ok(Figure { factor, subject, metric })
    }
}

fn number(text: &str) -> Result<f64, ClaimError> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| ClaimError::Number(text.trim().to_owned()))
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.left, self.comparison.sign(), self.right)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Figure(figure) => figure.fmt(formatter),
            Term::Number(number) => number.fmt(formatter),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.factor != 1.0 {
            write!(formatter, "{} * ", self.factor)?;
        }
        write!(formatter, "{}.{}", self.subject, self.metric)
    }
}

impl TryFrom<String> for Expression {
    type Error = ClaimError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_printed_alike() {
        for text in [
            "queue.lost == 0",
            "sync.response_p99_ms >= 10 * queue.response_p99_ms",
            "2 * log.completion_p50_ms < sync.completion_p50_ms",
            "sync.rejected > 0.5",
            "log.duplicated <= 3",
            "sync[retry-budget].failed < 0.5 * sync.failed",
        ] {
            assert_eq!(text.parse::<Expression>().expect(text).to_string(), text);
        }
        let tight = "sync.rejected>=2*queue.rejected".parse::<Expression>().expect("spaces are not needed");
        assert_eq!(tight.to_string(), "sync.rejected >= 2 * queue.rejected");
    }

    #[test]
    fn errors_say_what_was_expected() {
        let message = |text: &str| text.parse::<Expression>().expect_err(text).to_string();
        assert_eq!(message("queue.lost"), "expected one comparison (<, <=, ==, >=, >), got \"queue.lost\"");
        assert_eq!(message("queue.lost = 0"), "expected one comparison (<, <=, ==, >=, >), got \"queue.lost = 0\"");
        assert!(message("1 < queue.lost < 2").starts_with("expected one comparison"));
        assert_eq!(message("lost == 0"), "expected architecture.metric, as in queue.lost, got \"lost\"");
        for unknown in ["kafka", "sync[budget", "sync[]", "sync]"] {
            let expected = "expected sync, queue or log before the dot, or a variant of one as in sync[NAME], got ";
            assert_eq!(message(&format!("{unknown}.lost == 0")), format!("{expected}{unknown:?}"));
        }
        assert!(message("queue.losses == 0").starts_with("expected a metric (arrived, "));
        assert!(message("queue.losses == 0").ends_with("got \"losses\""));
        assert_eq!(message("queue.lost == 1o"), "expected a number, got \"1o\"");
        assert_eq!(message("queue.lost == "), "expected a number, got \"\"");
        assert_eq!(message("x * queue.lost == 0"), "expected a number, got \"x\"");
        assert_eq!(message("queue.lost < inf"), "expected architecture.metric, as in queue.lost, got \"inf\"");
    }

    #[test]
    fn comparisons_compare() {
        let table = [("<", [true, false, false]), ("<=", [true, true, false]), ("==", [false, true, false])];
        let table = table.into_iter().chain([(">=", [false, true, true]), (">", [false, false, true])]);
        for (sign, expected) in table {
            let claim = format!("queue.lost {sign} 0").parse::<Expression>().expect(sign);
            assert_eq!([1.0, 2.0, 3.0].map(|left| claim.comparison.holds(left, 2.0)), expected, "{sign}");
        }
    }
}
