//! Load on real TCP, by the real clock.

use serde::{Deserialize, Serialize};

use super::measure::{Percentiles, Verdict};

/// One load, put on several systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// Its name.
    pub name: String,
    /// What the load is, in words.
    pub workload: String,
    /// The rate at which jobs were offered, open loop.
    pub rate_per_s: f64,
    /// The systems that were under it.
    pub targets: Vec<Target>,
}

/// One system under load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name.
    pub target: String,
    /// What exactly was measured.
    pub description: TargetDescription,
    /// The rate at which the generator really sent.
    pub attempted_per_s: f64,
    /// The rate at which jobs were completed.
    pub achieved_per_s: f64,
    /// How many jobs were sent.
    pub jobs: u64,
    /// From the intended send time to the answer.
    pub response_ms: Percentiles,
    /// From the intended send time to the end of the work.
    pub completion_ms: Percentiles,
    /// What the checkers say of its history.
    pub verdict: Verdict,
}

/// What was measured, so that it can be measured again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDescription {
    /// The system's version.
    pub version: String,
    /// How it was set up.
    pub configuration: String,
    /// What its answer promises.
    pub durability: String,
}
