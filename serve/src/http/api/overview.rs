//! `/api/overview`, `/api/nodes` and `/api/vhosts`.

use std::net::IpAddr;

use handoff_broker::core;
use handoff_broker::server::VirtualHostSnapshot;
use serde::Serialize;

use super::{Looked, NODE};

/// The version of RabbitMQ that this broker follows. Tools choose their ways by it.
const RABBITMQ_VERSION: &str = "3.10.0";

/// The broker as a whole.
#[derive(Serialize)]
pub(super) struct Overview {
    product_name: &'static str,
    product_version: &'static str,
    rabbitmq_version: &'static str,
    management_version: &'static str,
    node: &'static str,
    cluster_name: &'static str,
    rates_mode: &'static str,
    exchange_types: [ExchangeType; 4],
    object_totals: ObjectTotals,
    queue_totals: QueueTotals,
    message_stats: MessageStats,
    churn_rates: ChurnRates,
    listeners: Vec<Listener>,
}

#[derive(Serialize)]
struct ExchangeType {
    name: &'static str,
    enabled: bool,
}

#[derive(Serialize)]
struct ObjectTotals {
    connections: usize,
    channels: usize,
    consumers: usize,
    exchanges: usize,
    queues: usize,
}

#[derive(Default, Serialize)]
struct QueueTotals {
    messages: u64,
    messages_ready: u64,
    messages_unacknowledged: u64,
}

/// What messages did since the broker began.
#[derive(Serialize)]
struct MessageStats {
    publish: u64,
    confirm: u64,
    return_unroutable: u64,
    drop_unroutable: u64,
    deliver: u64,
    deliver_no_ack: u64,
    get: u64,
    get_no_ack: u64,
    get_empty: u64,
    deliver_get: u64,
    redeliver: u64,
    ack: u64,
}

/// What came and went since the broker began.
#[derive(Serialize)]
struct ChurnRates {
    connection_created: u64,
    connection_closed: u64,
    channel_created: u64,
    channel_closed: u64,
    queue_created: u64,
    queue_deleted: u64,
}

#[derive(Serialize)]
struct Listener {
    node: &'static str,
    protocol: &'static str,
    ip_address: IpAddr,
    port: u16,
}

/// The one node.
#[derive(Serialize)]
pub(super) struct Node {
    name: &'static str,
    r#type: &'static str,
    running: bool,
    /// Milliseconds.
    uptime: u128,
    mem_used: u64,
    mem_limit: u64,
    mem_alarm: bool,
    disk_free_alarm: bool,
    sockets_used: usize,
    sockets_total: usize,
}

/// A virtual host.
#[derive(Serialize)]
pub(super) struct VirtualHost<'a> {
    name: &'a str,
    tracing: bool,
    #[serde(flatten)]
    messages: QueueTotals,
}

/// `/api/overview`
pub(super) fn overview(looked: &Looked<'_>) -> Overview {
    let exchange_type = |name| ExchangeType { name, enabled: true };
    Overview {
        product_name: "handoff",
        product_version: env!("CARGO_PKG_VERSION"),
        rabbitmq_version: RABBITMQ_VERSION,
        management_version: RABBITMQ_VERSION,
        node: NODE,
        cluster_name: NODE,
        rates_mode: "none",
        exchange_types: ["direct", "fanout", "headers", "topic"].map(exchange_type),
        object_totals: ObjectTotals {
            connections: looked.snapshot.connections.len(),
            channels: looked.sum(|core| core.channels.len()),
            consumers: looked.sum(|core| core.consumers.len()),
            exchanges: looked.sum(|core| core.exchanges.len()),
            queues: looked.sum(|core| core.queues.len()),
        },
        queue_totals: queue_totals(looked.cores()),
        message_stats: message_stats(looked),
        churn_rates: churn(looked),
        listeners: listeners(looked),
    }
}

/// `/api/nodes`
pub(super) fn node(looked: &Looked<'_>) -> Node {
    let memory = &looked.snapshot.memory;
    Node {
        name: NODE,
        // Nothing is on disk.
        r#type: "ram",
        running: true,
        uptime: looked.view.uptime().as_millis(),
        mem_used: memory.message_bytes + memory.buffer_bytes,
        mem_limit: memory.watermark.block_above_bytes,
        mem_alarm: memory.is_blocking,
        disk_free_alarm: false,
        sockets_used: looked.snapshot.connections.len(),
        sockets_total: looked.snapshot.max_connections,
    }
}

/// One of `/api/vhosts`
pub(super) fn virtual_host(host: &VirtualHostSnapshot) -> VirtualHost<'_> {
    VirtualHost { name: &host.name, tracing: false, messages: queue_totals([&host.core]) }
}

impl<'a> Looked<'a> {
    fn cores(&self) -> impl Iterator<Item = &'a core::Snapshot> + use<'a> {
        self.snapshot.virtual_hosts.iter().map(|host| &host.core)
    }

    fn sum<T: std::iter::Sum>(&self, value: fn(&core::Snapshot) -> T) -> T {
        self.cores().map(value).sum()
    }
}

fn queue_totals<'a>(cores: impl IntoIterator<Item = &'a core::Snapshot>) -> QueueTotals {
    let mut totals = QueueTotals::default();
    for queue in cores.into_iter().flat_map(|core| &core.queues) {
        totals.messages_ready += queue.counts.ready;
        totals.messages_unacknowledged += queue.counts.unacknowledged;
    }
    totals.messages = totals.messages_ready + totals.messages_unacknowledged;
    totals
}

fn message_stats(looked: &Looked<'_>) -> MessageStats {
    let sum = |value: fn(&core::Totals) -> u64| looked.cores().map(|core| value(&core.totals)).sum::<u64>();
    let returned = looked.snapshot.totals.returned;
    let (deliver, deliver_no_ack) = (sum(|totals| totals.delivered), sum(|totals| totals.delivered_no_ack));
    let (get, get_no_ack) = (sum(|totals| totals.got), sum(|totals| totals.got_no_ack));
    MessageStats {
        publish: sum(|totals| totals.published),
        confirm: looked.snapshot.totals.confirmed,
        return_unroutable: returned,
        drop_unroutable: sum(|totals| totals.unroutable).saturating_sub(returned),
        deliver,
        deliver_no_ack,
        get,
        get_no_ack,
        get_empty: sum(|totals| totals.got_empty),
        deliver_get: deliver + deliver_no_ack + get + get_no_ack,
        redeliver: sum(|totals| totals.redelivered),
        ack: sum(|totals| totals.acknowledged),
    }
}

fn churn(looked: &Looked<'_>) -> ChurnRates {
    ChurnRates {
        connection_created: looked.snapshot.totals.opened,
        connection_closed: looked.snapshot.totals.closed,
        channel_created: looked.sum(|core| core.totals.channels_opened),
        channel_closed: looked.sum(|core| core.totals.channels_closed),
        queue_created: looked.sum(|core| core.totals.queues_created),
        queue_deleted: looked.sum(|core| core.totals.queues_deleted),
    }
}

fn listeners(looked: &Looked<'_>) -> Vec<Listener> {
    let listener = |listening: &crate::http::view::Listening| Listener {
        node: NODE,
        protocol: listening.protocol,
        ip_address: listening.address.ip(),
        port: listening.address.port(),
    };
    looked.view.listeners().iter().map(listener).collect()
}
