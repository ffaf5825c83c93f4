//! One question, put to all architectures with the same arrivals and faults, and what came of it.

use serde::{Deserialize, Serialize};

use super::measure::{Architecture, Clock, Percentiles, Point, Verdict};

/// A scenario and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name in the catalogue and on the command line.
    pub name: String,
    /// Its name for a reader.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// What is set up and what happens in it.
    pub idea: String,
    /// Why the outcome is what it is.
    pub why: String,
    /// The command that makes this chapter again.
    pub command: String,
    /// The settings worth showing, in order.
    pub settings: Vec<Setting>,
    /// How many jobs arrive in one run.
    pub jobs: u64,
    /// How many seeds were run. The figures are those of the first.
    pub seeds: u64,
    /// What each architecture made of it.
    pub architectures: Vec<ArchitectureResult>,
    /// What the scenario set out to prove, judged.
    pub claims: Vec<Claim>,
}

/// One setting, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What it is.
    pub label: String,
    /// Its value, with unit.
    pub value: String,
}

/// One architecture's run of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchitectureResult {
    /// Which architecture.
    pub architecture: Architecture,
    /// Whose time the durations and the points are in.
    pub clock: Clock,
    /// From a job's arrival to the answer to its caller.
    pub response_ms: Percentiles,
    /// From a job's arrival to the end of its work.
    pub completion_ms: Percentiles,
    /// Jobs that arrived.
    pub arrived: u64,
    /// Jobs whose caller was told yes.
    pub accepted: u64,
    /// Jobs whose caller was told no.
    pub rejected: u64,
    /// Jobs whose caller gave up waiting.
    pub timed_out: u64,
    /// Jobs whose work ended well at least once.
    pub completed: u64,
    /// Jobs that were accepted and neither completed nor dead-lettered.
    pub lost: u64,
    /// Jobs whose work was done more than once.
    pub duplicated: u64,
    /// Jobs set aside because they kept failing.
    pub dead_lettered: u64,
    /// How often work was started, over all jobs.
    pub attempts: u64,
    /// The most jobs that waited at one time.
    pub peak_backlog: u64,
    /// Jobs waiting, over time.
    pub backlog: Vec<Point>,
    /// Jobs completed so far, over time.
    pub completions: Vec<Point>,
    /// The verdict on each guarantee.
    pub guarantees: Vec<Guarantee>,
}

/// What is promised about jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuaranteeName {
    /// No accepted job is lost.
    Lost,
    /// No job is done twice.
    Duplicated,
    /// Jobs are begun in the order of their arrival.
    Order,
    /// Once faults stop, everything accepted is finished in bounded time.
    Recovery,
}

impl GuaranteeName {
    /// What is promised, in a few words.
    pub fn label(self) -> &'static str {
        match self {
            GuaranteeName::Lost => "nothing lost",
            GuaranteeName::Duplicated => "nothing done twice",
            GuaranteeName::Order => "in order",
            GuaranteeName::Recovery => "recovers",
        }
    }
}

/// The verdict on a guarantee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guarantee {
    /// Which guarantee.
    pub name: GuaranteeName,
    /// Whether it held.
    pub verdict: Verdict,
    /// The few events that show a violation, a line each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
}

/// Something that a scenario set out to prove, and whether it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim, as it stands in the scenario.
    pub claim: String,
    /// Why it should hold.
    pub because: String,
    /// Whether it did.
    pub holds: bool,
    /// The measured value of its left side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<f64>,
    /// The measured value of its right side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<f64>,
    /// Anything more to say about how it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
