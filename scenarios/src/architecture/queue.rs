//! The queue: the front end publishes a message and answers after the confirm; the broker pushes it to a worker.
//!
//! A worker acknowledges after the work. What fails is requeued, until the delivery limit sends it to the dead letter
//! queue; what a dead worker held is requeued by the broker. An operator takes the dead letters. Everybody connects
//! again when the broker is gone, and declares what they need, since it may have forgotten it.

mod consumer;
mod publisher;
mod topology;

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use handoff_broker::core::Broker;
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime};

use super::worker::{self, Worker};
use super::{Wiring, front};
use crate::journal::Held;
use crate::play::{PlayError, Run};
use crate::stage::Stage;
use consumer::{Operator, Subscriber};
use publisher::Publisher;
use topology::Topology;

/// The broker's node.
pub const BROKER: &str = "broker";
/// The node of whoever takes the dead letters.
const OPERATOR: &str = "operator";

/// A broker, and how to reach it.
pub struct QueueWiring {
    address: SocketAddr,
    topology: Topology,
    server: Mutex<Server<Broker>>,
    payload_bytes: u64,
}

impl<S: Stage> Wiring<S> for QueueWiring {
    type HandOver = Publisher<S::Runtime>;

    const BROKER: Option<&'static str> = Some(BROKER);

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        let (address, server) = start_broker(run, run.stage().listen_address(BROKER)).await?;
        let topology = Topology::new(address, run.scenario());
        let operator = Operator::new(topology.clone(), run.jobs().clone(), run.recorder().clone());
        run.start(OPERATOR, move |runtime| async move {
            let subscription = operator.subscribe(&runtime).await?;
            runtime.spawn(operator.take_all(runtime.clone(), subscription));
            Ok(())
        })
        .await?;
        let payload_bytes = run.scenario().load.payload_bytes as u64;
        Ok(QueueWiring { address, topology, server: Mutex::new(server), payload_bytes })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let (topology, jobs, crew) = (self.topology.clone(), run.jobs().clone(), run.crew().clone());
        let (prefetch, acknowledge) = (run.scenario().queue.prefetch, run.scenario().work.acknowledge);
        let max_attempts = run.scenario().work.max_attempts;
        run.start(&worker::name(worker), move |runtime| async move {
            let subscriber = Subscriber { number: worker, topology, jobs, prefetch, acknowledge, max_attempts };
            let subscription = subscriber.subscribe(&runtime).await?;
            let worker = Worker::new(worker, runtime.clone(), crew);
            runtime.spawn(subscriber.work(runtime.clone(), worker, subscription));
            Ok(())
        })
        .await
    }

    async fn connect_front(&self, run: &Run<S>) -> Result<Self::HandOver, PlayError> {
        let (topology, jobs) = (self.topology.clone(), run.jobs().clone());
        run.start(front::NODE, move |runtime| async move { Publisher::connect(runtime, topology, jobs).await }).await
    }

    /// It comes back empty: its memory was all it had.
    async fn restart_broker(&self, run: &Run<S>) -> Result<(), PlayError> {
        let (_, server) = start_broker(run, self.address).await?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
        Ok(())
    }

    fn held(&self) -> Held {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths: Vec<u64> = server.inspect(|broker| {
            let queues = self.topology.queues().iter().cloned().chain(self.topology.waiting_queues());
            let queues = queues.chain(self.topology.urgent_queue().map(str::to_owned));
            let counts = queues.filter_map(|queue| broker.queue_counts(&queue));
            counts.map(|counts| counts.ready + counts.unacknowledged).collect()
        });
        let messages = lengths.iter().sum();
        // Subscribers' queues share the bodies; whatever the others still hold, the one that is furthest behind does.
        let bodies = if self.topology.is_fan_out() { lengths.into_iter().max().unwrap_or(0) } else { messages };
        Held { messages, bytes: bodies * self.payload_bytes }
    }
}

async fn start_broker<S: Stage>(run: &Run<S>, address: SocketAddr) -> Result<(SocketAddr, Server<Broker>), PlayError> {
    run.start(BROKER, move |runtime| async move {
        let listener = runtime.listen(address).await?;
        let address = listener.local_address()?;
        let server = Server::new(Broker::new(), ServerOptions::trusting());
        let (serving, serving_runtime) = (server.clone(), runtime.clone());
        runtime.spawn(async move { serving.serve(serving_runtime, listener).await });
        Ok((address, server))
    })
    .await
}
