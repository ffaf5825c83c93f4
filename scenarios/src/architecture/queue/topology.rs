//! The queues: their names, how they are declared, and who uses which.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_broker::client::{Channel, Connection, ConnectionOptions};
use handoff_broker::core::{Overflow, QueueOptions, QueuePolicy};

use crate::job::Job;
use crate::play::NodeError;
use crate::scenario::{OverflowPolicy, Scenario, Wanted};

/// The queue that workers consume, unless there are several, which are then numbered.
const JOBS: &str = "jobs";
/// The queue of urgent jobs, if workers take these first.
const URGENT: &str = "urgent-jobs";
/// The queue of what was set aside.
pub(super) const DEAD_LETTERS: &str = "dead-letters";

/// The queue of replies to the front end, if its callers want to know the outcome.
pub(super) const REPLIES: &str = "replies";
/// The exchange that copies each job to the queue of every subscriber.
const FAN_OUT: &str = "jobs";

/// Where the broker is and which queues there are to be. Cheap to clone.
#[derive(Clone)]
pub(super) struct Topology {
    broker: SocketAddr,
    queues: Arc<[String]>,
    has_urgent: bool,
    is_fan_out: bool,
    has_replies: bool,
    options: QueueOptions,
    retry_delay: Option<Duration>,
    heartbeat_s: Option<u16>,
}

impl Topology {
    /// The queues of `scenario`, on the broker at this address.
    pub(super) fn new(broker: SocketAddr, scenario: &Scenario) -> Self {
        let subscribers = scenario.work.subscribers;
        let is_fan_out = subscribers > 1;
        let numbered = |count: u32| (1..=count).map(|number| format!("{JOBS}-{number}")).collect();
        let queues = match scenario.queue.by_key {
            true => numbered(scenario.work.workers),
            false if is_fan_out => numbered(subscribers),
            false => [JOBS.to_owned()].into(),
        };
        Topology {
            broker,
            queues,
            has_urgent: scenario.queue.urgent_first,
            is_fan_out,
            has_replies: scenario.load.result == Wanted::Now,
            options: options(scenario),
            retry_delay: scenario.work.retry_delay(),
            heartbeat_s: scenario.queue.heartbeat_s,
        }
    }

    /// The queues that workers consume: worker n the n-th, and so on in turn.
    pub(super) fn queues(&self) -> &[String] {
        &self.queues
    }

    /// The queue of urgent jobs, if they have one.
    pub(super) fn urgent_queue(&self) -> Option<&'static str> {
        self.has_urgent.then_some(URGENT)
    }

    /// Whether what fails waits before it is tried again.
    pub(super) fn is_tried_later(&self) -> bool {
        self.retry_delay.is_some()
    }

    /// The queues in which messages wait until they are tried again.
    pub(super) fn waiting_queues(&self) -> impl Iterator<Item = String> {
        self.queues.iter().filter(|_| self.is_tried_later()).map(|queue| waiting_queue(queue))
    }

    /// Whether every queue gets a copy of each job.
    pub(super) fn is_fan_out(&self) -> bool {
        self.is_fan_out
    }

    /// Whether workers are to reply.
    pub(super) fn has_replies(&self) -> bool {
        self.has_replies
    }

    /// Where a job is published: exchange and routing key. If it has no way of its own, it belongs into the queue with
    /// this `number`, counted on and on.
    pub(super) fn route(&self, job: &Job, number: usize) -> (&str, &[u8]) {
        match self.urgent_queue() {
            Some(queue) if job.urgent => ("", queue.as_bytes()),
            _ if self.is_fan_out => (FAN_OUT, b""),
            _ => ("", self.queues[number % self.queues.len()].as_bytes()),
        }
    }

    /// Connects, and declares everything.
    pub(super) async fn open(&self, runtime: &impl Runtime) -> Result<Session, NodeError> {
        let options = ConnectionOptions { heartbeat_s: self.heartbeat_s, ..ConnectionOptions::default() };
        let connection = Connection::open(runtime, self.broker, &options).await?;
        let channel = connection.open_channel().await?;
        channel.declare_queue(DEAD_LETTERS, &QueueOptions::default()).await?;
        for queue in self.queues.iter() {
            channel.declare_queue(queue, &self.options_of(queue)).await?;
            if let Some(delay) = self.retry_delay {
                channel.declare_queue(&waiting_queue(queue), &waiting_options(queue, delay)).await?;
            }
        }
        if let Some(queue) = self.urgent_queue() {
            channel.declare_queue(queue, &self.options).await?;
        }
        if self.is_fan_out {
            channel.declare_fanout_exchange(FAN_OUT).await?;
            for queue in self.queues.iter() {
                channel.bind_queue(queue, FAN_OUT, b"").await?;
            }
        }
        if self.has_replies {
            channel.declare_queue(REPLIES, &QueueOptions::default()).await?;
        }
        Ok(Session { connection, channel })
    }
}

impl Topology {
    /// Dead letters of a queue whose messages are tried later go where they wait for that.
    fn options_of(&self, queue: &str) -> QueueOptions {
        let mut options = self.options.clone();
        if self.is_tried_later() {
            options.policy.delivery_limit = None;
            options.policy.dead_letter_routing_key = Some(waiting_queue(queue).into());
        }
        options
    }
}

fn waiting_queue(queue: &str) -> String {
    format!("{queue}-again")
}

/// Nobody consumes it: messages expire, and go back to where they came from.
fn waiting_options(queue: &str, delay: Duration) -> QueueOptions {
    let policy = QueuePolicy {
        message_ttl: Some(delay),
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(queue.into()),
        ..QueuePolicy::default()
    };
    QueueOptions { policy, ..QueueOptions::default() }
}

/// How a queue of jobs is declared. A message is delivered once more than it may be requeued.
fn options(scenario: &Scenario) -> QueueOptions {
    let policy = QueuePolicy {
        max_length: scenario.queue.max_length,
        overflow: match scenario.queue.overflow {
            OverflowPolicy::RejectPublish => Overflow::RejectPublish,
            OverflowPolicy::DropHead => Overflow::DropHead,
        },
        message_ttl: scenario.queue.message_ttl(),
        delivery_limit: Some(scenario.work.max_attempts - 1),
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(DEAD_LETTERS.into()),
        ..QueuePolicy::default()
    };
    QueueOptions { policy, ..QueueOptions::default() }
}

/// A connection and its one channel, which lasts as long as this is kept.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) channel: Channel,
}
