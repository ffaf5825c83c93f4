//! The log: the front end appends a record and answers; the worker that owns the record's partition fetches it in turn.
//!
//! Partitions are assigned to workers once and for all, or by the workers' consumer group. A worker does its records
//! in order and commits after the work, so a crash repeats at most what was not committed. The log counts no attempts
//! and sets nothing aside: a record that fails is tried again on the spot, and then written to a dead-letter topic, as
//! people build it by hand.

mod appender;
mod operator;
mod options;
mod reader;
mod retries;
mod source;

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use handoff_broker::{Runtime, Timestamp};

use super::worker::{self, Worker};
use super::{Wiring, front};
use crate::journal::Held;
use crate::log::{LogServer, serve, serve_again};
use crate::play::{PlayError, Run};
use crate::scenario::Assignment;
use crate::stage::Stage;
use appender::Appender;
use operator::{take_dead_letters, watch, wind_back};
use options::Options;
use reader::Reader;

/// The log's node.
pub const LOG: &str = "log";
/// The node of whoever takes the dead letters.
const OPERATOR: &str = "operator";
/// The topic that workers read.
const JOBS: &str = "jobs";
/// The topic of what was set aside.
const DEAD_LETTERS: &str = "dead-letters";
/// The topic of replies to the front end, if its callers want to know the outcome.
const REPLIES: &str = "replies";
/// The topic of what failed and is to be tried again later.
const RETRIES: &str = "jobs-again";
/// What the groups are called for which workers commit.
const WORKERS: &str = "workers";

/// A log, and how to reach it.
pub struct LogWiring {
    options: Options,
    log: SocketAddr,
    /// Also stands for its disk: what it held is there after a crash.
    server: Mutex<LogServer>,
}

impl<S: Stage> Wiring<S> for LogWiring {
    type HandOver = Appender<S::Runtime>;

    const BROKER: Option<&'static str> = Some(LOG);

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        let (address, options) = (run.stage().listen_address(LOG), Options::new(run.scenario()));
        let server_options = options.server();
        let server = run
            .start(LOG, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                Ok(serve(&runtime, listener, server_options)?)
            })
            .await?;
        let (log, consumer_options) = (server.address(), options.consumer(OPERATOR));
        let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
        run.start(OPERATOR, move |runtime| async move {
            let consumer = watch(&runtime, log, &consumer_options, DEAD_LETTERS).await?;
            runtime.spawn(take_dead_letters(runtime.clone(), log, consumer_options, consumer, jobs, recorder));
            Ok(())
        })
        .await?;
        if let Some(delay) = options.retry_delay {
            let consumer_options = options.consumer(RETRIES);
            run.start(RETRIES, move |runtime| async move {
                runtime.spawn(retries::bring_back(runtime.clone(), log, consumer_options, delay));
                Ok(())
            })
            .await?;
        }
        Ok(LogWiring { options, log, server: Mutex::new(server) })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let (log, options, jobs, crew) = (self.log, self.options.clone(), run.jobs().clone(), run.crew().clone());
        run.start(&worker::name(worker), move |runtime| async move {
            let station = options.connect(&runtime, log, worker).await?;
            let worker_of_this_life = Worker::new(worker, runtime.clone(), crew);
            let reader =
                Reader { runtime: runtime.clone(), log, worker: worker_of_this_life, number: worker, jobs, options };
            runtime.spawn(reader.run(station));
            Ok(())
        })
        .await
    }

    async fn connect_front(&self, run: &Run<S>) -> Result<Self::HandOver, PlayError> {
        let (log, options, jobs) = (self.log, self.options.clone(), run.jobs().clone());
        run.start(front::NODE, move |runtime| async move { Ok(Appender::connect(runtime, log, options, jobs).await?) })
            .await
    }

    /// A group takes its time to gather.
    async fn settle_in(&self, run: &Run<S>) {
        if self.options.assignment == Assignment::Group {
            run.director().sleep(2 * options::GATHERING).await;
        }
    }

    /// It comes back with everything that it had appended.
    async fn restart_broker(&self, run: &Run<S>) -> Result<(), PlayError> {
        let (address, options, former) = (self.log, self.options.server(), self.lock().clone());
        let server = run
            .start(LOG, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                Ok(serve_again(&runtime, listener, options, &former)?)
            })
            .await?;
        *self.lock() = server;
        Ok(())
    }

    /// The workers stop, somebody sets their group's offsets back (which no member may be there for), and they begin
    /// anew.
    async fn replay(&self, run: &Run<S>, since: Timestamp) -> Result<(), PlayError> {
        run.stop_workers().await;
        for group in self.options.groups() {
            let (log, options) = (self.log, self.options.consumer(group));
            run.start(OPERATOR, move |runtime| async move { Ok(wind_back(&runtime, log, options, since).await?) })
                .await?;
        }
        for worker in 1..=self.options.workers {
            self.start_worker(run, worker).await?;
        }
        Ok(())
    }

    fn held(&self) -> Held {
        let snapshot = self.lock().snapshot();
        let jobs = snapshot.partitions.iter().filter(|partition| partition.topic == JOBS);
        let waiting = snapshot.partitions.iter().filter(|partition| partition.topic == RETRIES).map(|partition| {
            let committed = snapshot.committed(RETRIES, RETRIES, partition.partition).unwrap_or(0);
            u64::try_from(partition.end_offset - committed).unwrap_or(0)
        });
        let waiting = Held { messages: waiting.sum(), bytes: 0 };
        jobs.fold(waiting, |held, partition| {
            let unread = |group: String| {
                let committed = snapshot.committed(&group, JOBS, partition.partition).unwrap_or(0);
                u64::try_from(partition.end_offset - committed.max(partition.start_offset)).unwrap_or(0)
            };
            let messages = held.messages + self.options.groups().map(unread).sum::<u64>();
            Held { messages, bytes: held.bytes + partition.bytes }
        })
    }
}

impl LogWiring {
    fn lock(&self) -> MutexGuard<'_, LogServer> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
