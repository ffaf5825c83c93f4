//! A worker's side: one job at a time, the others wait in order of arrival.

use std::sync::Arc;

use bytes::Bytes;
use handoff_broker::Runtime;
use tokio::sync::Semaphore;

use crate::architecture::worker::Worker;
use crate::http::{self, Handler, StatusCode};
use crate::job::Jobs;
use crate::journal::Answer;
use crate::scenario::Acknowledge;

/// A worker that is called.
pub(super) struct Service<R> {
    runtime: R,
    worker: Arc<Worker<R>>,
    jobs: Jobs,
    acknowledge: Acknowledge,
    /// Where the one job lies that is worked on.
    desk: Arc<Semaphore>,
    /// Room for calls that are worked on or wait. `None`: as many as come.
    places: Option<Arc<Semaphore>>,
}

impl<R: Runtime> Service<R> {
    pub(super) fn new(
        runtime: R,
        worker: Worker<R>,
        jobs: Jobs,
        acknowledge: Acknowledge,
        max_waiting: Option<usize>,
    ) -> Self {
        let places = max_waiting.map(|waiting| Arc::new(Semaphore::new(waiting + 1)));
        Service { runtime, worker: Arc::new(worker), jobs, acknowledge, desk: Arc::new(Semaphore::new(1)), places }
    }
}

impl<R: Runtime> Handler for Service<R> {
    async fn handle(&self, body: Bytes) -> StatusCode {
        let Some(job) = self.jobs.read(&body).cloned() else {
            return StatusCode::BAD_REQUEST;
        };
        let place = match &self.places {
            Some(places) => match places.clone().try_acquire_owned() {
                Ok(place) => Some(place),
                Err(_) => return http::status_of(Answer::Rejected),
            },
            None => None,
        };
        let (worker, desk) = (self.worker.clone(), self.desk.clone());
        let work = async move {
            let _place = place;
            match desk.acquire().await {
                Ok(_desk) if worker.work(&job).await.is_ok() => StatusCode::OK,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            }
        };
        match self.acknowledge {
            Acknowledge::AfterWork => work.await,
            Acknowledge::OnReceipt => {
                self.runtime.spawn(async move {
                    // Nobody is told how it ended.
                    let _ = work.await;
                });
                http::status_of(Answer::Accepted)
            }
        }
    }
}
