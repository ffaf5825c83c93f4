//! Plans as TOML files.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::PlanError;
use super::plan::Plan;
use super::validate::{Problem, Step, check};

/// What every version of the format has.
#[derive(Deserialize)]
struct Header {
    version: Spanned<u32>,
}

impl Plan {
    /// Reads a plan from a file.
    ///
    /// # Errors
    /// One line that names the file, the line in it and what was expected, if it cannot be read, is of another
    /// version, or is not a plan that can be played.
    pub fn read(path: &Path) -> Result<Plan, PlanError> {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Plan::parse(&text, &file),
            Err(error) => Err(PlanError::File { file, problem: error.to_string() }),
        }
    }

    /// Reads a plan from the text of `file`.
    ///
    /// # Errors
    /// As for [`read`](Plan::read).
    pub fn parse(text: &str, file: &str) -> Result<Plan, PlanError> {
        let error = |span: Option<Range<usize>>, problem: &str| {
            let start = span.map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            let problem = problem.trim().replace('\n', ", ");
            Err(PlanError::Text { file: file.to_owned(), line, problem })
        };
        let version = match toml::from_str::<Header>(text) {
            Ok(header) => header.version,
            Err(problem) => return error(problem.span(), problem.message()),
        };
        if *version.get_ref() != Plan::VERSION {
            let (found, expected) = (version.get_ref(), Plan::VERSION);
            return error(Some(version.span()), &format!("version: expected {expected}, found {found}"));
        }
        let plan: Plan = match toml::from_str(text) {
            Ok(plan) => plan,
            Err(problem) => return error(problem.span(), problem.message()),
        };
        match check(&plan) {
            Ok(()) => Ok(plan),
            Err(problem) => error(locate(text, &problem), &problem.to_string()),
        }
    }

    /// The plan as text that [`parse`](Plan::parse) reads.
    ///
    /// # Errors
    /// If it is not a plan that can be played.
    pub fn to_toml(&self) -> Result<String, PlanError> {
        let error = |problem: String| PlanError::File { file: "plan".into(), problem };
        check(self).map_err(|problem| error(problem.to_string()))?;
        toml::to_string(self).map_err(|problem| error(problem.to_string()))
    }

    /// Writes the plan to a file, with `comment` before it, each line as a comment.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path, comment: &str) -> Result<(), PlanError> {
        let comment: String = comment.lines().map(|line| format!("# {line}\n")).collect();
        let text = format!("{comment}\n{}", self.to_toml()?);
        let file = path.display().to_string();
        fs::write(path, text).map_err(|error| PlanError::File { file, problem: error.to_string() })
    }
}

/// Where in the text the value is that a problem is about; its nearest surroundings if it is not written there.
fn locate(text: &str, problem: &Problem) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let mut span = document.span();
    let mut place = DeValue::Table(document.into_inner());
    for step in &problem.path {
        let inner = match (place, step) {
            (DeValue::Table(mut table), Step::Key(key)) => table.remove(*key),
            (DeValue::Array(array), Step::Index(index)) => array.into_iter().nth(*index),
            _ => None,
        };
        let Some(inner) = inner else { break };
        span = inner.span();
        place = inner.into_inner();
    }
    Some(span)
}
