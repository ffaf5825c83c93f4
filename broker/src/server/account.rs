//! What work on one connection changes for all: how far it has come, what its buffers hold, whether memory is short.

use super::hub::Hub;
use super::peer::Peer;
use super::snapshot::MemorySnapshot;
use crate::amqp::{Connection, ConnectionState};
use crate::core::{ConnectionId, Machine};
use crate::time::Timestamp;
use crate::transport::Transport;

/// Which part of the memory's watermark bodies may take that have begun to come in and are not whole.
const UNFINISHED_SHARE: u64 = 4;

/// Work on a connection is done for now: says what was held back to be said once, and notes what has changed.
pub(super) fn settle<S, M: Machine>(
    hub: &mut Hub<M>,
    now: Timestamp,
    connection: &mut Connection,
    transport: &Transport<S>,
) {
    let id = connection.id();
    if let Some((_, peer)) = hub.parts(id) {
        connection.flush(&mut peer.output);
    }
    let is_too_much = note_buffers(hub, connection, transport);
    if is_too_much && connection.unfinished_bytes() > 0 {
        if let Some((machine, peer)) = hub.parts(id) {
            connection.exhaust(now, machine, &mut peer.output);
        }
        hub.route_effects(now, id);
        note_buffers(hub, connection, transport);
    }
    hub.note_progress(connection);
    hub.note_deadline(connection.virtual_host());
    hub.is_short_of_memory();
}

/// Notes what a connection's buffers hold. Says whether bodies that are not whole take too much, those of all
/// connections together.
pub(super) fn note_buffers<S, M: Machine>(hub: &mut Hub<M>, connection: &Connection, transport: &Transport<S>) -> bool {
    let unfinished_bytes = connection.unfinished_bytes();
    let (input_bytes, output_bytes) = transport.buffered_bytes();
    // What a blocked client has sent stays until there is memory again. If it counted, that might be never.
    let input_bytes = if connection.is_blocked() { 0 } else { input_bytes };
    let buffered_bytes = (input_bytes + output_bytes) as u64 + unfinished_bytes;
    hub.note_buffers(connection.id(), buffered_bytes, unfinished_bytes)
}

impl<M: Machine> Hub<M> {
    /// Notes what a connection's buffers hold, and how much of that are bodies that are not whole. Says whether those
    /// of all connections together take more than they may.
    pub fn note_buffers(&mut self, id: ConnectionId, buffered_bytes: u64, unfinished_bytes: u64) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        let buffered_bytes = buffered_bytes + peer.output.pending_bytes() as u64;
        self.memory.buffer_bytes = self.memory.buffer_bytes + buffered_bytes - peer.buffered_bytes;
        self.unfinished_bytes = self.unfinished_bytes + unfinished_bytes - peer.unfinished_bytes;
        (peer.buffered_bytes, peer.unfinished_bytes) = (buffered_bytes, unfinished_bytes);
        self.unfinished_bytes > self.memory.watermark.block_above_bytes / UNFINISHED_SHARE
    }

    /// Whether memory is short, so that whoever publishes has to wait. Everybody is woken when it becomes short, to give
    /// back what is not needed, and those who wait when it is no more.
    pub fn is_short_of_memory(&mut self) -> bool {
        let was_blocking = self.memory.is_blocking;
        self.memory.message_bytes = self.message_bytes();
        let MemorySnapshot { message_bytes, buffer_bytes, watermark, .. } = self.memory;
        self.memory.is_blocking = watermark.blocks(message_bytes + buffer_bytes, was_blocking);
        if self.memory.is_blocking != was_blocking {
            let word = if was_blocking { "enough memory again" } else { "short of memory: publishers are blocked" };
            tracing::warn!(message_bytes, buffer_bytes, "{word}");
        }
        if self.memory.is_blocking && !was_blocking {
            self.alarms += 1;
            self.peers.values_mut().for_each(Peer::wake);
        } else if was_blocking && !self.memory.is_blocking {
            let blocked = self.peers.values_mut().filter(|peer| peer.state == ConnectionState::Blocked);
            blocked.for_each(Peer::wake);
        }
        self.memory.is_blocking
    }

    /// Bytes of the messages that all cores hold.
    pub fn message_bytes(&self) -> u64 {
        self.hosts.iter().map(|host| host.machine.memory_bytes()).sum()
    }

    /// How many times memory has become short. Each time connections give back what they do not need.
    pub fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Whether whoever publishes has to wait.
    pub fn is_blocking(&self) -> bool {
        self.memory.is_blocking
    }
}
