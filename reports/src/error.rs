//! What can go wrong between results and a report. Each error is one line and names its file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::model::{OLDEST_VERSION, SCHEMA_VERSION};

/// Why results could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The document is of a version of the model that is not read.
    #[error("{}: schema_version is {found}, expected {OLDEST_VERSION} to {SCHEMA_VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
    },
    /// The document is not JSON, or not the model's.
    #[error("{}: not a results document: {source}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What was expected, and where.
        source: serde_json::Error,
    },
    /// A trace in it cannot be read.
    #[error("{}: {what}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// Which one, and what is wrong with it.
        what: String,
    },
}

/// Why a report could not be rendered. Files that were already written stay; no file is ever half written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file or folder could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The results hold something that JSON cannot say, such as an infinite number.
    #[error("results cannot be written as JSON: {0}")]
    Results(serde_json::Error),
    /// A chart could not be drawn.
    #[error("chart '{chart}': {reason}")]
    Chart {
        /// The chart's name.
        chart: String,
        /// Why.
        reason: String,
    },
    /// A template failed.
    #[error("template: {0}")]
    Template(#[from] askama::Error),
}
