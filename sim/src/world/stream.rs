//! One end of a connection, as the tasks of a node hold it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Connection, Side};
use super::kernel::Kernel;
use super::node::Death;
use super::trace::Event;

/// A connected byte stream between two simulated nodes.
///
/// What one write takes travels as one segment; a read returns what has arrived, over the borders of segments. A write
/// waits while the window is full. Flushing does nothing. `shutdown` is a half-close; dropping the stream closes it:
/// the peer reads what was sent, then the end, and its own writes fail with `BrokenPipe` from then on (TCP lets one
/// more succeed first).
pub struct SimulatedStream {
    kernel: Arc<Kernel>,
    connection: Arc<Connection>,
    side: Side,
}

impl SimulatedStream {
    pub(super) fn new(kernel: Arc<Kernel>, connection: Arc<Connection>, side: Side) -> Self {
        SimulatedStream { kernel, connection, side }
    }
}

impl AsyncRead for SimulatedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_read(&self.kernel, self.side, context, buffer)
    }
}

impl AsyncWrite for SimulatedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.poll_write(&self.kernel, self.side, context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.connection.finish(&self.kernel, self.side))
    }
}

impl Drop for SimulatedStream {
    fn drop(&mut self) {
        if self.connection.close(&self.kernel, self.side, Death::Eof) {
            let life = &self.connection.lives[self.side as usize];
            self.kernel.record(&life.name, &Event::Closed { connection: &self.connection.id });
        }
        if self.connection.is_over() {
            self.kernel.forget(&self.connection.id);
        }
    }
}

impl fmt::Debug for SimulatedStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SimulatedStream({} {:?})", self.connection.id, self.side)
    }
}
