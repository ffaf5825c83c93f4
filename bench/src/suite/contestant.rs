//! A target in the suite: started, driven, and started again after it failed.

use std::time::Duration;

use super::targets::Candidate;
use crate::drive::Load;
use crate::system::{System, SystemMeasurement, SystemName};
use crate::workload::Workload;

/// Who does not answer for so long is not up.
const START_LIMIT: Duration = Duration::from_secs(10);
/// Beyond the time that a workload asks for, a run may take so long until it is given up.
const RUN_LIMIT: Duration = Duration::from_secs(120);
/// A backlog has no time that it asks for; it may take so long.
const BACKLOG_LIMIT: Duration = Duration::from_secs(300);

/// A target in the suite.
pub(super) struct Contestant {
    /// What tables call it.
    pub name: String,
    /// Messages a second that it carried, one to one; 0 until that was measured.
    pub carried_per_s: f64,
    system_name: SystemName,
    /// `None` if it failed and has to be started again.
    running: Option<System>,
}

/// What came of an attempt to measure.
pub(super) enum Attempt {
    /// Figures.
    Measured(Box<SystemMeasurement>),
    /// It has no such thing: why, in words.
    Unsupported(String),
    /// It could not be driven to the end: why, in a line that names it.
    Failed(String),
}

impl Contestant {
    /// Starts a candidate. The error is a reason, in words.
    pub async fn start(candidate: &Candidate) -> Result<Contestant, String> {
        let system_name = candidate.system.as_ref().map_err(ToString::to_string)?.clone();
        let running = Some(start(&candidate.name, &system_name).await?);
        Ok(Contestant { name: candidate.name.clone(), carried_per_s: 0.0, system_name, running })
    }

    /// Starts it again if it failed before.
    pub async fn make_ready(&mut self) -> Result<(), String> {
        if self.running.is_none() {
            self.running = Some(start(&self.name, &self.system_name).await?);
        }
        Ok(())
    }

    /// Puts it under a workload once.
    pub async fn measure(&mut self, workload: &Workload, repetition: u32) -> Attempt {
        if let Some(reason) = self.takes_not(workload) {
            return Attempt::Unsupported(reason);
        }
        let Some(system) = &self.running else { return Attempt::Failed(format!("{}: not up any more", self.name)) };
        let limit = limit(workload);
        let failed = match tokio::time::timeout(limit, system.measure(workload, repetition)).await {
            Ok(Ok(run)) => return Attempt::Measured(Box::new(run)),
            Ok(Err(error)) => match error.unsupported() {
                Some(reason) => return Attempt::Unsupported(reason.to_owned()),
                None => error.to_string(),
            },
            Err(_) => format!("{}: given up after {} s", self.name, limit.as_secs()),
        };
        self.running = None;
        Attempt::Failed(format!("{failed} ({}, repetition {repetition})", workload.id()))
    }

    fn takes_not(&self, workload: &Workload) -> Option<String> {
        let load = load_of(workload)?;
        let takes = self.system_name.takes(load.producers, load.consumers);
        (!takes).then(|| "it pairs producers with consumers".to_owned())
    }
}

async fn start(name: &str, system_name: &SystemName) -> Result<System, String> {
    let started = tokio::time::timeout(START_LIMIT, system_name.start_as(name)).await;
    let started = started.map_err(|_| format!("no answer in {} s", START_LIMIT.as_secs()))?;
    started.map_err(|error| error.reason().to_string())
}

fn limit(workload: &Workload) -> Duration {
    load_of(workload).map_or(BACKLOG_LIMIT, |load| load.warm_up + load.measured + RUN_LIMIT)
}

/// What producers and consumers do in it; a backlog has its own way.
fn load_of(workload: &Workload) -> Option<&Load> {
    match workload {
        Workload::Backlog { .. } => None,
        Workload::Carry(load) | Workload::PublishOnly(load) | Workload::DrainOnly(load) => Some(load),
        Workload::Idle { load, .. } | Workload::Churn { load, .. } | Workload::DeadLetter { load, .. } => Some(load),
    }
}
