//! The queues: their names, how they are declared, and who uses which.

use std::net::SocketAddr;
use std::sync::Arc;

use handoff_broker::Runtime;
use handoff_broker::client::{Channel, Connection, ConnectionOptions};
use handoff_broker::core::{Overflow, QueueOptions, QueuePolicy};

use crate::play::NodeError;
use crate::scenario::{OverflowPolicy, Scenario};

/// The queue that workers consume, unless each has its own.
const JOBS: &str = "jobs";
/// The queue of what was set aside.
pub(super) const DEAD_LETTERS: &str = "dead-letters";

/// Where the broker is and which queues there are to be. Cheap to clone.
#[derive(Clone)]
pub(super) struct Topology {
    broker: SocketAddr,
    queues: Arc<[String]>,
    options: QueueOptions,
    heartbeat_s: Option<u16>,
}

impl Topology {
    /// The queues of `scenario`, on the broker at this address.
    pub(super) fn new(broker: SocketAddr, scenario: &Scenario) -> Self {
        let queues = if scenario.queue.by_key {
            (1..=scenario.work.workers).map(|number| format!("{JOBS}-{number}")).collect()
        } else {
            Arc::new([JOBS.to_owned()]) as Arc<[String]>
        };
        Topology { broker, queues, options: options(scenario), heartbeat_s: scenario.queue.heartbeat_s }
    }

    /// The queues that workers consume.
    pub(super) fn queues(&self) -> &[String] {
        &self.queues
    }

    /// Connects, and declares every queue.
    pub(super) async fn open(&self, runtime: &impl Runtime) -> Result<Session, NodeError> {
        let options = ConnectionOptions { heartbeat_s: self.heartbeat_s, ..ConnectionOptions::default() };
        let connection = Connection::open(runtime, self.broker, &options).await?;
        let channel = connection.open_channel().await?;
        channel.declare_queue(DEAD_LETTERS, &QueueOptions::default()).await?;
        for queue in self.queues.iter() {
            channel.declare_queue(queue, &self.options).await?;
        }
        Ok(Session { connection, channel })
    }
}

/// How a queue of jobs is declared. A message is delivered once more than it may be requeued.
fn options(scenario: &Scenario) -> QueueOptions {
    let policy = QueuePolicy {
        max_length: scenario.queue.max_length,
        overflow: match scenario.queue.overflow {
            OverflowPolicy::RejectPublish => Overflow::RejectPublish,
            OverflowPolicy::DropHead => Overflow::DropHead,
        },
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
