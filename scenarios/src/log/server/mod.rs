//! The shell around the log broker: sockets and timers, on any [`Runtime`].
//!
//! One task accepts, one task each serves a connection, one task watches the broker's deadlines. They share the broker
//! behind a lock that is never held across an await. As in Kafka, the requests of one connection are carried out one
//! after the other and answered in order: a fetch that waits holds up what comes behind it.

mod connection;
mod idle;
mod shared;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::{Listener, Runtime};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use super::broker::{Advertised, Broker, BrokerOptions, Snapshot};
use connection::Connection;
use shared::Shared;

/// Settings of a log server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Where clients are told to connect to; `None` is where the server listens.
    pub advertised: Option<Advertised>,
    /// The most bytes in a request (`socket.request.max.bytes`). A connection that announces more is closed.
    pub max_request_bytes: usize,
    /// The most connections at a time; further ones are closed at once.
    pub max_connections: usize,
    /// A connection on which nothing was read and nothing could be written for this long is closed
    /// (`connections.max.idle.ms`).
    pub max_idle_ms: u64,
    /// Settings of the broker behind it.
    pub broker: BrokerOptions,
}

impl Default for ServerOptions {
    /// 8 MiB requests, 1,000 connections, ten minutes.
    fn default() -> Self {
        ServerOptions {
            advertised: None,
            max_request_bytes: 8 << 20,
            max_connections: 1_000,
            max_idle_ms: 600_000,
            broker: BrokerOptions::default(),
        }
    }
}

/// A running log server. Dropping it does not stop the server.
#[derive(Clone, Debug)]
pub struct LogServer {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl LogServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the log holds now.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Stops listening and closes every connection. What was acknowledged stays readable by
    /// [`snapshot`](LogServer::snapshot) only.
    pub fn shut_down(&self) {
        self.shared.stop();
    }
}

/// Serves a log on `listener` until [`LogServer::shut_down`]. Fails if the listener cannot say where it listens.
pub fn serve<R: Runtime>(runtime: &R, listener: R::Listener, options: ServerOptions) -> io::Result<LogServer> {
    let advertised = advertised(&options, listener.local_address()?);
    let broker = Broker::new(options.broker.clone(), advertised);
    serve_broker(runtime, listener, options, broker)
}

/// Serves what `former` held, after its death: the records and committed offsets that a disk would have kept. Fails if
/// the listener cannot say where it listens.
pub fn serve_again<R: Runtime>(
    runtime: &R,
    listener: R::Listener,
    options: ServerOptions,
    former: &LogServer,
) -> io::Result<LogServer> {
    let advertised = advertised(&options, listener.local_address()?);
    let broker = former.shared.recover(options.broker.clone(), advertised);
    serve_broker(runtime, listener, options, broker)
}

/// Where clients are told to connect to: here, unless the options say otherwise.
fn advertised(options: &ServerOptions, address: SocketAddr) -> Advertised {
    let here = || Advertised { host: address.ip().to_string(), port: address.port() };
    options.advertised.clone().unwrap_or_else(here)
}

fn serve_broker<R: Runtime>(
    runtime: &R,
    listener: R::Listener,
    options: ServerOptions,
    broker: Broker,
) -> io::Result<LogServer> {
    let address = listener.local_address()?;
    let shared = Arc::new(Shared::new(broker));
    runtime.spawn(watch_deadlines(runtime.clone(), shared.clone()));
    runtime.spawn(accept_all(runtime.clone(), listener, options, shared.clone()));
    Ok(LogServer { shared, address })
}

/// Accepts connections until the server stops.
async fn accept_all<R: Runtime>(runtime: R, mut listener: R::Listener, options: ServerOptions, shared: Arc<Shared>) {
    let mut stopped = pin!(shared.stopped());
    let permits = Arc::new(Semaphore::new(options.max_connections));
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // out of file descriptors, most likely: some will be free again
                warn!(%error, "cannot accept");
                runtime.sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            warn!(%peer, "closed: too many connections");
            continue;
        };
        let connection = Connection::new(runtime.clone(), stream, &options, shared.clone());
        let shared = shared.clone();
        runtime.spawn(async move {
            let _permit = permit;
            tokio::select! {
                biased;
                () = shared.stopped() => {}
                outcome = connection.serve() => match outcome {
                    Ok(()) => debug!(%peer, "closed"),
                    Err(error) => debug!(%peer, %error, "closed"),
                }
            }
        });
    }
}

/// Calls the broker when something is due. Sleeps again only when an earlier deadline comes up or one has passed, so
/// that a busy server arms few timers.
async fn watch_deadlines<R: Runtime>(runtime: R, shared: Arc<Shared>) {
    let mut stopped = pin!(shared.stopped());
    loop {
        let deadline = shared.next_deadline();
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = shared.earlier_deadline() => {}
            () = runtime.sleep_until(deadline) => shared.expire(runtime.now()),
        }
    }
}
