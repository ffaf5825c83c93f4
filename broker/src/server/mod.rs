//! The shell: sockets and timers around protocol and core, on any [`Runtime`].
//!
//! One task a connection, and one [`Hub`](hub) that all of them share: whoever reads a publish carries it through the
//! core and writes the deliveries that follow into the outputs of the consumers' connections, in one go. There is no
//! task and no queue between a publish and its delivery.
//!
//! Each virtual host has a core of its own: what is in one cannot be named, counted or blocked from another, without a
//! prefix in any name and a rule in any core.

mod account;
mod hub;
mod options;
mod peer;
mod session;
mod snapshot;
mod timekeeper;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use self::hub::SharedHub;
pub use self::options::{MemoryWatermark, ServerOptions};
use self::peer::Addresses;
use self::session::Session;
pub use self::snapshot::{ConnectionSnapshot, ConnectionTotals, MemorySnapshot, Snapshot, VirtualHostSnapshot};
use self::timekeeper::keep_time;
use crate::amqp::Settings;
use crate::core::Machine;
use crate::runtime::{Listener, Runtime};

/// How long accepting pauses after it failed.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// A broker that serves connections. Cheap to clone; clones are the same broker.
pub struct Server<M> {
    hub: SharedHub<M>,
    options: Arc<ServerOptions>,
    settings: Arc<Settings>,
}

impl<M> Clone for Server<M> {
    fn clone(&self) -> Self {
        Server { hub: self.hub.clone(), options: self.options.clone(), settings: self.settings.clone() }
    }
}

impl<M: Machine> Server<M> {
    /// A broker around `machine`, which becomes the first virtual host; there are no others. It serves nobody yet.
    pub fn new(machine: M, options: ServerOptions) -> Self {
        let mut machine = Some(machine);
        Self::hosting(options, |_| machine.take())
    }

    /// A broker with a core for each virtual host of the options for which `core` gives one, which is told its name.
    /// It serves nobody yet.
    pub fn hosting(options: ServerOptions, mut core: impl FnMut(&str) -> Option<M>) -> Self {
        let names = &options.settings.access.virtual_hosts;
        let hosts = names.iter().map_while(|name| Some((Arc::from(name.as_str()), core(name)?))).collect();
        let settings = Arc::new(options.settings.clone());
        Server { hub: SharedHub::new(hosts, &options), options: Arc::new(options), settings }
    }

    /// Accepts connections until [`shut_down`](Server::shut_down), each in a task of its own. Ends when the last of
    /// them has ended, or a limited time after the shutdown. May be called for several listeners at once.
    pub async fn serve<R: Runtime, L: Listener>(&self, runtime: R, mut listener: L)
    where
        L::Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // A listener that does not know its address says so to whoever asks for it by name; here it is only shown.
        let local = listener.local_address().unwrap_or_else(|_| SocketAddr::from(([0; 4], 0)));
        let mut time = pin!(keep_time(runtime.clone(), self.hub.clone()));
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.hub.stopping() => break,
                never = &mut time => match never {},
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.start_session(&runtime, stream, Addresses { peer, local }),
                // Out of descriptors, or the peer is gone already: its loss, and the next one may fare better.
                Err(error) => {
                    tracing::warn!("accept: {error}");
                    runtime.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        let until = runtime.now() + self.options.shutdown_timeout;
        tokio::select! {
            biased;
            () = self.hub.empty() => {}
            () = runtime.sleep_until(until) => {
                tracing::warn!("connections that did not end in time are left behind");
            }
            never = &mut time => match never {},
        }
    }

    /// Stops accepting, sends what is written, and asks every client to close (320, connection forced). Clients that do
    /// not answer are cut off after the settings' close timeout.
    pub fn shut_down(&self) {
        self.hub.stop();
    }

    /// Whether it was shut down.
    pub fn is_stopping(&self) -> bool {
        self.hub.lock().is_stopping()
    }

    /// Looks at the first virtual host's machine between two commands.
    ///
    /// # Panics
    /// If there is no virtual host.
    pub fn inspect<T>(&self, look: impl FnOnce(&M) -> T) -> T {
        look(self.hub.lock().machine(0))
    }

    /// Bytes of the messages that all virtual hosts hold.
    pub fn message_bytes(&self) -> u64 {
        self.hub.lock().message_bytes()
    }

    /// What it was made with.
    pub fn options(&self) -> &ServerOptions {
        &self.options
    }

    fn start_session<R: Runtime, S>(&self, runtime: &R, stream: S, addresses: Addresses)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let peer = addresses.peer;
        match self.hub.join(self.settings.frame_max, addresses, runtime.now()) {
            Some(id) => {
                tracing::debug!(connection = id.0, "accepted {peer}");
                let session = Session::new(id, peer, runtime.clone(), stream, self.hub.clone(), self.settings.clone());
                runtime.spawn(session);
            }
            None => tracing::warn!("refused {peer}: too many connections"),
        }
    }
}
