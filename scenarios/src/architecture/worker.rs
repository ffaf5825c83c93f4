//! A worker: does one job at a time, and writes down that it did. How it comes by jobs is the architectures' business.

use handoff_broker::Runtime;
use thiserror::Error;

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

/// One life of a worker.
#[derive(Clone, Debug)]
pub struct Worker<R> {
    number: u32,
    runtime: R,
    recorder: Recorder,
}

/// The work on a job failed: it is poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the work failed")]
pub struct WorkFailed;

impl<R: Runtime> Worker<R> {
    /// The worker with this number (from 1), on its node.
    pub fn new(number: u32, runtime: R, recorder: Recorder) -> Self {
        Worker { number, runtime, recorder }
    }

    /// Is busy with `job` for as long as it takes. A failure takes as long as a success.
    pub async fn work(&self, job: &Job) -> Result<(), WorkFailed> {
        self.recorder.started(self.runtime.now(), job.id, self.number);
        self.runtime.sleep(job.work).await;
        let now = self.runtime.now();
        if job.poison {
            self.recorder.failed(now, job.id, self.number);
            return Err(WorkFailed);
        }
        self.recorder.completed(now, job.id, self.number);
        Ok(())
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
