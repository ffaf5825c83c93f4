//! Why a world ended without a value, and what options it does not take.

use std::io;

use handoff_broker::Timestamp;
use thiserror::Error;

/// Why [`run`](super::run) has no value to return.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WorldError {
    /// Every task waits and no timer is pending, so nothing can ever happen again.
    #[error("deadlock at {at}: every task waits and no timer is pending")]
    Deadlock {
        /// When.
        at: Timestamp,
    },
    /// The time limit was reached.
    #[error("not finished at the time limit, {at}")]
    TimeLimit {
        /// The limit.
        at: Timestamp,
    },
    /// A task panicked. (A panic in the destructor of a task that is being dropped cannot be caught, it aborts.)
    #[error("panic on {node} at {at}: {message}")]
    Panicked {
        /// The node whose task it was; `stage` for the future that was given to [`run`](super::run), `world` for none.
        node: String,
        /// When.
        at: Timestamp,
        /// What the panic said.
        message: String,
    },
    /// The options are not possible.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The operating system gave no thread to run on.
    #[error("no thread for a world: {0}")]
    Thread(io::ErrorKind),
}

/// Why a world with such options is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// A number that must be greater than zero is not, or is not a number at all.
    #[error("{name} must be a number greater than 0, not {value}")]
    NotPositive {
        /// Which option.
        name: &'static str,
        /// What it was.
        value: String,
    },
    /// A probability outside 0 to 1.
    #[error("{name} must be between 0 and 1, not {value}")]
    NotAProbability {
        /// Which option.
        name: &'static str,
        /// What it was.
        value: String,
    },
    /// A uniform delay whose minimum is above its maximum.
    #[error("minimum_us {minimum_us} is above maximum_us {maximum_us}")]
    EmptyRange {
        /// The least.
        minimum_us: u64,
        /// The most.
        maximum_us: u64,
    },
}
