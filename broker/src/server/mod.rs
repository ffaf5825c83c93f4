//! The shell: sockets and timers around protocol and core, on any [`Runtime`].
//!
//! One task a connection, and one [`Hub`] that all of them share: whoever reads a publish carries it through the core
//! and writes the deliveries that follow into the outputs of the consumers' connections, in one go. There is no task
//! and no queue between a publish and its delivery.

mod hub;
mod session;
mod timekeeper;

use std::pin::pin;
use std::sync::Arc;

use self::hub::SharedHub;
use self::session::Session;
use self::timekeeper::keep_time;
use crate::amqp::Settings;
use crate::core::Machine;
use crate::runtime::{Listener, Runtime};

/// What a server allows its clients.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The terms of each connection.
    pub settings: Settings,
    /// The most connections at once; one more is closed as soon as it is accepted.
    pub max_connections: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions { settings: Settings::default(), max_connections: 20_000 }
    }
}

/// A broker that serves connections. Cheap to clone; clones are the same broker.
pub struct Server<M> {
    hub: SharedHub<M>,
    settings: Arc<Settings>,
}

impl<M> Clone for Server<M> {
    fn clone(&self) -> Self {
        Server { hub: self.hub.clone(), settings: self.settings.clone() }
    }
}

impl<M: Machine> Server<M> {
    /// A broker around `machine`, which serves nobody yet.
    pub fn new(machine: M, options: ServerOptions) -> Self {
        Server { hub: SharedHub::new(machine, options.max_connections), settings: Arc::new(options.settings) }
    }

    /// Accepts connections until [`shut_down`](Server::shut_down), each in a task of its own. Ends when the last of
    /// them has ended.
    pub async fn serve<R: Runtime>(&self, runtime: R, mut listener: R::Listener) {
        let mut time = pin!(keep_time(runtime.clone(), self.hub.clone()));
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.hub.stopping() => break,
                never = &mut time => match never {},
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.start_session(&runtime, stream, peer),
                // Out of descriptors, or the peer is gone already: its loss, and the next one may fare better.
                Err(error) => {
                    tracing::warn!("accept: {error}");
                    runtime.sleep(std::time::Duration::from_millis(10)).await;
                }
            }
        }
        drop(listener);
        tokio::select! {
            biased;
            () = self.hub.empty() => {}
            never = &mut time => match never {},
        }
    }

    /// Stops accepting and asks every client to close (320, connection forced). Clients that do not answer are cut off
    /// after the settings' close timeout.
    pub fn shut_down(&self) {
        self.hub.stop();
    }

    /// Looks at the machine between two commands.
    pub fn inspect<T>(&self, look: impl FnOnce(&M) -> T) -> T {
        look(&self.hub.lock().machine)
    }

    fn start_session<R: Runtime>(&self, runtime: &R, stream: R::Stream, peer: std::net::SocketAddr) {
        match self.hub.join(self.settings.frame_max) {
            Some(id) => {
                tracing::debug!(connection = id.0, "accepted {peer}");
                let session = Session::new(id, runtime.clone(), stream, self.hub.clone(), self.settings.clone());
                runtime.spawn(session);
            }
            None => tracing::warn!("refused {peer}: too many connections"),
        }
    }
}
