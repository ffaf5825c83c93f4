//! `/api/queues`.

use handoff_broker::amqp::queue_arguments;
use handoff_broker::core::QueueSnapshot;
use serde::{Serialize, Serializer};

use super::table::TableJson;
use super::{Looked, NODE};

/// A queue.
#[derive(Serialize)]
pub(super) struct Queue<'a> {
    pub name: &'a str,
    vhost: &'a str,
    node: &'a str,
    r#type: &'a str,
    state: &'a str,
    durable: bool,
    auto_delete: bool,
    exclusive: bool,
    #[serde(serialize_with = "arguments")]
    arguments: &'a QueueSnapshot,
    consumers: u64,
    messages: u64,
    messages_ready: u64,
    messages_unacknowledged: u64,
    message_stats: Stats,
}

/// What messages did in a queue.
#[derive(Serialize)]
struct Stats {
    publish: u64,
    deliver_get: u64,
    redeliver: u64,
    ack: u64,
}

impl<'a> Looked<'a> {
    /// Every queue of a virtual host, or of all. None if there is no such host.
    pub fn queues(&self, host: Option<&str>) -> Option<Vec<Queue<'a>>> {
        Some(self.hosts(host)?.flat_map(|host| host.core.queues.iter().map(|each| queue(&host.name, each))).collect())
    }
}

fn queue<'a>(host: &'a str, queue: &'a QueueSnapshot) -> Queue<'a> {
    let (options, counts) = (&queue.options, queue.counts);
    Queue {
        name: &queue.name,
        vhost: host,
        node: NODE,
        r#type: "classic",
        state: "running",
        durable: options.durable,
        auto_delete: options.auto_delete,
        exclusive: options.exclusive,
        arguments: queue,
        consumers: counts.consumers,
        messages: counts.ready + counts.unacknowledged,
        messages_ready: counts.ready,
        messages_unacknowledged: counts.unacknowledged,
        message_stats: Stats {
            publish: counts.taken,
            deliver_get: queue.delivered,
            redeliver: queue.redelivered,
            ack: counts.acknowledged,
        },
    }
}

/// The arguments that ask for the queue's policy.
fn arguments<S: Serializer>(queue: &QueueSnapshot, serializer: S) -> Result<S::Ok, S::Error> {
    TableJson(queue_arguments(&queue.options.policy).as_table()).serialize(serializer)
}
