//! What `handoff bench` saves: runs, with all that is needed to know what they are worth. JSON, versioned.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::machine::Machine;
use crate::measured::Measured;
use crate::suite::Knee;
use crate::system::SystemMeasurement;

/// The version of documents that is written and read here. A field that older documents lack has a default and is no
/// new version.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that a run of `handoff bench` found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Always [`SCHEMA_VERSION`]; checked before anything else is read.
    pub schema_version: u32,
    /// The version of handoff that measured.
    pub version: String,
    /// The command that measures it again.
    pub command: String,
    /// What it was measured on.
    pub machine: Machine,
    /// The runs that came to their end, in the order in which they ran.
    pub results: Vec<Measured>,
    /// What each target took in open loop, where that was looked for.
    #[serde(default)]
    pub knees: Vec<Knee>,
    /// What was not measured, and is no failure: targets that are not up, and what a target does not have.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// What failed, a line each.
    pub failures: Vec<String>,
}

/// What was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The target.
    pub target: String,
    /// The workload's short name; `None` if it is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_id: Option<String>,
    /// Why.
    pub reason: String,
}

/// Why a document could not be read or written: one line that names the file.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is of another version.
    #[error("{}:1: expected schema_version {SCHEMA_VERSION}, found {found}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that it has.
        found: String,
    },
    /// It is damaged, or something else.
    #[error("{}:{line}: expected what 'handoff bench --output' writes, but {at}{problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key; empty if none was reached.
        at: String,
        /// What is wrong there, and what was expected.
        problem: String,
    },
}

/// The one field that documents of all versions have.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    schema_version: Value,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// If there is none at `path`, it is of another version, or damaged: where, and what was expected.
    pub fn read(path: &Path) -> Result<Document, DocumentError> {
        let text = fs::read_to_string(path).map_err(|source| DocumentError::File { path: path.into(), source })?;
        Document::parse(&text, path)
    }

    /// Reads a document that is `text`. `path` is only for errors.
    ///
    /// # Errors
    /// As [`read`](Document::read).
    pub fn parse(text: &str, path: &Path) -> Result<Document, DocumentError> {
        let Header { schema_version } = parse(text, path)?;
        if schema_version != SCHEMA_VERSION {
            let found = if schema_version.is_null() { "none".to_owned() } else { schema_version.to_string() };
            return Err(DocumentError::Version { path: path.into(), found });
        }
        parse(text, path)
    }

    /// Writes it, so that at every moment either what was at `path` before or all of it is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), DocumentError> {
        let write = || {
            let mut unfinished = path.as_os_str().to_owned();
            unfinished.push(".unfinished");
            fs::write(&unfinished, serde_json::to_string_pretty(self)? + "\n")?;
            fs::rename(&unfinished, path)
        };
        write().map_err(|source| DocumentError::File { path: path.into(), source })
    }

    /// The runs of systems.
    pub fn systems(&self) -> impl Iterator<Item = &SystemMeasurement> {
        self.results.iter().filter_map(|run| match run {
            Measured::System(run) => Some(&**run),
            Measured::Architecture(_) => None,
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str, path: &Path) -> Result<T, DocumentError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let at = error.path().to_string();
        let source = error.into_inner();
        let position = format!(" at line {} column {}", source.line(), source.column());
        DocumentError::Damaged {
            path: path.into(),
            line: source.line().max(1),
            at: if at == "." { String::new() } else { format!("{at}: ") },
            problem: source.to_string().replace(&position, ""),
        }
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::audit::Findings;
    use crate::latency::LatencySummary;
    use crate::measurement::Verdict;
    use crate::target::About;

    /// Runs of targets under one workload, with these rates and everything else the same.
    pub(crate) fn document(targets: &[(&str, &[f64])]) -> Document {
        let runs = targets
            .iter()
            .flat_map(|(target, rates)| rates.iter().enumerate().map(|(at, rate)| run(target, at, *rate)));
        Document {
            schema_version: SCHEMA_VERSION,
            version: "0.0.0".into(),
            command: "handoff bench".into(),
            machine: Machine::this(),
            results: runs.map(|run| Measured::System(Box::new(run))).collect(),
            knees: Vec::new(),
            left_out: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(crate) fn run(target: &str, repetition: usize, messages_per_s: f64) -> SystemMeasurement {
        SystemMeasurement {
            target: target.into(),
            workload: "closed loop".into(),
            workload_id: "closed/16B/1x1".into(),
            repetition: repetition as u32 + 1,
            messages_per_s,
            latency_us: LatencySummary { count: 10, p50_us: 5, p90_us: 9, p99_us: 20, p99_9_us: 30, max_us: 40 },
            cpu_s_per_million: Some(0.5),
            rss_bytes: Some(1 << 20),
            about: About::default(),
            attempted_per_s: messages_per_s,
            generator_cpu: 0.5,
            generator_limited: false,
            waiting_bytes: None,
            after_bytes: None,
            connection_bytes: None,
            fill_per_s: None,
            drain_per_s: None,
            redelivered: None,
            verdict: Verdict::Valid,
            findings: Findings::default(),
        }
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let document = document(&[("broker", &[1.0, 2.5])]);
        let text = serde_json::to_string_pretty(&document).expect("it is JSON");
        assert_eq!(Document::parse(&text, Path::new("a.json")).expect("it is whole"), document);
    }

    #[test]
    fn what_is_wrong_is_told_with_file_line_and_key() {
        let document = document(&[("broker", &[1.0])]);
        let text = serde_json::to_string_pretty(&document).expect("it is JSON");
        let told = |text: &str| Document::parse(text, Path::new("a.json")).expect_err("it is damaged").to_string();

        assert_eq!(
            told(&text.replace("\"schema_version\": 1", "\"schema_version\": 7")),
            "a.json:1: expected schema_version 1, found 7"
        );
        assert_eq!(told("{}"), "a.json:1: expected schema_version 1, found none");
        let wrong_type = told(&text.replace("\"cores\": ", "\"cores\": \"some\", \"spare\": "));
        assert!(
            wrong_type.starts_with("a.json:7: expected") && wrong_type.contains("machine.cores: invalid type"),
            "{wrong_type}"
        );
        let lacks = told(&text.replace("\"verdict\"", "\"verdikt\""));
        assert!(lacks.contains("results[0]: missing field `verdict`"), "{lacks}");
        let cut = told(&text[..text.len() / 2]);
        assert!(cut.starts_with("a.json:") && cut.contains("EOF") && !cut.contains('\n'), "{cut}");
    }
}
