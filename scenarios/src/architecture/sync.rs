//! The synchronous architecture: the front end calls a worker over HTTP, and its thread waits for the work.
//!
//! The caller learns whether its job is done. What it costs: the thread is held for as long as the work takes, and a
//! worker's trouble is the caller's at once.

mod balancer;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use handoff_broker::{Listener, Runtime};
use tokio::sync::Semaphore;

use super::worker::{self, Worker};
use super::{HandOver, Wiring, front};
use crate::http::{self, Client, Handler, StatusCode};
use crate::job::{Job, Jobs};
use crate::journal::Answer;
use crate::play::{PlayError, Run};
use crate::stage::Stage;
use balancer::Balancer;

/// Workers that are called, and the balancer that knows where they are.
pub struct SyncWiring {
    balancer: Balancer,
}

impl<S: Stage> Wiring<S> for SyncWiring {
    type HandOver = Caller<S::Runtime>;

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        Ok(SyncWiring { balancer: Balancer::new(run.scenario().sync.eject()) })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let node = worker::name(worker);
        let address = run.stage().listen_address(&node);
        let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
        let address: SocketAddr = run
            .start(&node, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                let address = listener.local_address()?;
                let worker = Worker::new(worker, runtime.clone(), recorder);
                let service = Arc::new(Service { worker, jobs, desk: Semaphore::new(1) });
                runtime.spawn(http::serve(runtime.clone(), listener, service));
                Ok(address)
            })
            .await?;
        self.balancer.register(worker, address);
        Ok(())
    }

    async fn connect_front(&self, run: &Run<S>) -> Result<Self::HandOver, PlayError> {
        let (balancer, retries) = (self.balancer.clone(), run.scenario().sync.retries);
        run.start(front::NODE, move |runtime| async move {
            Ok(Caller { client: Client::new(runtime.clone()), runtime, balancer, retries })
        })
        .await
    }
}

/// A worker's side: one job at a time, the others wait in order of arrival.
struct Service<R> {
    worker: Worker<R>,
    jobs: Jobs,
    desk: Semaphore,
}

impl<R: Runtime> Handler for Service<R> {
    async fn handle(&self, body: Bytes) -> StatusCode {
        let Some(job) = self.jobs.read(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let Ok(_desk) = self.desk.acquire().await else {
            return StatusCode::SERVICE_UNAVAILABLE;
        };
        match self.worker.work(job).await {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The front end's side: calls the least busy worker.
pub struct Caller<R> {
    runtime: R,
    client: Client<R>,
    balancer: Balancer,
    retries: u32,
}

impl<R: Runtime> HandOver for Caller<R> {
    async fn hand_over(&self, job: &Job) -> Answer {
        for _ in 0..=self.retries {
            let Some(call) = self.balancer.pick(self.runtime.now()) else {
                break;
            };
            match self.client.post(call.address(), job.message()).await {
                Ok(status) if status.is_success() => return Answer::Done,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "a call failed");
                    call.eject(self.runtime.now());
                }
            }
        }
        Answer::Failed
    }
}
