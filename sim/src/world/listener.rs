//! Listening: connections that were established and not yet accepted.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use handoff_broker::Listener;

use super::connection::ConnectionId;
use super::kernel::Kernel;
use super::lock;
use super::node::Life;
use super::stream::SimulatedStream;
use super::trace::Event;

/// A port of a node on which connections are accepted. Dropping it closes those that wait.
pub struct SimulatedListener {
    kernel: Arc<Kernel>,
    life: Arc<Life>,
    port: u16,
    backlog: Arc<Backlog>,
}

/// The connections that wait to be accepted, in the order in which they came.
pub(super) struct Backlog(Mutex<Queue>);

struct Queue {
    waiting: VecDeque<Waiting>,
    limit: usize,
    acceptor: Option<Waker>,
    closed: bool,
}

struct Waiting {
    stream: SimulatedStream,
    id: ConnectionId,
    from: SocketAddr,
}

impl Backlog {
    /// An empty backlog with room for `limit` connections.
    pub(super) fn new(limit: usize) -> Self {
        Backlog(Mutex::new(Queue { waiting: VecDeque::new(), limit, acceptor: None, closed: false }))
    }

    pub(super) fn has_room(&self) -> bool {
        let queue = lock(&self.0);
        queue.waiting.len() < queue.limit
    }

    /// Adds a connection from `from`.
    pub(super) fn push(&self, id: ConnectionId, stream: SimulatedStream, from: SocketAddr) {
        let mut queue = lock(&self.0);
        queue.waiting.push_back(Waiting { stream, id, from });
        if let Some(acceptor) = queue.acceptor.take() {
            acceptor.wake();
        }
    }

    /// Closes what waits, and fails whoever accepts.
    pub(super) fn close(&self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.waiting);
        if let Some(acceptor) = queue.acceptor.take() {
            acceptor.wake();
        }
        drop(queue);
        drop(waiting);
    }
}

impl SimulatedListener {
    pub(super) fn new(kernel: Arc<Kernel>, life: Arc<Life>, port: u16, backlog: Arc<Backlog>) -> Self {
        SimulatedListener { kernel, life, port, backlog }
    }
}

impl Listener for SimulatedListener {
    type Stream = SimulatedStream;

    async fn accept(&mut self) -> io::Result<(SimulatedStream, SocketAddr)> {
        let Waiting { stream, id, from } = poll_fn(|context| {
            let mut queue = lock(&self.backlog.0);
            if let Some(first) = queue.waiting.pop_front() {
                return Poll::Ready(Ok(first));
            }
            if queue.closed {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionAborted)));
            }
            queue.acceptor = Some(context.waker().clone());
            Poll::Pending
        })
        .await?;
        self.kernel.record(&self.life.name, &Event::Accepted { connection: &id, from });
        Ok((stream, from))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.life.address(self.port))
    }
}

impl Drop for SimulatedListener {
    fn drop(&mut self) {
        self.kernel.stop_listening(&self.life.name, self.port, &self.backlog);
        self.backlog.close();
    }
}
