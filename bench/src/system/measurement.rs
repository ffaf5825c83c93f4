//! What one run of a system came to, as it is saved and read again. Fields that came later are empty in older files.

use serde::{Deserialize, Serialize};

use crate::audit::Findings;
use crate::latency::LatencySummary;
use crate::measurement::Verdict;
use crate::target::About;

/// What one run of a system came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemMeasurement {
    /// What was driven.
    pub target: String,
    /// What exactly that is.
    pub about: About,
    /// With what, in a line.
    pub workload: String,
    /// The workload's short name.
    #[serde(default)]
    pub workload_id: String,
    /// Which repetition, from 1.
    pub repetition: u32,
    /// Messages sent a second.
    pub attempted_per_s: f64,
    /// Messages that arrived for the first time, a second.
    pub messages_per_s: f64,
    /// From the moment at which a message was meant to be sent until its consumer had it.
    pub latency_us: LatencySummary,
    /// Processor seconds of the system's process for a million messages; none if it is not on this machine.
    pub cpu_s_per_million: Option<f64>,
    /// The most memory that its process had, in bytes; none if it is not on this machine.
    pub rss_bytes: Option<u64>,
    /// How much of one processor the generator used, from 0 to 1: near 1, it may be what was measured.
    pub generator_cpu: f64,
    /// Whether the generator was the limit: it used more than nine tenths of a processor, or sent less than was asked
    /// although the target kept up.
    #[serde(default)]
    pub generator_limited: bool,
    /// Resident bytes for each waiting message above what the system has when it is empty; backlog only.
    #[serde(default)]
    pub waiting_bytes: Option<f64>,
    /// Resident bytes when everything was taken again; backlog only.
    #[serde(default)]
    pub after_bytes: Option<u64>,
    /// Resident bytes for each connection that does nothing; idle only.
    #[serde(default)]
    pub connection_bytes: Option<f64>,
    /// Messages confirmed a second while nothing was consumed; backlog only.
    #[serde(default)]
    pub fill_per_s: Option<f64>,
    /// Messages taken a second while nothing was sent; backlog only.
    #[serde(default)]
    pub drain_per_s: Option<f64>,
    /// Messages that came again because whoever held them died; churn only.
    #[serde(default)]
    pub redelivered: Option<u64>,
    /// Whether everything that was confirmed arrived, once, whole and in order.
    pub verdict: Verdict,
    /// What was wrong, in counts.
    pub findings: Findings,
}
