//! What can be wrong with a scenario. Each error renders as one line: the file, the key, and what was expected.

use thiserror::Error;

use crate::document::DocumentError;

/// Why there is no scenario.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum ScenarioError {
    /// No scenario of the catalogue has this name, and it does not look like a path.
    #[error("{name}: expected the name of a scenario ({known}) or the path of a TOML file")]
    Unknown { name: String, known: String },
    /// The file is not that of a scenario.
    #[error(transparent)]
    Document(#[from] DocumentError),
}
