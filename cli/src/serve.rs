//! `handoff serve`: the broker on TCP, and the log if asked for.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use handoff_broker::amqp::Settings;
use handoff_broker::core::Broker;
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime, TokioRuntime};
use handoff_scenarios::log;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::outcome::{BadInput, Outcome};

/// Runs the broker: AMQP 0-9-1 on TCP, messages in memory only
///
/// A restart loses what is queued. Prints `listening on ADDRESS` when ready; SIGTERM or Ctrl-C asks every client to
/// close and leaves.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5672")]
    listen: SocketAddr,
    /// Also serve the log baseline, on Kafka's protocol, at this address; prints `log listening on ADDRESS`
    #[arg(long, value_name = "ADDRESS")]
    log: Option<SocketAddr>,
    /// How many partitions the log's topics get when they are first asked for
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    log_partitions: i32,
    /// The heartbeat interval that is proposed to clients, in seconds; 0 proposes none
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    heartbeat: u16,
    /// The largest frame, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 131_072, value_parser = clap::value_parser!(u32).range(4096..=16_777_216))]
    frame_max: u32,
    /// The most channels on one connection
    #[arg(long, value_name = "N", default_value_t = 2_047, value_parser = clap::value_parser!(u16).range(1..))]
    channel_max: u16,
    /// The most connections at once
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    max_connections: usize,
}

/// Serves until a signal says otherwise.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let options = ServerOptions {
        settings: Settings {
            heartbeat: Duration::from_secs(arguments.heartbeat.into()),
            frame_max: arguments.frame_max,
            channel_max: arguments.channel_max,
            ..Settings::default()
        },
        max_connections: arguments.max_connections,
        ..ServerOptions::default()
    };
    // One thread: a publish is carried to its consumers' outputs without a hop, and nothing contends for the core.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(serve(arguments, options))
}

async fn serve(arguments: &Arguments, options: ServerOptions) -> anyhow::Result<Outcome> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let runtime = TokioRuntime::new();
    let listener = listen(&runtime, "--listen", arguments.listen).await?;
    let server = Server::new(Broker::with_seed(secret_seed()), options);
    let log = match arguments.log {
        Some(address) => {
            let listener = listen(&runtime, "--log", address).await?;
            let broker = log::BrokerOptions { partitions: arguments.log_partitions, ..Default::default() };
            Some(log::serve(&runtime, listener, log::ServerOptions { broker, ..Default::default() })?)
        }
        None => None,
    };
    println!("listening on {}", listener.local_address().context("no local address")?);
    if let Some(log) = &log {
        println!("log listening on {}", log.address());
    }
    eprintln!("messages are kept in memory only: a restart loses what is queued");
    let serving = server.serve(runtime, listener);
    let stopping = async {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        server.shut_down();
    };
    tokio::join!(serving, stopping);
    Ok(Outcome::Holds)
}

/// A seed that nobody can guess, from the operating system: the names that the broker makes up follow from it.
fn secret_seed() -> u64 {
    RandomState::new().hash_one(0)
}

async fn listen(runtime: &TokioRuntime, flag: &str, address: SocketAddr) -> Result<TcpListener, BadInput> {
    let listening = runtime.listen(address).await;
    listening.map_err(|error| BadInput(format!("{flag} {address}: expected an address to listen on: {error}")))
}
