//! How far the results can be trusted: random sweeps, broken brokers that had to be caught, and queueing theory.

use serde::{Deserialize, Serialize};

use super::measure::Architecture;

/// A sweep over random workloads and faults, every history checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exploration {
    /// How many seeds were run.
    pub seeds: u64,
    /// The first seed.
    pub from: u64,
    /// Which kinds of workload and fault were drawn.
    pub profile: String,
    /// Faults that changed something.
    pub faults_injected: u64,
    /// Faults that changed nothing, and so proved nothing.
    pub faults_inert: u64,
    /// Events that a sweep must meet at least once to be worth anything, and how often it did.
    pub sometimes: Vec<SometimesEvent>,
    /// Invariants found violated.
    pub violations: u64,
    /// How long the sweep took, on the real clock.
    pub seconds: f64,
}

/// How often something happened in a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SometimesEvent {
    /// What happened.
    pub event: String,
    /// How often. 0 fails the sweep.
    pub count: u64,
}

/// A deliberately broken broker, and what caught it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// What is broken.
    pub defect: String,
    /// The anomaly by whose name it had to be caught.
    pub invariant: String,
    /// What it was caught as. `None`: it was not caught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught_by: Option<String>,
    /// How many seeds it took. `None`: it was not caught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds_needed: Option<u64>,
    /// Messages of the smallest failing plan. `None`: there was nothing to shrink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Faults of the smallest failing plan. `None`: there was nothing to shrink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<u64>,
}

/// One figure of one system of which queueing theory knows the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TheoryCheck {
    /// The system in Kendall's notation, with its load.
    pub case: String,
    /// What it was built from.
    pub architecture: Architecture,
    /// What is compared, with its unit.
    pub figure: String,
    /// What theory says.
    pub theory: f64,
    /// The mean of the simulated runs.
    pub simulated: f64,
    /// How far from that the true value may be, so that all intervals together hold with 95 % confidence.
    pub half_width: f64,
    /// Whether theory is within that.
    pub agrees: bool,
}
