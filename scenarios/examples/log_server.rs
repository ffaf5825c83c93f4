//! The log on TCP, for any Kafka client: `log_server ADDRESS [PARTITIONS]` prints `listening on ADDRESS` when ready.
//! Port 0 takes a free port; topics are created when first asked for, with PARTITIONS partitions (3).

use std::error::Error;
use std::net::SocketAddr;

use handoff_broker::{Runtime, TokioRuntime};
use handoff_scenarios::log::{BrokerOptions, ServerOptions, serve};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().as_deref().unwrap_or("127.0.0.1:9092").parse()?;
    let partitions: i32 = arguments.next().as_deref().unwrap_or("3").parse()?;
    let runtime = TokioRuntime::new();
    let listener = runtime.listen(address).await?;
    let broker = BrokerOptions { partitions, ..BrokerOptions::default() };
    let server = serve(&runtime, listener, ServerOptions { broker, ..ServerOptions::default() })?;
    println!("listening on {}", server.address());
    tokio::signal::ctrl_c().await?;
    server.shut_down();
    Ok(())
}
