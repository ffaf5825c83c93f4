//! Systems that carry messages, side by side under the same workloads, by the real clock.

use serde::{Deserialize, Serialize};

use super::benchmark::TargetDescription;
use super::measure::{Percentiles, Verdict};
use super::{Machine, Setting};

/// A comparison of systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Systems {
    /// The version of handoff that measured.
    pub version: String,
    /// The exact command line.
    pub command: String,
    /// Where it was measured, which need not be where the rest of the results come from.
    pub machine: Machine,
    /// What was measured, in the order of every table.
    pub targets: Vec<System>,
    /// The workloads, in the order in which they ran.
    pub workloads: Vec<SystemWorkload>,
    /// What each system took in open loop. Empty if that was not looked for.
    pub knees: Vec<Knee>,
    /// What our broker is meant to reach beside the others.
    pub goals: Vec<Goal>,
    /// What was not measured, and why: the system or the workload, and the reason.
    pub left_out: Vec<Setting>,
    /// What failed, a line each.
    pub failures: Vec<String>,
}

/// A system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its name.
    pub target: String,
    /// What exactly was measured.
    pub description: TargetDescription,
}

/// A workload, put on several systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemWorkload {
    /// Its short name.
    pub id: String,
    /// What it is, in words.
    pub workload: String,
    /// How often each system was measured.
    pub repetitions: u64,
    /// The systems.
    pub results: Vec<SystemResult>,
}

/// A system under a workload. What a workload does not measure is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemResult {
    /// The system's name.
    pub target: String,
    /// Messages that arrived, a second.
    pub messages_per_s: Estimate,
    /// How many times that of our broker this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Estimate>,
    /// From the intended send time until a consumer had the message; medians of the repetitions.
    pub latency_ms: Percentiles,
    /// Processor seconds of the system's process for a million messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s_per_million: Option<Estimate>,
    /// The most memory of its process, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_mib: Option<Estimate>,
    /// Memory for each waiting message, in bytes, its body included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_bytes: Option<Estimate>,
    /// Memory for each idle connection, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_bytes: Option<Estimate>,
    /// Messages confirmed a second while nothing was consumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled_per_s: Option<Estimate>,
    /// Messages taken a second while nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained_per_s: Option<Estimate>,
    /// Whether the generator may have been what was measured.
    pub generator_limited: bool,
    /// What the checker says of the worst repetition.
    pub verdict: Verdict,
    /// What was wrong in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<String>,
}

/// A median with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The median of the repetitions.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// A system in open loop: the highest rate that it kept up with, and what was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// The system's name.
    pub target: String,
    /// That rate, messages a second; left out if it kept up with none that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// Whether the generator could do no more: the knee is at least this.
    pub generator_limited: bool,
    /// What was tried, by rate.
    pub points: Vec<KneePoint>,
}

/// A rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KneePoint {
    /// What was asked, messages a second.
    pub rate_per_s: f64,
    /// What arrived, messages a second.
    pub messages_per_s: f64,
    /// 99 in a hundred took at most this.
    pub p99_ms: f64,
    /// Whether the system kept up.
    pub kept_up: bool,
}

/// What our broker is meant to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// What is asked.
    pub goal: String,
    /// What was found.
    pub found: String,
    /// Whether it is reached; left out if it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
}
