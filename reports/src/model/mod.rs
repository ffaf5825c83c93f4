//! The results model: what a run found out, versioned, and all that a report is made from.
//!
//! It is plain data. It knows nothing of the rooms that fill it in, and it judges nothing: verdicts come with it.
//! Its written form is JSON, described by `schema/results-3.json`; a field added, removed or given another meaning
//! is a new [`SCHEMA_VERSION`]. Version 2 lacks the comparison of systems and is read as well.

mod benchmark;
mod measure;
mod proof;
mod scenario;
mod systems;
mod trace;

use serde::{Deserialize, Serialize};

pub use benchmark::{Benchmark, Target, TargetDescription};
pub use measure::{Architecture, Clock, Percentiles, Point, Verdict};
pub use proof::{Defect, Exploration, SometimesEvent, TheoryCheck};
pub use scenario::{ArchitectureResult, Claim, Fault, Guarantee, GuaranteeName, Scenario, Setting, Variant};
pub use systems::{Estimate, Goal, Knee, KneePoint, System, SystemResult, SystemWorkload, Systems};
pub use trace::{Answer, Attempt, End, Incident, JobPath, Lane, Trace, write_jobs, write_paths, write_places};

/// The version of the model that this crate writes.
pub const SCHEMA_VERSION: u32 = 3;

/// The oldest version that it reads.
pub const OLDEST_VERSION: u32 = 2;

/// Everything one run found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// [`SCHEMA_VERSION`], or what it was when the results were written; checked before anything else is read.
    pub schema_version: u32,
    /// What made these results.
    pub generated_by: GeneratedBy,
    /// Where they were made.
    pub machine: Machine,
    /// The seed that every simulated run started from.
    pub seed: u64,
    /// When the run started, in RFC 3339. Left out where equal runs must give equal bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// The scenarios, in the order in which they are to be read.
    pub scenarios: Vec<Scenario>,
    /// The benchmarks, all on the real clock. Empty if none ran.
    pub benchmarks: Vec<Benchmark>,
    /// The comparison of systems, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systems: Option<Systems>,
    /// The sweep over random workloads and faults, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploration: Option<Exploration>,
    /// The deliberately broken brokers and what caught them. Empty if none ran.
    pub defects: Vec<Defect>,
    /// What theory says and what was simulated, side by side. Empty if it was not compared.
    pub theory: Vec<TheoryCheck>,
}

/// What made the results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratedBy {
    /// The version of handoff.
    pub version: String,
    /// The commit it was built from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The exact command line.
    pub command: String,
}

/// The machine that the run had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The processor's model name.
    pub cpu: String,
    /// Logical processors that the run could use.
    pub cores: u32,
    /// Main memory.
    pub memory_bytes: u64,
    /// The operating system.
    pub os: String,
    /// The kernel's release.
    pub kernel: String,
}
