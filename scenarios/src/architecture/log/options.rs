//! The scenario's settings as server and clients of the log want them.

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::Runtime;

use super::source::{Source, Station};
use super::{JOBS, WORKERS};
use crate::log::client::{
    Acks, ClientError, ConsumerOptions, GroupConsumerOptions, OffsetReset, Producer, ProducerOptions, TopicPartition,
};
use crate::log::group::GroupOptions;
use crate::log::{BrokerOptions, LogOptions, ServerOptions};
use crate::scenario::{Acknowledge, Acknowledgements, Assignment, LogSettings, Scenario, Wanted};
use crate::subscribers::Subscribers;

/// How long a group waits for its first members.
pub(super) const GATHERING: Duration = Duration::from_millis(500);
/// How often a member shows that it lives, unless its session is short.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// What is needed of a scenario. Cheap to clone.
#[derive(Clone)]
pub(super) struct Options {
    settings: LogSettings,
    pub(super) assignment: Assignment,
    pub(super) workers: u32,
    pub(super) partitions: u32,
    pub(super) max_attempts: u32,
    pub(super) acknowledge: Acknowledge,
    pub(super) has_replies: bool,
    pub(super) retry_delay: Option<Duration>,
    subscribers: Subscribers,
}

impl Options {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let workers = scenario.work.workers;
        Options {
            settings: scenario.log.clone(),
            assignment: scenario.log.assignment,
            workers,
            partitions: scenario.log.partitions.unwrap_or(workers.div_ceil(scenario.work.subscribers)),
            max_attempts: scenario.work.max_attempts,
            acknowledge: scenario.work.acknowledge,
            has_replies: scenario.load.result == Wanted::Now,
            retry_delay: scenario.work.retry_delay(),
            subscribers: scenario.work.subscribers(),
        }
    }

    /// Retention drops whole segments, so a segment holds a quarter of what is retained.
    pub(super) fn server(&self) -> ServerOptions {
        let retention_ms = self.settings.retention().map(|retention| retention.as_millis() as u64);
        let retention_bytes = self.settings.retention_bytes;
        let defaults = LogOptions::default();
        let segment_ms = retention_ms.map_or(defaults.segment_ms, |retention_ms| (retention_ms / 4).max(1));
        let segment_bytes = retention_bytes.map_or(defaults.segment_bytes, |bytes| (bytes / 4).max(1));
        let log = LogOptions { retention_ms, retention_bytes, segment_bytes, segment_ms };
        let initial_rebalance_delay_ms = GATHERING.as_millis() as u64;
        let group = GroupOptions { initial_rebalance_delay_ms, ..GroupOptions::default() };
        let broker = BrokerOptions { partitions: self.partitions as i32, log, group, ..BrokerOptions::default() };
        // Three connections a worker, twice over while one takes the other's place, and a few more.
        let max_connections = 16 + 6 * self.workers as usize;
        ServerOptions { broker, max_connections, ..ServerOptions::default() }
    }

    /// The groups for which workers commit, one for each subscriber.
    pub(super) fn groups(&self) -> impl Iterator<Item = String> {
        (0..self.subscribers.count()).map(group)
    }

    pub(super) fn consumer(&self, group: impl Into<String>) -> ConsumerOptions {
        ConsumerOptions {
            group: group.into(),
            reset: OffsetReset::Earliest,
            max_wait: self.settings.poll_wait(),
            max_poll_records: self.settings.max_poll_records as usize,
            ..ConsumerOptions::default()
        }
    }

    /// A worker's side, if partitions are dealt out by hand.
    pub(super) fn worker_consumer(&self, worker: u32) -> ConsumerOptions {
        self.consumer(group(self.subscribers.of_worker(worker)))
    }

    /// A worker's side, if its group says what it reads.
    pub(super) fn group_consumer(&self, worker: u32) -> GroupConsumerOptions {
        let session_timeout = self.settings.session_timeout();
        GroupConsumerOptions {
            consumer: self.worker_consumer(worker),
            session_timeout,
            heartbeat_interval: HEARTBEAT_INTERVAL.min(session_timeout / 3),
            ..GroupConsumerOptions::default()
        }
    }

    pub(super) fn front_producer(&self) -> ProducerOptions {
        let acks = match self.settings.acks {
            Acknowledgements::Leader => Acks::Leader,
            Acknowledgements::None => Acks::None,
        };
        ProducerOptions { acks, linger: self.settings.linger(), ..ProducerOptions::default() }
    }

    /// The partitions of a worker, if they are dealt out in turn.
    pub(super) fn partitions_of(&self, worker: u32) -> Vec<TopicPartition> {
        let colleagues = self.subscribers.workers_of(self.subscribers.of_worker(worker), self.workers);
        let own = (self.subscribers.rank(worker)..self.partitions).step_by(colleagues as usize);
        own.map(|number| TopicPartition::new(JOBS, number as i32)).collect()
    }

    /// All that a worker needs of the log.
    pub(super) async fn connect<R: Runtime>(
        &self,
        runtime: &R,
        log: SocketAddr,
        worker: u32,
    ) -> Result<Station<R>, ClientError> {
        let source = Source::connect(runtime, log, worker, self).await?;
        let linger = self.settings.linger();
        let options = ProducerOptions { acks: Acks::Leader, linger, ..ProducerOptions::default() };
        let producer = Producer::connect(runtime, log, options).await?;
        Ok(Station { source, producer })
    }

    /// Whether a record that failed as often as is allowed is written to the topic of dead letters.
    pub(super) fn has_dead_letters(&self) -> bool {
        self.settings.dead_letter_topic
    }
}

/// The group of a subscriber, counted from 0.
fn group(subscriber: u32) -> String {
    format!("{WORKERS}-{}", subscriber + 1)
}
