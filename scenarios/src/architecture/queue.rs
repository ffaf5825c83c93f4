//! The queue: the front end publishes a message and answers after the confirm; the broker pushes it to a worker.
//!
//! A worker acknowledges after the work. What fails is requeued, until the delivery limit sends it to the dead letter
//! queue; what a dead worker held is requeued by the broker. An operator takes the dead letters.

use std::net::SocketAddr;

use handoff_broker::amqp::codec::PropertiesBuilder;
use handoff_broker::client::{Certainty, Channel, ClientError, Connection, ConnectionOptions, Consumer};
use handoff_broker::core::{Broker, Overflow, QueueOptions, QueuePolicy};
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime};

use super::worker::{self, Worker};
use super::{HandOver, Wiring, front};
use crate::job::{Job, Jobs};
use crate::journal::{Answer, Recorder};
use crate::play::{NodeError, PlayError, Run};
use crate::scenario::Scenario;
use crate::stage::Stage;

/// The broker's node.
const BROKER: &str = "broker";
/// The node of whoever takes the dead letters.
const OPERATOR: &str = "operator";
/// The queue that workers consume.
const JOBS: &str = "jobs";
/// The queue of what was set aside.
const DEAD_LETTERS: &str = "dead-letters";

/// A broker, and how to reach it.
pub struct QueueWiring {
    broker: SocketAddr,
}

impl<S: Stage> Wiring<S> for QueueWiring {
    type HandOver = Publisher;

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        let address = run.stage().listen_address(BROKER);
        let broker = run
            .start(BROKER, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                let address = listener.local_address()?;
                let server = Server::new(Broker::new(), ServerOptions::default());
                let serving = runtime.clone();
                runtime.spawn(async move { server.serve(serving, listener).await });
                Ok(address)
            })
            .await?;
        let jobs = jobs_queue(run.scenario());
        let (table, recorder) = (run.jobs().clone(), run.recorder().clone());
        run.start(OPERATOR, move |runtime| async move {
            let session = Session::open(&runtime, broker).await?;
            session.channel.declare_queue(DEAD_LETTERS, &QueueOptions::default()).await?;
            session.channel.declare_queue(JOBS, &jobs).await?;
            let dead_letters = session.channel.consume(DEAD_LETTERS, OPERATOR).await?;
            runtime.spawn(take_dead_letters(runtime.clone(), session, dead_letters, table, recorder));
            Ok(())
        })
        .await?;
        Ok(QueueWiring { broker })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let (broker, node, prefetch) = (self.broker, worker::name(worker), run.scenario().queue.prefetch);
        let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
        let consumer_tag = node.clone();
        run.start(&node, move |runtime| async move {
            let session = Session::open(&runtime, broker).await?;
            session.channel.set_prefetch(prefetch).await?;
            let messages = session.channel.consume(JOBS, &consumer_tag).await?;
            let worker = Worker::new(worker, runtime.clone(), recorder);
            runtime.spawn(consume(worker, session, messages, jobs));
            Ok(())
        })
        .await
    }

    async fn connect_front(&self, run: &Run<S>) -> Result<Publisher, PlayError> {
        let broker = self.broker;
        run.start(front::NODE, move |runtime| async move {
            let session = Session::open(&runtime, broker).await?;
            session.channel.select_confirms().await?;
            Ok(Publisher { session, properties: PropertiesBuilder::new().build() })
        })
        .await
    }
}

/// How the queue of jobs is declared. A message is delivered once more than it may be requeued.
fn jobs_queue(scenario: &Scenario) -> QueueOptions {
    let policy = QueuePolicy {
        max_length: scenario.queue.max_length,
        overflow: Overflow::RejectPublish,
        delivery_limit: Some(scenario.work.max_attempts - 1),
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(DEAD_LETTERS.into()),
    };
    QueueOptions { policy, ..QueueOptions::default() }
}

/// A connection and its one channel, which lasts as long as this is kept.
struct Session {
    _connection: Connection,
    channel: Channel,
}

impl Session {
    async fn open<R: Runtime>(runtime: &R, broker: SocketAddr) -> Result<Session, NodeError> {
        let connection = Connection::open(runtime, broker, &ConnectionOptions::default()).await?;
        let channel = connection.open_channel().await?;
        Ok(Session { _connection: connection, channel })
    }
}

/// Works on one message after the other, until the connection is over.
async fn consume<R: Runtime>(worker: Worker<R>, session: Session, mut messages: Consumer, jobs: Jobs) {
    while let Some(message) = messages.next().await {
        let settled = match jobs.read(&message.body) {
            Some(job) => match worker.work(job).await {
                Ok(()) => session.channel.acknowledge(message.delivery_tag, false),
                Err(_) => session.channel.reject(message.delivery_tag, true),
            },
            None => session.channel.reject(message.delivery_tag, false),
        };
        if let Err(error) = settled {
            tracing::debug!(%error, "a message could not be settled");
            return;
        }
    }
}

/// Writes down which jobs were set aside.
async fn take_dead_letters(
    runtime: impl Runtime,
    session: Session,
    mut dead_letters: Consumer,
    jobs: Jobs,
    recorder: Recorder,
) {
    while let Some(letter) = dead_letters.next().await {
        if let Some(job) = jobs.read(&letter.body) {
            recorder.dead_lettered(runtime.now(), job.id);
        }
        if let Err(error) = session.channel.acknowledge(letter.delivery_tag, false) {
            tracing::debug!(%error, "a dead letter could not be acknowledged");
            return;
        }
    }
}

/// The front end's side: one channel in confirm mode for all threads.
pub struct Publisher {
    session: Session,
    properties: Vec<u8>,
}

impl Publisher {
    async fn publish(&self, job: &Job) -> Result<(), ClientError> {
        self.session.channel.publish("", JOBS.as_bytes(), &self.properties, &job.message())?.await
    }
}

impl HandOver for Publisher {
    async fn hand_over(&self, job: &Job) -> Answer {
        match self.publish(job).await {
            Ok(()) => Answer::Accepted,
            Err(ClientError::Nacked) => Answer::Rejected,
            Err(error) => match error.certainty() {
                Certainty::Failed => Answer::Failed,
                Certainty::Unknown => Answer::TimedOut,
            },
        }
    }
}
