//! The three architectures, and what each has to say for itself so that a scenario can be played on it.
//!
//! Common to all: [callers](callers) send each job at its time to the [front end](front), which hands it over, and
//! [workers](worker) do it. What differs is how a job gets from the one to the other, and that is a [`Wiring`].

pub mod callers;
pub mod front;
pub mod log;
pub mod queue;
mod replies;
pub mod sync;
pub mod worker;

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use handoff_broker::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::job::Job;
use crate::journal::{Answer, Held};
use crate::play::{PlayError, Run};
use crate::stage::Stage;

/// How work gets from the front end to the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// The front end calls a worker and waits for it.
    Sync,
    /// The front end publishes a message, and the broker pushes it to a worker that is free.
    Queue,
    /// The front end appends a record, and the worker of its partition fetches it in turn.
    Log,
}

impl Architecture {
    /// All three.
    pub const ALL: [Architecture; 3] = [Architecture::Sync, Architecture::Queue, Architecture::Log];

    /// Its name on the command line, in claims and in results.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Sync => "sync",
            Architecture::Queue => "queue",
            Architecture::Log => "log",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// No architecture has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected sync, queue or log, got {0:?}")]
pub struct UnknownArchitecture(String);

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Architecture::ALL.into_iter().find(|architecture| architecture.name() == name);
        known.ok_or_else(|| UnknownArchitecture(name.to_owned()))
    }
}

/// How one architecture is put together on a stage. One value serves one run.
pub trait Wiring<S: Stage>: Sized + Send + Sync + 'static {
    /// The front end's side.
    type HandOver: HandOver;

    /// The node of what stands between front end and workers, if anything does.
    const BROKER: Option<&'static str> = None;

    /// Starts what stands between front end and workers, if anything does.
    fn build(run: &Run<S>) -> impl Future<Output = Result<Self, PlayError>> + Send;

    /// Starts a worker (1 to N) on its node: at the beginning, and again after each of its deaths. Completes when
    /// the worker is ready for jobs.
    fn start_worker(&self, run: &Run<S>, worker: u32) -> impl Future<Output = Result<(), PlayError>> + Send;

    /// What the front end hands jobs over with. Called after the workers were started.
    fn connect_front(&self, run: &Run<S>) -> impl Future<Output = Result<Self::HandOver, PlayError>> + Send;

    /// Completes when the workers have shared the work, if they have to.
    fn settle_in(&self, _run: &Run<S>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// A worker is asked to stop: it is to be sent nothing more.
    fn drain_worker(&self, _worker: u32) {}

    /// Starts what stands between front end and workers again, after its crash and where it was.
    fn restart_broker(&self, _run: &Run<S>) -> impl Future<Output = Result<(), PlayError>> + Send {
        async { Ok(()) }
    }

    /// Has everything worked on again that was handed over since then, as far as it is still there.
    fn replay(&self, _run: &Run<S>, _since: Timestamp) -> impl Future<Output = Result<(), PlayError>> + Send {
        async { Ok(()) }
    }

    /// What lies between front end and workers now.
    fn held(&self) -> Held {
        Held::default()
    }
}

/// The front end's side of an architecture.
pub trait HandOver: Send + Sync + 'static {
    /// Hands `job` over, and says what its caller is to be told. Dropped when the front end's time for it is out; the
    /// caller is then told that nobody knows.
    fn hand_over(&self, job: &Job) -> impl Future<Output = Answer> + Send;
}
