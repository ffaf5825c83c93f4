//! `handoff bench-relay`: the byte relay that `handoff bench` starts beside the targets.

use std::net::{Ipv4Addr, SocketAddr};

use handoff_bench::relay;
use tokio::net::TcpListener;

use crate::outcome::Outcome;
use crate::output;

/// Carries bytes between pairs of connections; `handoff bench` starts it by itself
#[derive(clap::Args)]
pub struct Arguments {}

/// Relays until it is killed.
pub fn run(_: &Arguments) -> anyhow::Result<Outcome> {
    // One thread, as the broker has.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(async {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (producers, consumers) = (TcpListener::bind(free).await?, TcpListener::bind(free).await?);
        for listener in [&producers, &consumers] {
            output::line(&format!("listening on {}", listener.local_addr()?))?;
        }
        relay::serve(producers, consumers).await?;
        Ok(Outcome::Holds)
    })
}
