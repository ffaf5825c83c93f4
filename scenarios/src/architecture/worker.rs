//! A worker: does one job at a time, and writes down that it did. How it comes by jobs is the architectures' business.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handoff_broker::Runtime;
use thiserror::Error;
use tokio::sync::watch;

use crate::job::Job;
use crate::journal::Recorder;

/// The name of the node of a worker, which counts from 1.
pub fn name(worker: u32) -> String {
    format!("worker-{worker}")
}

/// The worker whose node has this name.
pub fn number(node: &str) -> Option<u32> {
    let number = node.strip_prefix("worker-")?.parse().ok()?;
    (number > 0 && name(number) == node).then_some(number)
}

/// What all workers of a run share: where they write down what they do, how slow they are, and who is to stop. Cheap
/// to clone; clones are the same.
#[derive(Clone, Debug)]
pub struct Crew {
    recorder: Recorder,
    orders: Arc<Mutex<Orders>>,
}

#[derive(Debug, Default)]
struct Orders {
    /// How many times as long work takes a worker; once, if nothing is said.
    slowness: BTreeMap<u32, f64>,
    /// Tells the current life of a worker that it is to stop.
    stops: BTreeMap<u32, watch::Sender<bool>>,
}

impl Crew {
    /// Workers that write to `recorder`.
    pub fn new(recorder: Recorder) -> Self {
        Crew { recorder, orders: Arc::default() }
    }

    /// From its next job on, work takes `worker` so many times as long.
    pub fn set_slowness(&self, worker: u32, factor: f64) {
        self.lock().slowness.insert(worker, factor);
    }

    /// `worker` is to finish what it is at and to stop.
    pub fn ask_to_stop(&self, worker: u32) {
        if let Some(stop) = self.lock().stops.get(&worker) {
            stop.send_replace(true);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One life of a worker.
#[derive(Clone, Debug)]
pub struct Worker<R> {
    number: u32,
    runtime: R,
    crew: Crew,
    stop: watch::Receiver<bool>,
}

/// The work on a job failed: it is poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the work failed")]
pub struct WorkFailed;

impl<R: Runtime> Worker<R> {
    /// The worker with this number (from 1), on its node.
    pub fn new(number: u32, runtime: R, crew: Crew) -> Self {
        let (sender, stop) = watch::channel(false);
        crew.lock().stops.insert(number, sender);
        Worker { number, runtime, crew, stop }
    }

    /// Is busy with `job` for as long as it takes. A failure takes as long as a success.
    pub async fn work(&self, job: &Job) -> Result<(), WorkFailed> {
        let recorder = &self.crew.recorder;
        recorder.started(self.runtime.now(), job.id, self.number);
        let slowness = self.crew.lock().slowness.get(&self.number).copied().unwrap_or(1.0);
        self.runtime.sleep(job.work.mul_f64(slowness)).await;
        let now = self.runtime.now();
        if job.poison {
            recorder.failed(now, job.id, self.number);
            return Err(WorkFailed);
        }
        recorder.completed(now, job.id, self.number);
        Ok(())
    }

    /// Completes when the worker is to begin nothing more.
    pub async fn asked_to_stop(&self) {
        // An error means that a later life has begun; then this one is to stop, too.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        assert_eq!(number(&name(12)), Some(12));
        for wrong in ["worker-0", "worker-01", "worker-+1", "worker-", "worker-x", "broker"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
