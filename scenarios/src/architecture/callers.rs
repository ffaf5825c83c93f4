//! The callers: each sends one job to the front end at its time, and waits for the answer as long as its patience goes.
//!
//! The load is open: a slow answer to one caller delays no other, and times count from the intended arrival.

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};

use crate::http::{self, CallError, Client};
use crate::job::{Job, Jobs};
use crate::journal::{Answer, Recorder};
use crate::play::{PlayError, Run};
use crate::stage::Stage;

/// The name of their node.
pub const NODE: &str = "callers";

#[derive(Clone)]
struct Callers<R> {
    runtime: R,
    client: Client<R>,
    front: SocketAddr,
    timeout: Duration,
    recorder: Recorder,
}

/// Starts the load: job times count from `started_at`.
pub async fn start<S: Stage>(run: &Run<S>, front: SocketAddr, started_at: Timestamp) -> Result<(), PlayError> {
    let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
    let timeout = run.scenario().load.timeout();
    run.start(NODE, move |runtime| async move {
        let client = Client::new(runtime.clone());
        let callers = Callers { runtime: runtime.clone(), client, front, timeout, recorder };
        runtime.spawn(callers.send(jobs, started_at));
        Ok(())
    })
    .await
}

impl<R: Runtime> Callers<R> {
    async fn send(self, jobs: Jobs, started_at: Timestamp) {
        for job in jobs.iter() {
            let arrives_at = started_at + job.arrives_at;
            self.runtime.sleep_until(arrives_at).await;
            self.recorder.arrived(arrives_at, job.id);
            if let Some(key) = job.key {
                self.recorder.keyed(job.id, key);
            }
            if job.urgent {
                self.recorder.cannot_wait(job.id);
            }
            if job.bystander {
                self.recorder.needs_no_worker(job.id);
            }
            self.runtime.spawn(self.clone().call(job.clone(), arrives_at));
        }
    }

    async fn call(self, job: Job, arrives_at: Timestamp) {
        let call = self.client.post(self.front, job.message());
        let answer = match self.runtime.timeout_at(arrives_at + self.timeout, call).await {
            Some(Ok(status)) => http::answer_of(status),
            Some(Err(CallError::Refused(_))) => Answer::Failed,
            Some(Err(CallError::Lost(_))) | None => Answer::TimedOut,
        };
        self.recorder.answered(self.runtime.now(), job.id, answer);
    }
}
