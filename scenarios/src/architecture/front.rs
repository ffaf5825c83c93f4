//! The front end: a service with bounded threads and a bounded accept queue.
//!
//! A thread is held from the start of a request until its job was handed over, or the time for that ran out. While all
//! are held, requests wait in the accept queue; what finds that full is turned away with 503 at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handoff_broker::{Listener, Runtime};
use tokio::sync::Semaphore;

use super::HandOver;
use crate::http::{self, Handler, StatusCode};
use crate::job::Jobs;
use crate::journal::{Answer, Recorder};
use crate::play::{PlayError, Run};
use crate::scenario::FrontEnd;
use crate::stage::Stage;

/// The name of the front end's node.
pub const NODE: &str = "front";

struct Service<R, H> {
    runtime: R,
    jobs: Jobs,
    hand_over: H,
    /// Room for requests that have a thread or wait for one.
    places: Semaphore,
    threads: Semaphore,
    timeout: Duration,
    /// Where it is written down how long threads are held; only the front end's are.
    recorder: Option<Recorder>,
}

/// A thread's hold on a job. It ends with the hand-over, with the time for it, or with the caller's connection.
struct Hold<'a, R: Runtime> {
    runtime: &'a R,
    recorder: Option<&'a Recorder>,
    job: u64,
}

impl<'a, R: Runtime> Hold<'a, R> {
    fn begin(runtime: &'a R, recorder: Option<&'a Recorder>, job: u64) -> Self {
        if let Some(recorder) = recorder {
            recorder.admitted(runtime.now(), job);
        }
        Hold { runtime, recorder, job }
    }
}

impl<R: Runtime> Drop for Hold<'_, R> {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder {
            recorder.released(self.runtime.now(), self.job);
        }
    }
}

/// Starts a service of this kind on `node`, and returns its address once it listens.
pub async fn start<S: Stage>(
    run: &Run<S>,
    node: &str,
    settings: &FrontEnd,
    hand_over: impl HandOver,
) -> Result<SocketAddr, PlayError> {
    let (address, jobs) = (run.stage().listen_address(node), run.jobs().clone());
    let places = Semaphore::new(settings.threads + settings.accept_queue);
    let (threads, timeout) = (Semaphore::new(settings.threads), settings.timeout());
    let recorder = (node == NODE).then(|| run.recorder().clone());
    run.start(node, move |runtime| async move {
        let listener = runtime.listen(address).await?;
        let address = listener.local_address()?;
        let service = Service { runtime: runtime.clone(), jobs, hand_over, places, threads, timeout, recorder };
        runtime.spawn(http::serve(runtime.clone(), listener, Arc::new(service)));
        Ok(address)
    })
    .await
}

impl<R: Runtime, H: HandOver> Handler for Service<R, H> {
    async fn handle(&self, body: Bytes) -> StatusCode {
        let Some(job) = self.jobs.read(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let Ok(_place) = self.places.try_acquire() else {
            return http::status_of(Answer::Rejected);
        };
        let Ok(_thread) = self.threads.acquire().await else {
            return http::status_of(Answer::Rejected);
        };
        let _hold = Hold::begin(&self.runtime, self.recorder.as_ref(), job.id);
        if job.bystander {
            return http::status_of(Answer::Done);
        }
        let deadline = self.runtime.now() + self.timeout;
        let answer = self.runtime.timeout_at(deadline, self.hand_over.hand_over(job)).await;
        http::status_of(answer.unwrap_or(Answer::TimedOut))
    }
}
