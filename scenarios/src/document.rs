//! TOML files that people write: read into a type, or else told in one line what is wrong with them, and where.
//!
//! It knows no keys: those are the type's. What a value means is checked by whoever knows, who says so with
//! [`Invalid`].

use std::fmt::Display;
use std::fs;
use std::io;
use std::ops::Range;

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a file does not become what it should be. Renders as one line: the file, the key, and what was expected.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum DocumentError {
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
    /// `got` stands at `key`, where `expected` should.
    pub fn new(key: impl Display, expected: impl Display, got: impl Display) -> Self {
        Invalid { key: key.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    /// The same, as the error of `file`.
    pub fn in_file(self, file: &str) -> DocumentError {
        DocumentError::Value { file: file.to_owned(), invalid: self }
    }
}

/// The text of `file`.
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub fn read(file: &str) -> Result<String, DocumentError> {
    fs::read_to_string(file).map_err(|source| DocumentError::Read { file: file.to_owned(), source })
}

/// Reads TOML. `file` is what errors call it.
///
/// # Errors
/// At the first thing that is not TOML, or not the shape of a `T`.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, DocumentError> {
    let document = toml::Deserializer::parse(text).map_err(|error| syntax(file, text, &error))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        let key = if path == "." { "top level" } else { &path };
        problem(file, text, key, error.inner())
    })
}

/// The text is not TOML: the key is what stands at the beginning of the line.
fn syntax(file: &str, text: &str, error: &toml::de::Error) -> DocumentError {
    let content = text.lines().nth(line_number(text, error.span()) - 1).unwrap_or_default().trim();
    let key = content.split('=').next().unwrap_or_default().trim();
    problem(file, text, if key.is_empty() { "end of file" } else { key }, error)
}

fn problem(file: &str, text: &str, key: &str, error: &toml::de::Error) -> DocumentError {
    DocumentError::Parse {
        file: file.to_owned(),
        line: line_number(text, error.span()),
        key: key.to_owned(),
        problem: error.message().lines().map(str::trim).collect::<Vec<_>>().join("; "),
    }
}

/// Counts lines from 1.
fn line_number(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1
}
