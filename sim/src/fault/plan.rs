//! What a plan is made of.

use serde::{Deserialize, Serialize};

use super::injection::{Fault, Role};
use crate::check::Anomaly;
use crate::defect::Defect;
use crate::world::LinkOptions;

/// A run, written down: queues, those who publish and consume, and the faults.
///
/// Together with the program, it determines everything that happens. Every node talks to the one called
/// [`Plan::BROKER`] and to nobody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of the format: [`Plan::VERSION`].
    pub version: u32,
    /// The seed of the world: delays, and the order of tasks that are ready at the same time. At most
    /// [`Plan::MAX_SEED`].
    pub seed: u64,
    /// How the broker is broken; none: it is as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<Defect>,
    /// What the run is known to show, if it is known to break a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<Anomaly>,
    /// The interval of heartbeats in seconds, 0 for none.
    #[serde(default)]
    pub heartbeat_s: u16,
    /// All links.
    pub link: LinkOptions,
    /// The queues. At least one.
    #[serde(rename = "queue")]
    pub queues: Vec<QueuePlan>,
    /// Who publishes.
    #[serde(rename = "producer", default, skip_serializing_if = "Vec::is_empty")]
    pub producers: Vec<ProducerPlan>,
    /// Who consumes.
    #[serde(rename = "consumer", default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<ConsumerPlan>,
    /// What goes wrong.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// A queue and its policy, in RabbitMQ's terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// How often a message may be requeued; the requeue after that dead-letters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_limit: Option<u32>,
    /// The most messages that may be ready. At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// The most bytes that the bodies of ready messages may have together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length_bytes: Option<u64>,
    /// What happens to a message that would exceed `max_length` or `max_length_bytes`.
    #[serde(default, skip_serializing_if = "OverflowPlan::is_default")]
    pub overflow: OverflowPlan,
    /// The queue that takes its dead letters; none: they are dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_queue: Option<String>,
    /// How long a message may stay, in microseconds. At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_ttl_us: Option<u64>,
    /// The highest priority that is told apart; none: all messages are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority: Option<u8>,
    /// Whether one consumer is served alone, until it goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single_active_consumer: bool,
}

impl QueuePlan {
    /// A queue without a policy.
    pub fn new(name: String) -> Self {
        QueuePlan {
            name,
            delivery_limit: None,
            max_length: None,
            max_length_bytes: None,
            overflow: OverflowPlan::DropHead,
            dead_letter_queue: None,
            message_ttl_us: None,
            max_priority: None,
            single_active_consumer: false,
        }
    }
}

/// What a full queue does with one more message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowPlan {
    /// Drops from its head.
    #[default]
    DropHead,
    /// Refuses it; the producer learns it.
    RejectPublish,
}

fn is_zero(priority: &u8) -> bool {
    *priority == 0
}

impl OverflowPlan {
    fn is_default(&self) -> bool {
        *self == OverflowPlan::default()
    }
}

/// A node that publishes to one queue, with confirms, and connects again whenever its connection ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerPlan {
    /// The node's name.
    pub name: String,
    /// The queue it publishes to.
    pub queue: String,
    /// The most publishes that may wait for their confirm at once. At least 1.
    pub in_flight: u16,
    /// Whether it publishes again what it does not know the outcome of.
    #[serde(default)]
    pub resends: bool,
    /// What it publishes, in order.
    #[serde(rename = "message", default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessagePlan>,
}

/// A message, and how consumers deal with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessagePlan {
    /// How long after the one before it is published, in microseconds.
    pub gap_us: u64,
    /// The bytes of its body beside those that name it.
    #[serde(default)]
    pub size_bytes: u32,
    /// Its priority; 0 is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: u8,
    /// What whoever consumes it from the queue it was published to does with it. As a dead letter it is acknowledged.
    #[serde(default, skip_serializing_if = "Handling::is_default")]
    pub handling: Handling,
}

/// What a consumer does with a message once the work is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Handling {
    /// Acknowledges it.
    #[default]
    Ack,
    /// Requeues it this often, and acknowledges it then.
    Requeue {
        /// How often.
        times: u32,
    },
    /// Rejects it without requeue.
    Reject,
    /// Requeues it every time: only the queue's delivery limit ends it. Where there is none, it is acknowledged in the
    /// end.
    Poison,
    /// Crashes once, after the work and before the acknowledgement; acknowledges it next time.
    Crash,
    /// Does not answer, until its connection ends; acknowledges it next time.
    Ignore,
    /// Acknowledges it twice, which is an error that ends the channel.
    AckTwice,
}

impl Handling {
    fn is_default(&self) -> bool {
        *self == Handling::default()
    }
}

/// A node that consumes from one queue, one delivery after the other, and connects again whenever its connection ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerPlan {
    /// The node's name.
    pub name: String,
    /// The queue it consumes from.
    pub queue: String,
    /// The most deliveries it may hold; 0 is no limit.
    pub prefetch: u16,
    /// How long it works on a delivery, in microseconds.
    pub service_us: u64,
    /// Whether it acknowledges all deliveries up to the one it has done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
}

impl Plan {
    /// The version of the format that is written here, and the only one that is read.
    pub const VERSION: u32 = 1;
    /// The largest seed: what a TOML integer holds.
    pub const MAX_SEED: u64 = i64::MAX as u64;
    /// The name of the node on which the broker runs.
    pub const BROKER: &str = "broker";
    /// Names that no node of a plan may have.
    pub(super) const RESERVED: [&str; 4] = [Plan::BROKER, "director", "drain", "stage"];

    /// What the node of this name does; `None` if there is none.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        if name == Plan::BROKER {
            Some(Role::Broker)
        } else if self.producers.iter().any(|producer| producer.name == name) {
            Some(Role::Producer)
        } else {
            self.consumers.iter().any(|consumer| consumer.name == name).then_some(Role::Consumer)
        }
    }

    /// How many messages it publishes.
    pub fn messages(&self) -> usize {
        self.producers.iter().map(|producer| producer.messages.len()).sum()
    }
}
