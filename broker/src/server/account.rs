//! What work on one connection changes for all: how far it has come, what its buffers hold, whether memory is short.

use super::hub::Hub;
use crate::amqp::Connection;
use crate::core::Machine;
use crate::time::Timestamp;
use crate::transport::Transport;

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
