//! What can be wrong with a scenario. Each error renders as one line: the file, the key, and what was expected.

use std::fmt::Display;
use std::io;
use std::ops::Range;

use thiserror::Error;

/// Why there is no scenario.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum ScenarioError {
    /// No scenario of the catalogue has this name, and it does not look like a path.
    #[error("{name}: expected the name of a scenario ({known}) or the path of a TOML file")]
    Unknown { name: String, known: String },
    /// The file cannot be read.
    #[error("{file}: expected a readable text file: {source}")]
    Read { file: String, source: io::Error },
    /// It is not TOML, or a key is unknown, missing, or of the wrong type.
    #[error("{file}: line {line}: {key}: {problem}")]
    Parse { file: String, line: usize, key: String, problem: String },
    /// A value is out of bounds, or does not go with the others.
    #[error("{file}: {invalid}")]
    Value { file: String, invalid: Invalid },
}

/// A value out of bounds, or one that does not go with the others.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: expected {expected}, got {got}")]
pub struct Invalid {
    /// The path of the key, such as `load.rate_per_s` or `fault[1].node`.
    pub key: String,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub got: String,
}

impl Invalid {
    pub(super) fn new(key: impl Display, expected: impl Display, got: impl Display) -> Self {
        Invalid { key: key.to_string(), expected: expected.to_string(), got: got.to_string() }
    }
}

impl ScenarioError {
    /// The text is not TOML.
    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = line_number(text, error.span());
        let content = text.lines().nth(line - 1).unwrap_or_default().trim();
        let key = content.split('=').next().unwrap_or_default().trim();
        Self::parse(file, line, if key.is_empty() { "end of file" } else { key }, error)
    }

    /// The TOML has not the shape of a scenario at the key `path`.
    pub(super) fn shape(file: &str, text: &str, path: &str, error: &toml::de::Error) -> Self {
        Self::parse(file, line_number(text, error.span()), if path == "." { "top level" } else { path }, error)
    }

    fn parse(file: &str, line: usize, key: &str, error: &toml::de::Error) -> Self {
        let problem = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
        ScenarioError::Parse { file: file.to_owned(), line, key: key.to_owned(), problem }
    }
}

/// Counts lines from 1.
fn line_number(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
}
