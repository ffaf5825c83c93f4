//! The broker in numbers, under the names that RabbitMQ's own Prometheus plugin gives them.
//!
//! As there, `/metrics` has sums, so that it stays short whatever the number of queues, and `/metrics/per-object` has a
//! sample a queue and a connection. What only exists in RabbitMQ (disks, Erlang) is not made up.

use handoff_broker::core::{self, QueueSnapshot};
use handoff_broker::server::Snapshot;

use super::exposition::Exposition;

/// Sums over everything.
pub(super) fn summed(snapshot: &Snapshot) -> String {
    let mut into = Exposition::default();
    broker(snapshot, &mut into);
    for (name, help, value) in QUEUE_GAUGES {
        into.gauge(name, help, queues(snapshot).map(|(_, queue)| value(queue)).sum::<u64>());
    }
    into.into_text()
}

/// The same, but of each queue and each connection by itself.
pub(super) fn per_object(snapshot: &Snapshot) -> String {
    let mut into = Exposition::default();
    broker(snapshot, &mut into);
    for (name, help, value) in QUEUE_GAUGES {
        let samples =
            queues(snapshot).map(|(host, queue)| (vec![("vhost", host), ("queue", &*queue.name)], value(queue)));
        into.family(name, "gauge", help, samples);
    }
    connections(snapshot, &mut into);
    into.into_text()
}

/// A metric of a queue.
type QueueGauge = (&'static str, &'static str, fn(&QueueSnapshot) -> u64);

const QUEUE_GAUGES: [QueueGauge; 4] = [
    ("rabbitmq_queue_messages", "Ready and unacknowledged messages", |queue| {
        queue.counts.ready + queue.counts.unacknowledged
    }),
    ("rabbitmq_queue_messages_ready", "Messages that wait for a consumer", |queue| queue.counts.ready),
    ("rabbitmq_queue_messages_unacked", "Messages delivered and not yet acknowledged", |queue| {
        queue.counts.unacknowledged
    }),
    ("rabbitmq_queue_consumers", "Consumers of queues", |queue| queue.counts.consumers),
];

/// A counter of what messages did.
type Counter = (&'static str, &'static str, fn(&core::Totals) -> u64);

const COUNTERS: [Counter; 12] = [
    ("channel_messages_published_total", "Messages published", |totals| totals.published),
    ("channel_messages_delivered_ack_total", "Deliveries that are to be acknowledged", |totals| totals.delivered),
    ("channel_messages_delivered_total", "Deliveries without acknowledgement", |totals| totals.delivered_no_ack),
    ("channel_get_ack_total", "Messages got that are to be acknowledged", |totals| totals.got),
    ("channel_get_total", "Messages got without acknowledgement", |totals| totals.got_no_ack),
    ("channel_get_empty_total", "Gets that found no message", |totals| totals.got_empty),
    ("channel_messages_redelivered_total", "Deliveries that were not the first", |totals| totals.redelivered),
    ("channel_messages_acked_total", "Messages acknowledged", |totals| totals.acknowledged),
    ("channels_opened_total", "Channels opened", |totals| totals.channels_opened),
    ("channels_closed_total", "Channels closed", |totals| totals.channels_closed),
    ("queues_created_total", "Queues created", |totals| totals.queues_created),
    ("queues_deleted_total", "Queues deleted", |totals| totals.queues_deleted),
];

/// The counters that RabbitMQ also has for the whole node, whatever became of the channels.
const GLOBAL_COUNTERS: [Counter; 9] = [
    ("messages_received_total", "Messages published", |totals| totals.published),
    ("messages_routed_total", "Messages that a queue was bound for", |totals| totals.published - totals.unroutable),
    ("messages_delivered_consume_manual_ack_total", "Deliveries that are to be acknowledged", |totals| {
        totals.delivered
    }),
    ("messages_delivered_consume_auto_ack_total", "Deliveries without acknowledgement", |totals| {
        totals.delivered_no_ack
    }),
    ("messages_delivered_get_manual_ack_total", "Messages got that are to be acknowledged", |totals| totals.got),
    ("messages_delivered_get_auto_ack_total", "Messages got without acknowledgement", |totals| totals.got_no_ack),
    ("messages_get_empty_total", "Gets that found no message", |totals| totals.got_empty),
    ("messages_redelivered_total", "Deliveries that were not the first", |totals| totals.redelivered),
    ("messages_acknowledged_total", "Messages acknowledged", |totals| totals.acknowledged),
];

