//! The whole comparison: which targets, which workloads, in which order, and what came of it.
//!
//! For each workload, for each repetition, for each target: what disturbs the machine disturbs all of them. A target
//! that is not up is left out and named; one that fails half way is a failure, and is tried again with the next workload.

mod contestant;
mod goals;
mod knee;
mod plan;
mod run;
mod summary;
mod targets;

use std::time::Duration;

pub use goals::{Goal, judge};
pub use knee::{Knee, KneePoint};
pub use plan::{Plan, Step};
pub use run::{Outcome, Watch, run};
pub use summary::{Group, Summary, by_workload};
pub use targets::{BASE, Candidate, candidates, chosen, is_limit, system_named};

/// How the suite is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How often each target is measured under each workload.
    pub repetitions: u32,
    /// How long each target is under load before it is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub measured: Duration,
    /// Whether only the most telling workloads are run, and knees are looked for coarsely.
    pub is_quick: bool,
    /// Only workloads whose short name begins so; empty for all.
    pub only: String,
}

impl Settings {
    /// All of it, in half an hour for a dozen targets.
    pub fn thorough() -> Self {
        Settings {
            repetitions: 5,
            warm_up: Duration::from_millis(500),
            measured: Duration::from_secs(1),
            is_quick: false,
            only: String::new(),
        }
    }

    /// An impression, in less than ten minutes.
    pub fn quick() -> Self {
        Settings {
            repetitions: 3,
            warm_up: Duration::from_millis(200),
            measured: Duration::from_millis(400),
            is_quick: true,
            only: String::new(),
        }
    }
}
