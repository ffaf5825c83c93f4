//! What runs on a simulated node: [`Runtime`] for one life of it.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use handoff_broker::{Runtime, Task, Timestamp};

use super::clock::Sleep;
use super::connect::connect;
use super::kernel::{Kernel, guard};
use super::listener::SimulatedListener;
use super::node::Life;
use super::stream::SimulatedStream;
use super::trace::Event;

/// The runtime of one life of a node. Once that life has ended, tasks spawned on it never run, and listening and
/// connecting fail with `NetworkDown`.
#[derive(Clone)]
pub struct SimulatedRuntime {
    kernel: Arc<Kernel>,
    life: Arc<Life>,
}

impl SimulatedRuntime {
    pub(super) fn new(kernel: Arc<Kernel>, life: Arc<Life>) -> Self {
        SimulatedRuntime { kernel, life }
    }

    /// Adds a line to the world's trace, said by this node.
    pub fn note(&self, text: impl Display) {
        self.kernel.record(&self.life.name, &Event::Note { text: &text.to_string() });
    }
}

impl Runtime for SimulatedRuntime {
    type Stream = SimulatedStream;
    type Listener = SimulatedListener;
    type Sleep = Sleep;

    fn now(&self) -> Timestamp {
        self.kernel.clock.now()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.kernel.clock.sleep_until(deadline)
    }

    /// A panic in the task ends the world, and is what [`run`](super::run) returns.
    fn run(&self, task: Task) {
        let task = guard(self.kernel.clone(), self.life.name.clone(), task);
        drop(self.life.tasks.spawn(task));
    }

    /// Listens on the node's own address; the unspecified address means the same.
    ///
    /// # Errors
    ///
    /// `AddrNotAvailable` for any other address, `AddrInUse` if the port is taken.
    async fn listen(&self, address: SocketAddr) -> io::Result<SimulatedListener> {
        if !address.ip().is_unspecified() && address.ip() != self.life.ip {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let (port, backlog) = self.kernel.listen(&self.life, address.port())?;
        Ok(SimulatedListener::new(self.kernel.clone(), self.life.clone(), port, backlog))
    }

    /// Takes one round trip, or as long as the request gets no answer: while a partition separates the two nodes, the
    /// other's machine is gone, or its backlog is full.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` after a round trip if nobody listens there, `HostUnreachable` if no node has that address.
    async fn connect(&self, address: SocketAddr) -> io::Result<SimulatedStream> {
        connect(self.kernel.clone(), self.life.clone(), address).await
    }
}
