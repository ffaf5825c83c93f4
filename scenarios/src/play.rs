//! Plays a scenario on a stage: sets the nodes up, sends the load, breaks what is to break, and waits for the end.
//!
//! The same for every architecture and in both worlds. What it returns is the journal; judging is done elsewhere.

mod faults;
mod script;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::architecture::log::LogWiring;
use crate::architecture::queue::QueueWiring;
use crate::architecture::sync::SyncWiring;
use crate::architecture::worker::Crew;
use crate::architecture::{Architecture, Wiring, callers, front};
use crate::job::Jobs;
use crate::journal::{Journal, Recorder};
use crate::scenario::Scenario;
use crate::stage::Stage;

/// The node whose clock the run goes by. It is never crashed.
const DIRECTOR: &str = "director";
/// How long a node may take to be ready.
const START_LIMIT: Duration = Duration::from_secs(10);
/// A run that is settled ends when nothing has happened for this long: a late duplicate shows in it.
const QUIET: Duration = Duration::from_secs(1);
/// How often to look what is held, and whether the run is settled.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why a scenario could not be played at all.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum PlayError {
    /// A node could not be started.
    #[error("{node} could not be started: {source}")]
    Failed { node: String, source: NodeError },
    /// A node took too long to start, or died while it did.
    #[error("{node} was not ready within {START_LIMIT:?}")]
    NotReady { node: String },
    /// The scenario has a fault that this stage cannot bring about.
    #[error("a {fault} can only be simulated")]
    Impossible { fault: &'static str },
}

/// Why a node could not be started.
pub type NodeError = Box<dyn Error + Send + Sync>;

/// Plays `scenario` with these `jobs` on one architecture. The stage is left without running nodes.
///
/// Ends when every promise is kept and nothing more happens, or at the scenario's drain limit.
pub async fn play<S: Stage>(
    stage: &S,
    scenario: &Scenario,
    jobs: &Jobs,
    architecture: Architecture,
) -> Result<Journal, PlayError> {
    let run = Run::new(stage, scenario, jobs);
    let journal = match architecture {
        Architecture::Sync => run.perform::<SyncWiring>().await,
        Architecture::Queue => run.perform::<QueueWiring>().await,
        Architecture::Log => run.perform::<LogWiring>().await,
    };
    run.clear();
    journal
}

/// One run: what is played, where, and the journal it writes.
pub struct Run<S: Stage> {
    stage: S,
    scenario: Scenario,
    jobs: Jobs,
    recorder: Recorder,
    crew: Crew,
    director: S::Runtime,
    /// Every node that was started.
    nodes: Mutex<BTreeSet<String>>,
}

impl<S: Stage> Run<S> {
    fn new(stage: &S, scenario: &Scenario, jobs: &Jobs) -> Self {
        let recorder = Recorder::with_subscribers(scenario.work.subscribers());
        Run {
            stage: stage.clone(),
            scenario: scenario.clone(),
            jobs: jobs.clone(),
            crew: Crew::new(recorder.clone()),
            recorder,
            director: stage.node(DIRECTOR),
            nodes: Mutex::default(),
        }
    }

    /// Where it is played.
    pub fn stage(&self) -> &S {
        &self.stage
    }

    /// What is played.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The jobs that arrive.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Where everybody writes what happened.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// What the workers share.
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    /// The clock of the run.
    pub fn director(&self) -> &S::Runtime {
        &self.director
    }

    /// Runs `task` on the node called `node`, so that it dies with the node, and returns what it returns: typically
    /// an address or a connection, once everything that is to go on was spawned.
    pub async fn start<T, F>(&self, node: &str, task: impl FnOnce(S::Runtime) -> F + Send) -> Result<T, PlayError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, NodeError>> + Send + 'static,
    {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).insert(node.to_owned());
        let runtime = self.stage.node(node);
        let (ready, started) = oneshot::channel();
        let task = task(runtime.clone());
        runtime.spawn(async move {
            // Nobody waits any more once the limit has passed.
            let _ = ready.send(task.await);
        });
        match self.director.timeout_at(self.director.now() + START_LIMIT, started).await {
            Some(Ok(Ok(value))) => Ok(value),
            Some(Ok(Err(source))) => Err(PlayError::Failed { node: node.to_owned(), source }),
            Some(Err(_)) | None => Err(PlayError::NotReady { node: node.to_owned() }),
        }
    }

    async fn perform<W: Wiring<S>>(&self) -> Result<Journal, PlayError> {
        let wiring = W::build(self).await?;
        for worker in 1..=self.scenario.work.workers {
            wiring.start_worker(self, worker).await?;
        }
        let hand_over = wiring.connect_front(self).await?;
        let front = front::start(self, front::NODE, &self.scenario.front, hand_over).await?;
        wiring.settle_in(self).await;
        let started_at = self.director.now();
        let load_ends_at = started_at + self.scenario.load.duration();
        let drain_ends_at = load_ends_at + self.scenario.drain_limit();
        callers::start(self, front, started_at).await?;
        self.break_things(&wiring, started_at, drain_ends_at).await?;
        self.watch_until(&wiring, load_ends_at).await;
        self.drain(&wiring, drain_ends_at).await;
        Ok(self.recorder.finish(started_at, self.director.now()))
    }

    /// Waits until `end`, and looks now and then what is held.
    async fn watch_until(&self, wiring: &impl Wiring<S>, end: Timestamp) {
        loop {
            let now = self.director.now();
            self.recorder.held(now, wiring.held());
            if now >= end {
                return;
            }
            self.director.sleep_until(end.min(now + LOOK_EVERY)).await;
        }
    }

    /// Waits until the run is settled and quiet, or until `end`.
    async fn drain(&self, wiring: &impl Wiring<S>, end: Timestamp) {
        loop {
            let now = self.director.now();
            let quiet = self.recorder.last_entry_at().is_none_or(|last| last + QUIET <= now);
            if now >= end || quiet && self.recorder.is_settled(self.jobs.len()) {
                return;
            }
            self.watch_until(wiring, end.min(now + LOOK_EVERY)).await;
        }
    }

    /// Ends every node that was started.
    fn clear(&self) {
        for node in self.nodes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            self.stage.crash(node);
        }
    }
}
