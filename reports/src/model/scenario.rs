//! One question, put to all architectures with the same arrivals and faults, and what came of it.

use serde::{Deserialize, Serialize};

use super::measure::{Architecture, Clock, Percentiles, Point, Verdict};
use super::trace::Trace;

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
    /// The one thing to take away from it: the answer, in a sentence. Empty lines separate paragraphs.
    pub idea: String,
    /// Why the outcome is what it is. Empty lines separate paragraphs.
    pub why: String,
    /// The command that makes this chapter again.
    pub command: String,
    /// The settings worth showing, in order.
    pub settings: Vec<Setting>,
    /// How many jobs arrive in one run.
    pub jobs: u64,
    /// How many seeds were run. The figures are those of the first.
    pub seeds: u64,
    /// What broke, in order of time.
    pub faults: Vec<Fault>,
    /// What each architecture made of it.
    pub architectures: Vec<ArchitectureResult>,
    /// The same with other settings, in order.
    pub variants: Vec<Variant>,
    /// What the scenario set out to prove, judged.
    pub claims: Vec<Claim>,
    /// What happened to each job of the first seed, where that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// What one architecture made of a scenario with other settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What claims call it.
    pub name: String,
    /// What differs, in a few words.
    pub what: String,
    /// What came of it. Nothing over time is kept, and no guarantee is judged.
    pub result: ArchitectureResult,
}

/// Something that broke, the same for every architecture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its kind, as scenarios call it: `crash`, `silence`, `pause`, `deploy`, `slow`, `replay`, `poison`.
    pub kind: String,
    /// What it hits: a worker (`worker-3`), all `workers`, the `broker`, or jobs.
    pub target: String,
    /// What it is, in a few words.
    pub what: String,
    /// Since when, in seconds after the start of the load.
    pub from_s: f64,
    /// Until when. `None`: until the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<f64>,
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
    /// From a job's arrival to the answer that promised its caller something, or to the moment its caller gave up.
    /// Who was refused or told of a failure is counted, not timed: quick refusals would flatter.
    pub response_ms: Percentiles,
    /// From a job's arrival to the first time its work was done.
    pub completion_ms: Percentiles,
    /// Jobs that arrived.
    pub arrived: u64,
    /// Jobs whose caller was told that they are done, or will be.
    pub accepted: u64,
    /// Jobs whose caller was turned away.
    pub rejected: u64,
    /// Jobs whose caller was told that they failed. With accepted, rejected and timed out: every job that arrived.
    pub failed: u64,
    /// Jobs whose caller never learned what became of them.
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
    /// The most jobs that were in the system at one time.
    pub peak_backlog: u64,
    /// Jobs in the system, waiting or being worked on, over time.
    pub backlog: Vec<Point>,
    /// Jobs completed so far, over time.
    pub completions: Vec<Point>,
    /// The longest response of those who arrived since the last point, over time: seconds and milliseconds.
    pub responses: Vec<(f64, f64)>,
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
    /// No job is overtaken by one that was sent when the first had been answered; where jobs have keys, by one of its
    /// key.
    Order,
    /// At the end of the load everybody is served, and everything accepted is finished in bounded time.
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
    /// Why it did not hold, or why nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The few events that show a violation, a line each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// The job that the witness is about, if it is about one; of two, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<u64>,
    /// The command that shows these events again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// Something that a scenario set out to prove, and whether it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim, as it stands in the scenario.
    pub claim: String,
    /// Why it should hold.
    pub because: String,
    /// Whether it did. `None`: it could not be judged, since an architecture that it speaks of was not played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
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
