//! A server as an operator is shown it: connections, virtual hosts with everything in them, totals, memory.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Server;
use super::hub::{Hub, VirtualHost};
use super::options::MemoryWatermark;
use super::peer::Peer;
use crate::amqp::{ClientDescription, ConnectionState};
use crate::core::{self, Broker, ConnectionId};
use crate::time::Timestamp;

/// A server at one instant.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The connections, by number.
    pub connections: Vec<ConnectionSnapshot>,
    /// The virtual hosts, in the order of the configuration.
    pub virtual_hosts: Vec<VirtualHostSnapshot>,
    /// What connections did since the server began. What messages did is with the virtual hosts.
    pub totals: ConnectionTotals,
    /// The most connections at once.
    pub max_connections: usize,
    /// What is in use.
    pub memory: MemorySnapshot,
}

/// A virtual host and everything in it.
#[derive(Clone, Debug)]
pub struct VirtualHostSnapshot {
    /// Its name.
    pub name: Arc<str>,
    /// What its core holds.
    pub core: core::Snapshot,
}

/// A connection.
#[derive(Clone, Debug)]
pub struct ConnectionSnapshot {
    /// Its number.
    pub id: ConnectionId,
    /// Where the client is.
    pub peer: SocketAddr,
    /// Where the listener listens that accepted it.
    pub local: SocketAddr,
    /// When it was accepted.
    pub connected_at: Timestamp,
    /// How far it has come.
    pub state: ConnectionState,
    /// Who and where the client is, once it has opened a virtual host.
    pub client: Option<Arc<ClientDescription>>,
    /// How many channels it has open.
    pub channels: usize,
    /// Bytes that came.
    pub received_bytes: u64,
    /// Bytes that were sent, or wait to be.
    pub sent_bytes: u64,
}

/// What connections did since the server began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionTotals {
    /// Connections accepted, those refused later included.
    pub opened: u64,
    /// Connections that ended.
    pub closed: u64,
    /// Logins refused.
    pub logins_refused: u64,
    /// Publishes confirmed, by ack or nack.
    pub confirmed: u64,
    /// Messages returned to their publishers.
    pub returned: u64,
}

/// Memory in use, as far as it is messages and buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySnapshot {
    /// Bytes held by messages, in queues and unacknowledged.
    pub message_bytes: u64,
    /// Bytes held by the buffers of connections, as of their last activity.
    pub buffer_bytes: u64,
    /// Where producers are stopped.
    pub watermark: MemoryWatermark,
    /// Whether they are stopped now.
    pub is_blocking: bool,
}

impl Server<Broker> {
    /// Everything, at this instant. Costs O(connections and entities) under the server's lock.
    pub fn snapshot(&self) -> Snapshot {
        self.hub.lock().snapshot()
    }
}

impl Hub<Broker> {
    /// Everything, at this instant.
    pub fn snapshot(&mut self) -> Snapshot {
        self.is_short_of_memory();
        let mut totals = self.totals;
        for peer in self.peers.values() {
            totals.confirmed += peer.output.answers().confirmed;
            totals.returned += peer.output.answers().returned;
        }
        let host = |host: &VirtualHost<Broker>| VirtualHostSnapshot {
            name: Arc::clone(&host.name),
            core: host.machine.snapshot(),
        };
        Snapshot {
            connections: self.peers.iter().map(|(id, peer)| self.connection_snapshot(*id, peer)).collect(),
            virtual_hosts: self.hosts.iter().map(host).collect(),
            totals,
            max_connections: self.max_connections,
            memory: self.memory,
        }
    }

    fn connection_snapshot(&self, id: ConnectionId, peer: &Peer) -> ConnectionSnapshot {
        ConnectionSnapshot {
            id,
            peer: peer.addresses.peer,
            local: peer.addresses.local,
            connected_at: peer.connected_at,
            state: peer.state,
            client: peer.client.clone(),
            channels: self.hosts.get(peer.host).map_or(0, |host| host.machine.channel_count(id)),
            received_bytes: peer.received_bytes,
            sent_bytes: peer.output.total_bytes(),
        }
    }
}
