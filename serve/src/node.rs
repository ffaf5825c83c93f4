//! A broker with all its doors: AMQP in the clear and over TLS, HTTP, the log baseline.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::thread;

use handoff_broker::core::Broker;
use handoff_broker::server::Server;
use handoff_broker::{Listener, Runtime, TokioRuntime};
use handoff_scenarios::document::Invalid;
use handoff_scenarios::log;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::http::{self, AMQP, AMQP_OVER_TLS, HTTP, Listening, View};
use crate::memory::keep_small;
use crate::settings::Checked;
use crate::tls::{Identity, TlsListener};

/// A broker that listens, and serves nobody yet.
pub struct Node {
    runtime: TokioRuntime,
    server: Server<Broker>,
    plain: Vec<TcpListener>,
    encrypted: Vec<TlsListener>,
    identity: Option<Identity>,
    listening: Vec<Listening>,
    log: Option<log::LogServer>,
}

impl Node {
    /// Takes every address that the settings name, and opens the HTTP port and the log, if there are to be any.
    ///
    /// # Errors
    /// If an address cannot be listened on: the settings' key, and why.
    pub async fn open(settings: Checked) -> Result<Node, Invalid> {
        let runtime = TokioRuntime::new();
        let mut listening = Vec::new();
        let plain = listen(&runtime, "listen", AMQP, &settings.listen, &mut listening).await?;
        let (mut encrypted, mut identity) = (Vec::new(), None);
        if let Some((addresses, files)) = settings.tls {
            let tcp = listen(&runtime, "tls.listen", AMQP_OVER_TLS, &addresses, &mut listening).await?;
            encrypted.extend(tcp.into_iter().map(|tcp| TlsListener::new(tcp, files.clone())));
            identity = Some(files);
        }
        let log = match settings.log {
            Some((address, options)) => Some(serve_log(&runtime, address, options, &mut listening).await?),
            None => None,
        };
        let access = settings.options.settings.access.clone();
        let limits = settings.limits;
        let server = Server::hosting(settings.options, |_| Some(Broker::with_seed(secret_seed()).limited_to(limits)));
        if let Some(address) = settings.http {
            let unusable = |error| unusable("http", address, &error);
            let tcp = StdTcpListener::bind(address).map_err(unusable)?;
            listening.push(Listening { protocol: HTTP, address: tcp.local_addr().map_err(unusable)? });
            let view = View::new(server.clone(), access, settings.monitors, listening.clone(), runtime);
            serve_http(tcp, view).map_err(unusable)?;
        }
        Ok(Node { runtime, server, plain, encrypted, identity, listening, log })
    }

    /// Where it listens for what, with the ports that were taken.
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// What it shows those who connect over TLS, if they can.
    pub fn identity(&self) -> Option<Identity> {
        self.identity.clone()
    }

    /// Serves until `stop` completes. Then nobody is accepted any more, what was written is sent, and everybody is
    /// asked to leave (320). Ends when they have left, or when the time for it is over.
    pub async fn serve(mut self, stop: impl Future<Output = ()>) {
        let doors = self.open_doors();
        let watching = tokio::spawn(keep_small(self.server.clone(), self.runtime));
        stop.await;
        watching.abort();
        tracing::info!("leaving: nobody is accepted any more");
        self.server.shut_down();
        if let Some(log) = self.log {
            log.shut_down();
        }
        doors.join_all().await;
        tracing::info!("left");
    }

    /// Not part of [`serve`](Node::serve), so that the broker's sessions are compiled here, and not where that is awaited.
    fn open_doors(&mut self) -> JoinSet<()> {
        let mut doors = JoinSet::new();
        for listener in self.plain.drain(..) {
            doors.spawn(serve(self.server.clone(), self.runtime, listener));
        }
        for listener in self.encrypted.drain(..) {
            doors.spawn(serve(self.server.clone(), self.runtime, listener));
        }
        doors
    }
}

/// A seed that nobody can guess, from the operating system: the names that a broker makes up follow from it.
fn secret_seed() -> u64 {
    RandomState::new().hash_one(0)
}

async fn serve<L>(server: Server<Broker>, runtime: TokioRuntime, listener: L)
where
    L: Listener,
    L::Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    server.serve(runtime, listener).await;
}

async fn listen(
    runtime: &TokioRuntime,
    key: &str,
    protocol: &'static str,
    addresses: &[SocketAddr],
    listening: &mut Vec<Listening>,
) -> Result<Vec<TcpListener>, Invalid> {
    let mut listeners = Vec::new();
    for address in addresses {
        let unusable = |error| unusable(key, *address, &error);
        let listener = runtime.listen(*address).await.map_err(unusable)?;
        listening.push(Listening { protocol, address: listener.local_address().map_err(unusable)? });
        listeners.push(listener);
    }
    Ok(listeners)
}

async fn serve_log(
    runtime: &TokioRuntime,
    address: SocketAddr,
    options: log::ServerOptions,
    listening: &mut Vec<Listening>,
) -> Result<log::LogServer, Invalid> {
    let unusable = |error| unusable("log.listen", address, &error);
    let listener = runtime.listen(address).await.map_err(unusable)?;
    let log = start_log(runtime, listener, options).map_err(unusable)?;
    listening.push(Listening { protocol: http::KAFKA, address: log.address() });
    Ok(log)
}

/// As `open_doors`, apart from what is awaited elsewhere.
fn start_log(runtime: &TokioRuntime, listener: TcpListener, options: log::ServerOptions) -> io::Result<log::LogServer> {
    log::serve(runtime, listener, options)
}

/// Answers HTTP on a thread of its own, so that writing a long answer, or checking a password, holds up no message.
fn serve_http(tcp: StdTcpListener, view: View) -> io::Result<()> {
    tcp.set_nonblocking(true)?;
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tcp = {
        let _inside = tokio.enter();
        TcpListener::from_std(tcp)?
    };
    let answer = move || tokio.block_on(http::serve(tcp, Arc::new(view)));
    // It ends with the process.
    thread::Builder::new().name("http".into()).spawn(answer).map(drop)
}

fn unusable(key: &str, address: SocketAddr, error: &io::Error) -> Invalid {
    Invalid::new(key, "an address to listen on", format!("{address} ({error})"))
}
