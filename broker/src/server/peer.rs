//! A connection, as the others see it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::amqp::{ClientDescription, ConnectionState, Output};
use crate::time::Timestamp;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub peer: SocketAddr,
    /// Where the listener listens.
    pub local: SocketAddr,
}

/// A connection, as the others see it.
pub(super) struct Peer {
    /// What waits to be sent to it.
    pub output: Output,
    /// Bytes that came from it.
    pub received_bytes: u64,
    /// Its task; taken when it is woken, so that many deliveries wake it once.
    waker: Option<Waker>,
    /// Whether the core may deliver to it.
    pub writable: bool,
    /// The place of its virtual host.
    pub host: usize,
    pub addresses: Addresses,
    pub connected_at: Timestamp,
    pub state: ConnectionState,
    pub client: Option<Arc<ClientDescription>>,
    /// What its buffers held when they were last looked at, and how much of that are bodies that are not whole.
    pub buffered_bytes: u64,
    pub unfinished_bytes: u64,
}

impl Peer {
    pub fn new(frame_max: u32, addresses: Addresses, now: Timestamp) -> Self {
        Peer {
            output: Output::new(frame_max),
            received_bytes: 0,
            waker: None,
            writable: true,
            host: 0,
            addresses,
            connected_at: now,
            state: ConnectionState::Handshake,
            client: None,
            buffered_bytes: 0,
            unfinished_bytes: 0,
        }
    }

    /// Asks to be woken when there is something to send.
    pub fn listen(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => self.waker = Some(context.waker().clone()),
        }
    }

    pub fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
