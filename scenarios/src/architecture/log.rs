//! The log: the front end appends a record and answers; the worker that owns the record's partition fetches it in turn.
//!
//! Partitions are assigned to workers once and for all. A worker does its records in order and commits after the work,
//! so a crash repeats at most what was not committed. The log counts no attempts and sets nothing aside: a record that
//! fails is tried again on the spot, and then written to a dead-letter topic, as people build it by hand.

use std::net::SocketAddr;

use bytes::Bytes;
use handoff_broker::Runtime;

use super::worker::{self, WorkFailed, Worker};
use super::{HandOver, Wiring, front};
use crate::job::{Job, Jobs};
use crate::journal::{Answer, Recorder};
use crate::log::client::{
    Acks, ClientError, ConsumedRecord, Consumer, ConsumerOptions, OffsetReset, Producer, ProducerOptions,
    TopicPartition,
};
use crate::log::{BrokerOptions, LogOptions, Record, ServerOptions, serve};
use crate::play::{PlayError, Run};
use crate::scenario::Scenario;
use crate::stage::Stage;

/// The log's node.
const LOG: &str = "log";
/// The node of whoever takes the dead letters.
const OPERATOR: &str = "operator";
/// The topic that workers read.
const JOBS: &str = "jobs";
/// The topic of what was set aside.
const DEAD_LETTERS: &str = "dead-letters";

/// A log, and how to reach it.
pub struct LogWiring {
    log: SocketAddr,
}

impl<S: Stage> Wiring<S> for LogWiring {
    type HandOver = Appender<S::Runtime>;

    async fn build(run: &Run<S>) -> Result<Self, PlayError> {
        let (address, options) = (run.stage().listen_address(LOG), server_options(run.scenario()));
        let log = run
            .start(LOG, move |runtime| async move {
                let listener = runtime.listen(address).await?;
                Ok(serve(&runtime, listener, options)?.address())
            })
            .await?;
        let options = consumer_options(run.scenario(), OPERATOR);
        let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
        run.start(OPERATOR, move |runtime| async move {
            let mut consumer = Consumer::connect(&runtime, log, options).await?;
            // Topics are created when they are first asked for.
            consumer.partition_count(JOBS).await?;
            let partitions = 0..consumer.partition_count(DEAD_LETTERS).await?;
            consumer
                .assign(&partitions.map(|number| TopicPartition::new(DEAD_LETTERS, number)).collect::<Vec<_>>())
                .await?;
            runtime.spawn(take_dead_letters(runtime.clone(), consumer, jobs, recorder));
            Ok(())
        })
        .await?;
        Ok(LogWiring { log })
    }

    async fn start_worker(&self, run: &Run<S>, worker: u32) -> Result<(), PlayError> {
        let (log, node, scenario) = (self.log, worker::name(worker), run.scenario());
        let (options, partitions) = (consumer_options(scenario, "workers"), assignment(scenario, worker));
        let (jobs, recorder) = (run.jobs().clone(), run.recorder().clone());
        let (max_attempts, has_dead_letters) = (scenario.work.max_attempts, scenario.log.dead_letter_topic);
        run.start(&node, move |runtime| async move {
            let mut consumer = Consumer::connect(&runtime, log, options).await?;
            consumer.assign(&partitions).await?;
            let dead_letters =
                if has_dead_letters { Some(Producer::connect(&runtime, log, producer_options()).await?) } else { None };
            let worker = Worker::new(worker, runtime.clone(), recorder);
            runtime.spawn(async move {
                let reader = Reader { worker, consumer, jobs, max_attempts, dead_letters };
                if let Err(error) = reader.run().await {
                    tracing::debug!(%error, "a worker cannot go on");
                }
            });
            Ok(())
        })
        .await
    }

    async fn connect_front(&self, run: &Run<S>) -> Result<Self::HandOver, PlayError> {
        let (log, linger) = (self.log, run.scenario().log.linger());
        run.start(front::NODE, move |runtime| async move {
            let options = ProducerOptions { linger, ..producer_options() };
            Ok(Appender { producer: Producer::connect(&runtime, log, options).await? })
        })
        .await
    }
}

/// How many partitions there are.
fn partitions(scenario: &Scenario) -> u32 {
    scenario.log.partitions.unwrap_or(scenario.work.workers)
}

