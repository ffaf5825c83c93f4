//! `/api/connections`, `/api/channels` and `/api/consumers`.

use std::net::{IpAddr, SocketAddr};

use handoff_broker::amqp::ConnectionState;
use handoff_broker::amqp::codec::Table;
use handoff_broker::core::{ChannelId, ChannelSnapshot, ConsumerSnapshot};
use serde::Serialize;

use super::table::TableJson;
use super::{Looked, NODE, Named};

/// A connection.
#[derive(Serialize)]
pub(super) struct Connection<'a> {
    name: &'a str,
    node: &'a str,
    r#type: &'a str,
    protocol: &'a str,
    ssl: bool,
    state: &'a str,
    peer_host: IpAddr,
    peer_port: u16,
    host: IpAddr,
    port: u16,
    user: Option<&'a str>,
    vhost: Option<&'a str>,
    /// Milliseconds since the Unix epoch.
    connected_at: u64,
    channels: usize,
    channel_max: Option<u16>,
    frame_max: Option<u32>,
    /// The heartbeat interval, in seconds.
    timeout: Option<u64>,
    recv_oct: u64,
    send_oct: u64,
    client_properties: TableJson<'a>,
}

/// A channel.
#[derive(Serialize)]
pub(super) struct Channel<'a> {
    name: String,
    number: u16,
    node: &'a str,
    state: &'a str,
    user: Option<&'a str>,
    vhost: &'a str,
    consumer_count: u64,
    messages_unacknowledged: u64,
    prefetch_count: u16,
    global_prefetch_count: u16,
    connection_details: Option<ConnectionDetails<'a>>,
}

#[derive(Serialize)]
struct ConnectionDetails<'a> {
    name: &'a str,
    peer_host: IpAddr,
    peer_port: u16,
}

/// A consumer.
#[derive(Serialize)]
pub(super) struct Consumer<'a> {
    consumer_tag: &'a str,
    queue: Place<'a>,
    ack_required: bool,
    exclusive: bool,
    prefetch_count: u16,
    active: bool,
    activity_status: &'a str,
    channel_details: Option<ChannelDetails<'a>>,
}

/// A name in a virtual host.
#[derive(Serialize)]
struct Place<'a> {
    name: &'a str,
    vhost: &'a str,
}

#[derive(Serialize)]
struct ChannelDetails<'a> {
    connection_name: &'a str,
    name: String,
    node: &'a str,
    number: u16,
    peer_host: IpAddr,
    peer_port: u16,
    user: Option<&'a str>,
}

impl<'a> Looked<'a> {
    /// Every connection.
    pub fn connections(&self) -> impl Iterator<Item = Connection<'_>> {
        self.named.values().map(|named| self.connection(named))
    }

    /// Every channel.
    pub fn channels(&self) -> impl Iterator<Item = Channel<'_>> {
        let hosts = self.snapshot.virtual_hosts.iter();
        hosts.flat_map(|host| host.core.channels.iter().map(|channel| self.channel(&host.name, channel)))
    }

    /// Every consumer of a virtual host, or of all. None if there is no such host.
    pub fn consumers(&self, host: Option<&str>) -> Option<Vec<Consumer<'_>>> {
        let consumers = self
            .hosts(host)?
            .flat_map(|host| host.core.consumers.iter().map(|consumer| self.consumer(&host.name, consumer)));
        Some(consumers.collect())
    }

    fn connection<'b>(&self, named: &'b Named<'_>) -> Connection<'b> {
        let connection = named.connection;
        let client = connection.client.as_deref();
        Connection {
            name: &named.name,
            node: NODE,
            r#type: "network",
            protocol: "AMQP 0-9-1",
            ssl: self.view.is_encrypted(connection.local),
            state: state(connection.state),
            peer_host: connection.peer.ip(),
            peer_port: connection.peer.port(),
            host: connection.local.ip(),
            port: connection.local.port(),
            user: client.map(|client| &*client.user),
            vhost: client.map(|client| &*client.virtual_host),
            connected_at: connection.connected_at.as_nanoseconds() / 1_000_000,
            channels: connection.channels,
            channel_max: client.map(|client| client.channel_max),
            frame_max: client.map(|client| client.frame_max),
            timeout: client.map(|client| client.heartbeat.as_secs()),
            recv_oct: connection.received_bytes,
            send_oct: connection.sent_bytes,
            client_properties: TableJson(client.map_or(Table::default(), |client| client.properties())),
        }
    }

    fn channel(&self, host: &'a str, channel: &ChannelSnapshot) -> Channel<'_> {
        let named = self.named.get(&channel.id.connection);
        Channel {
            name: channel_name(named, channel.id),
            number: channel.id.number,
            node: NODE,
            state: "running",
            user: named.and_then(Named::user),
            vhost: host,
            consumer_count: channel.consumers,
            messages_unacknowledged: channel.unacknowledged,
            prefetch_count: channel.prefetch,
            global_prefetch_count: channel.global_prefetch,
            connection_details: named.map(|named| ConnectionDetails {
                name: &named.name,
                peer_host: named.peer().ip(),
                peer_port: named.peer().port(),
            }),
        }
    }

    fn consumer(&self, host: &'a str, consumer: &'a ConsumerSnapshot) -> Consumer<'_> {
        let named = self.named.get(&consumer.channel.connection);
        Consumer {
            consumer_tag: &consumer.tag,
            queue: Place { name: &consumer.queue, vhost: host },
            ack_required: !consumer.no_ack,
            exclusive: consumer.exclusive,
            prefetch_count: consumer.prefetch,
            active: true,
            activity_status: "up",
            channel_details: named.map(|named| ChannelDetails {
                connection_name: &named.name,
                name: channel_name(Some(named), consumer.channel),
                node: NODE,
                number: consumer.channel.number,
                peer_host: named.peer().ip(),
                peer_port: named.peer().port(),
                user: named.user(),
            }),
        }
    }
}

impl Named<'_> {
    fn peer(&self) -> SocketAddr {
        self.connection.peer
    }

    fn user(&self) -> Option<&str> {
        self.connection.client.as_deref().map(|client| &*client.user)
    }
}

/// RabbitMQ's name of a channel: its connection's, and its number.
fn channel_name(named: Option<&Named<'_>>, id: ChannelId) -> String {
    format!("{} ({})", named.map_or("", |named| &named.name), id.number)
}

/// RabbitMQ's word for how far a connection has come.
fn state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Handshake => "starting",
        ConnectionState::Running => "running",
        ConnectionState::Blocked => "blocked",
        ConnectionState::Closing => "closing",
    }
}
