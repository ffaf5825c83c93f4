//! Why a plan cannot be read or written.

use thiserror::Error;

/// Why there is no plan. Each message is one line that names the file, the line in it, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The file cannot be read or written.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// The file is not a plan.
    #[error("{file}:{line}: {problem}")]
    Text {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        problem: String,
    },
}
