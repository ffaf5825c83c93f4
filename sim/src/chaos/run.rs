//! What a run came to.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::injected::Injected;
use super::sometimes::Sightings;
use crate::check::{Anomaly, Report, Verdict};
use crate::history::History;
use crate::world::WorldError;

/// A plan that was played.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the checkers say.
    pub report: Report,
    /// Why the world ended before the run did, if it did: a panic, a deadlock.
    pub world_error: Option<WorldError>,
    /// Whether everything was done before the drain's time was over.
    pub has_converged: bool,
    /// What happened. Empty if the world ended early.
    pub history: History,
    /// What became of each fault of the plan, in order.
    pub injected: Vec<Injected>,
    /// What happened that has to happen sometimes.
    pub sometimes: Sightings,
    /// How many messages (segments) the network carried.
    pub network_messages: u64,
    /// The hash of everything that happened on the network. Equal hashes mean equal runs.
    pub trace_hash: u64,
    /// The number of events in it.
    pub trace_events: u64,
    /// These events as text, if that was asked for.
    pub trace: Vec<String>,
    /// How much simulated time passed.
    pub elapsed: Duration,
}

/// What is wrong with a run. Failures of one name are taken to have one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
pub enum Failure {
    /// A promise was broken.
    Violated(Anomaly),
    /// A task panicked, or the world could not go on.
    Broken,
    /// The drain did not end in time.
    NotConverged,
    /// The checkers cannot tell.
    Undecided,
}

impl Run {
    /// What is wrong with it: the anomaly that shows first, if there is one. `None`: it holds.
    pub fn failure(&self) -> Option<Failure> {
        if self.world_error.is_some() {
            return Some(Failure::Broken);
        }
        match self.report.overall() {
            Verdict::Violated { anomaly, .. } => Some(Failure::Violated(*anomaly)),
            _ if !self.has_converged => Some(Failure::NotConverged),
            Verdict::Unknown { .. } => Some(Failure::Undecided),
            Verdict::Valid => None,
        }
    }
}

impl Failure {
    /// The anomaly, if it is one.
    pub fn anomaly(self) -> Option<Anomaly> {
        match self {
            Failure::Violated(anomaly) => Some(anomaly),
            _ => None,
        }
    }

    /// Its name; for a broken promise, the anomaly's.
    pub fn as_str(self) -> &'static str {
        match self {
            Failure::Violated(anomaly) => anomaly.as_str(),
            Failure::Broken => "broken run",
            Failure::NotConverged => "not converged",
            Failure::Undecided => "undecided",
        }
    }
}

impl From<Failure> for &'static str {
    fn from(failure: Failure) -> Self {
        failure.as_str()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