/// What is one number for the whole broker.
fn broker(snapshot: &Snapshot, into: &mut Exposition) {
    let version = env!("CARGO_PKG_VERSION");
    let labels = vec![("product_name", "handoff"), ("product_version", version)];
    into.family("rabbitmq_build_info", "gauge", "What runs here", [(labels, 1)]);
    objects(snapshot, into);
    messages(snapshot, into);
    let (memory, totals) = (&snapshot.memory, &snapshot.totals);
    let used_bytes = memory.message_bytes + memory.buffer_bytes;
    into.gauge("rabbitmq_process_resident_memory_bytes", "Bytes that messages and buffers take", used_bytes);
    let limit_bytes = memory.watermark.block_above_bytes;
    into.gauge("rabbitmq_resident_memory_limit_bytes", "Bytes above which publishers are blocked", limit_bytes);
    let alarm = u8::from(memory.is_blocking);
    into.gauge("rabbitmq_alarms_memory_used_watermark", "1 while publishers are blocked", alarm);
    into.counter("rabbitmq_auth_attempts_failed_total", "Logins refused", totals.logins_refused);
}

fn objects(snapshot: &Snapshot, into: &mut Exposition) {
    let sum = |count: fn(&core::Snapshot) -> usize| cores(snapshot).map(count).sum::<usize>();
    into.gauge("rabbitmq_connections", "Connections open", snapshot.connections.len());
    into.counter("rabbitmq_connections_opened_total", "Connections accepted", snapshot.totals.opened);
    into.counter("rabbitmq_connections_closed_total", "Connections that ended", snapshot.totals.closed);
    into.gauge("rabbitmq_channels", "Channels open", sum(|core| core.channels.len()));
    into.gauge("rabbitmq_queues", "Queues", sum(|core| core.queues.len()));
    into.gauge("rabbitmq_consumers", "Consumers", sum(|core| core.consumers.len()));
}

fn messages(snapshot: &Snapshot, into: &mut Exposition) {
    let sum = |value: fn(&core::Totals) -> u64| cores(snapshot).map(|core| value(&core.totals)).sum::<u64>();
    for (name, help, value) in COUNTERS {
        into.counter(&format!("rabbitmq_{name}"), help, sum(value));
    }
    let returned = snapshot.totals.returned;
    let dropped = sum(|totals| totals.unroutable).saturating_sub(returned);
    let at_the_server = [
        ("messages_confirmed_total", "Messages confirmed to their publishers", snapshot.totals.confirmed),
        ("messages_unroutable_returned_total", "Mandatory messages that no queue was bound for", returned),
        ("messages_unroutable_dropped_total", "Other messages that no queue was bound for", dropped),
    ];
    for (name, help, value) in at_the_server {
        into.counter(&format!("rabbitmq_channel_{name}"), help, value);
    }
    let globals = GLOBAL_COUNTERS.map(|(name, help, value)| (name, help, sum(value)));
    for (name, help, value) in globals.into_iter().chain(at_the_server) {
        let sample = (vec![("protocol", "amqp091")], value);
        into.family(&format!("rabbitmq_global_{name}"), "counter", help, [sample]);
    }
}

fn connections(snapshot: &Snapshot, into: &mut Exposition) {
    type Metric = (&'static str, &'static str, &'static str, fn(&handoff_broker::server::ConnectionSnapshot) -> u64);
    const METRICS: [Metric; 3] = [
        ("channels", "gauge", "Channels of a connection", |connection| connection.channels as u64),
        ("incoming_bytes_total", "counter", "Bytes that came", |connection| connection.received_bytes),
        ("outgoing_bytes_total", "counter", "Bytes that were sent", |connection| connection.sent_bytes),
    ];
    let peers: Vec<String> = snapshot.connections.iter().map(|connection| connection.peer.to_string()).collect();
    for (name, kind, help, value) in METRICS {
        let labelled = snapshot.connections.iter().zip(&peers);
        let samples = labelled.map(|(connection, peer)| (vec![("connection", &**peer)], value(connection)));
        into.family(&format!("rabbitmq_connection_{name}"), kind, help, samples);
    }
}

fn cores(snapshot: &Snapshot) -> impl Iterator<Item = &core::Snapshot> {
    snapshot.virtual_hosts.iter().map(|host| &host.core)
}

fn queues(snapshot: &Snapshot) -> impl Iterator<Item = (&str, &QueueSnapshot)> {
    snapshot.virtual_hosts.iter().flat_map(|host| host.core.queues.iter().map(|queue| (&*host.name, queue)))
}