/// The partitions of a worker: dealt out in turn.
fn assignment(scenario: &Scenario, worker: u32) -> Vec<TopicPartition> {
    let own = (worker - 1..partitions(scenario)).step_by(scenario.work.workers as usize);
    own.map(|number| TopicPartition::new(JOBS, number as i32)).collect()
}

/// Retention drops whole segments, so a segment lasts for a quarter of it.
fn server_options(scenario: &Scenario) -> ServerOptions {
    let retention_ms = scenario.log.retention().map(|retention| retention.as_millis() as u64);
    let defaults = LogOptions::default();
    let segment_ms = retention_ms.map_or(defaults.segment_ms, |retention_ms| (retention_ms / 4).max(1));
    let log = LogOptions { retention_ms, retention_bytes: None, segment_ms, ..defaults };
    let broker = BrokerOptions { partitions: partitions(scenario) as i32, log, ..BrokerOptions::default() };
    // Three connections a worker, and a few more.
    let max_connections = 16 + 3 * scenario.work.workers as usize;
    ServerOptions { broker, max_connections, ..ServerOptions::default() }
}

fn consumer_options(scenario: &Scenario, group: &str) -> ConsumerOptions {
    ConsumerOptions {
        group: group.to_owned(),
        reset: OffsetReset::Earliest,
        max_wait: scenario.log.poll_wait(),
        max_poll_records: scenario.log.max_poll_records as usize,
        ..ConsumerOptions::default()
    }
}

fn producer_options() -> ProducerOptions {
    ProducerOptions { acks: Acks::Leader, ..ProducerOptions::default() }
}

/// A worker's side.
struct Reader<R: Runtime> {
    worker: Worker<R>,
    consumer: Consumer<R>,
    jobs: Jobs,
    max_attempts: u32,
    dead_letters: Option<Producer<R>>,
}

impl<R: Runtime> Reader<R> {
    /// Does one record after the other, and commits after each poll's.
    async fn run(mut self) -> Result<(), ClientError> {
        loop {
            let records = self.consumer.poll().await?;
            for read in &records {
                self.settle(read).await?;
            }
            if !records.is_empty() {
                self.consumer.commit(&self.consumer.positions()).await?;
            }
        }
    }

    /// Tries a record until it is done, or set aside after as many attempts as are allowed. Without a dead-letter topic
    /// it is tried for ever.
    async fn settle(&self, read: &ConsumedRecord) -> Result<(), ClientError> {
        let Some(job) = job_of(&self.jobs, &read.record) else {
            return Ok(());
        };
        let mut attempts = 0;
        while let Err(WorkFailed) = self.worker.work(job).await {
            attempts += 1;
            if let Some(dead_letters) = self.dead_letters.as_ref().filter(|_| attempts >= self.max_attempts) {
                return dead_letters.produce(DEAD_LETTERS, read.record.clone()).await.map(drop);
            }
        }
        Ok(())
    }
}

/// Writes down which jobs were set aside.
async fn take_dead_letters<R: Runtime>(runtime: R, mut consumer: Consumer<R>, jobs: Jobs, recorder: Recorder) {
    while let Ok(letters) = consumer.poll().await {
        for letter in &letters {
            if let Some(job) = job_of(&jobs, &letter.record) {
                recorder.dead_lettered(runtime.now(), job.id);
            }
        }
    }
}

fn job_of<'a>(jobs: &'a Jobs, record: &Record) -> Option<&'a Job> {
    jobs.read(record.value.as_ref()?)
}

/// The front end's side: one producer for all threads.
pub struct Appender<R: Runtime> {
    producer: Producer<R>,
}

impl<R: Runtime> HandOver for Appender<R> {
    async fn hand_over(&self, job: &Job) -> Answer {
        let record = match job.key {
            Some(key) => Record::new(Bytes::copy_from_slice(&key.to_be_bytes()), job.message()),
            None => Record::keyless(job.message()),
        };
        match self.producer.produce(JOBS, record).await {
            Ok(_) => Answer::Accepted,
            Err(error) if error.may_have_happened() => Answer::TimedOut,
            Err(_) => Answer::Failed,
        }
    }
}
