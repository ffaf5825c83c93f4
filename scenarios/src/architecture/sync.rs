//! The synchronous architecture: the front end calls a worker over HTTP, and its thread waits for the work.
//!
//! The caller learns whether its job is done. What it costs: the thread is held for as long as the work takes, and a
//! worker's trouble is the caller's at once. Between front end and workers there may be a chain of services, each with
//! threads of its own that wait for the next. Several subscribers are called at the same time.

mod balancer;
mod breaker;
mod caller;
mod fan_out;
mod retry;
mod service;

use std::net::SocketAddr;
use std::sync::Arc;

use handoff_broker::{Listener, Runtime};

use super::worker::{self, Worker};
use super::{Wiring, front};
use crate::http;
use crate::play::{PlayError, Run};
use crate::stage::Stage;
use crate::subscribers::Subscribers;
use balancer::Balancer;
use caller::Caller;
use fan_out::FanOut;
use service::Service;

/// Workers that are called, and the balancers that know where they are.
pub struct SyncWiring {
    subscribers: Subscribers,
    /// One for each subscriber.
    balancers: Vec<Balancer>,
}

impl<S: Stage> Wiring<S> for SyncWiring {
    type HandOver = FanOut<S::Runtime>;

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        let (subscribers, eject) = (run.scenario().work.subscribers(), run.scenario().sync.eject());
        let balancers = (0..subscribers.count()).map(|_| Balancer::new(eject)).collect();
        Ok(SyncWiring { subscribers, balancers })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let node = worker::name(worker);
        let address = run.stage().listen_address(&node);
        let (jobs, crew) = (run.jobs().clone(), run.crew().clone());
        let (acknowledge, max_waiting) = (run.scenario().work.acknowledge, run.scenario().sync.max_waiting);
        let address: SocketAddr = run
            .start(&node, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                let address = listener.local_address()?;
                let worker = Worker::new(worker, runtime.clone(), crew);
                let service = Service::new(runtime.clone(), worker, jobs, acknowledge, max_waiting);
                runtime.spawn(http::serve(runtime.clone(), listener, Arc::new(service)));
                Ok(address)
            })
            .await?;
        self.balancer_of(worker).register(worker, address);
        Ok(())
    }

    fn drain_worker(&self, worker: u32) {
        self.balancer_of(worker).leave_out(worker);
    }

    /// From the last service of the chain to the front end, each with its caller of the next.
    async fn connect_front(&self, run: &Run<S>) -> Result<Self::HandOver, PlayError> {
        let settings = &run.scenario().sync;
        let mut next = self.balancers.clone();
        for (index, service) in settings.services.iter().enumerate().rev() {
            let node = format!("service-{}", index + 1);
            let caller = connect(run, &node, next).await?;
            let address = front::start(run, &node, service, caller).await?;
            let balancer = Balancer::new(settings.eject());
            balancer.register(1, address);
            next = vec![balancer];
        }
        connect(run, front::NODE, next).await
    }
}

impl SyncWiring {
    fn balancer_of(&self, worker: u32) -> &Balancer {
        &self.balancers[self.subscribers.of_worker(worker) as usize]
    }
}

/// What the service on `node` calls the next one with.
async fn connect<S: Stage>(run: &Run<S>, node: &str, next: Vec<Balancer>) -> Result<FanOut<S::Runtime>, PlayError> {
    let settings = run.scenario().sync.clone();
    run.start(node, move |runtime| async move {
        let callers = next.into_iter().map(|balancer| Caller::new(runtime.clone(), balancer, &settings));
        Ok(FanOut::new(callers.collect()))
    })
    .await
}
