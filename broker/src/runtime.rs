//! The seam between the two worlds: everything that needs time, tasks or sockets asks a [`Runtime`].
//!
//! [`TokioRuntime`] is the real one. The simulated one lives outside this crate, and nothing here knows of it.
//! What is deliberately missing: randomness (whoever needs it is given a seed), files, threads.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::time::Timestamp;

/// What runs on its own. Boxed, so that what a scheduler does with a task is compiled once and not for each future.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock, a spawner and a network. Cheap to clone; clones are the same runtime.
pub trait Runtime: Clone + Send + Sync + Unpin + 'static {
    /// A connected byte stream. Writes block when the peer does not read.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// What [`listen`](Runtime::listen) returns.
    type Listener: Listener<Stream = Self::Stream>;
    /// What [`sleep_until`](Runtime::sleep_until) returns.
    type Sleep: Future<Output = ()> + Send + 'static;

    /// The time now. Never goes back.
    fn now(&self) -> Timestamp;

    /// Completes at `deadline`, or at once if that has passed. Cancelled by dropping it.
    fn sleep_until(&self, deadline: Timestamp) -> Self::Sleep;

    /// Runs `task` on its own, until it ends or its node dies. Nobody waits for it.
    fn run(&self, task: Task);

    /// [`run`](Runtime::run)s a future.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.run(Box::pin(task));
    }

    /// Listens on `address`; port 0 takes a free port. Fails as `bind` does.
    fn listen(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// Connects to `address`. Waits as long as the network does: callers bring their own timeout.
    fn connect(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Does `work` that takes long, beside everything else if the runtime can; otherwise at once, when first polled.
    fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        async move { work() }
    }

    /// Completes `duration` from now.
    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// The output of `future`, or `None` if it is still pending at `deadline`; then `future` is dropped.
    fn timeout_at<F: Future + Send>(
        &self,
        deadline: Timestamp,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send {
        let sleep = self.sleep_until(deadline);
        async move {
            let (future, sleep) = (pin!(future), pin!(sleep));
            tokio::select! {
                biased;
                output = future => Some(output),
                () = sleep => None,
            }
        }
    }
}

/// Accepts connections.
pub trait Listener: Send + 'static {
    /// A connected byte stream.
    type Stream;

    /// The next connection and its peer's address.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Where it listens, with the port that was taken.
    fn local_address(&self) -> io::Result<SocketAddr>;
}

/// The real world: Tokio's clock, tasks and TCP.
///
/// Time is the system's at creation plus a monotonic clock since, so it does not jump when the system's is set.
#[derive(Clone, Copy, Debug)]
pub struct TokioRuntime {
    created: Instant,
    created_at: Timestamp,
}

#[allow(clippy::disallowed_methods, reason = "this is the place where the real clock is read")]
impl TokioRuntime {
    /// Reads the system clock once. Everything but `now` must be called inside a Tokio runtime.
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        TokioRuntime { created: Instant::now(), created_at: Timestamp::EPOCH + since_epoch }
    }
}

impl Default for TokioRuntime {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the door that everybody else has to take")]
impl Runtime for TokioRuntime {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Timestamp {
        self.created_at + self.created.elapsed()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Self::Sleep {
        tokio::time::sleep(deadline.since(self.now()))
    }

    fn run(&self, task: Task) {
        drop(tokio::spawn(task));
    }

    fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let working = tokio::task::spawn_blocking(work);
        async move {
            match working.await {
                Ok(done) => done,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime is being shut down: nobody is going to ask again.
                Err(_) => std::future::pending().await,
            }
        }
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<Self::Listener> {
        TcpListener::bind(address).await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}
