//! Round trips over the bare network: ours, madsim's own on the same scheduler, and turmoil's.

use std::io;
use std::net::SocketAddr;

use criterion::{Criterion, Throughput};
use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use handoff_sim::world::{SimulatedStage, WorldOptions, run};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::is_measured;

const BYTES: usize = 64;

pub fn echo(criterion: &mut Criterion) {
    let round_trips = if is_measured() { 10_000 } else { 10 };
    let mut group = criterion.benchmark_group("simulator/echo");
    group.throughput(Throughput::Elements(2 * round_trips));
    group.bench_function("handoff", |bencher| bencher.iter(|| on_handoff(round_trips)));
    group.bench_function("madsim", |bencher| bencher.iter(|| on_madsim(round_trips)));
    #[cfg(feature = "turmoil")]
    group.bench_function("turmoil", |bencher| bencher.iter(|| crate::turmoil::echo(round_trips)));
    group.finish();
}

/// Sends, and reads what comes back, so many times.
pub async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, round_trips: u64) -> io::Result<()> {
    let mut buffer = [0; BYTES];
    for _ in 0..round_trips {
        stream.write_all(&[7; BYTES]).await?;
        stream.flush().await?;
        stream.read_exact(&mut buffer).await?;
    }
    Ok(())
}

/// Sends back what comes, until nothing does.
pub async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = [0; BYTES];
    loop {
        stream.read_exact(&mut buffer).await?;
        stream.write_all(&buffer).await?;
        stream.flush().await?;
    }
}

fn on_handoff(round_trips: u64) {
    let outcome = run(WorldOptions::default(), move |stage: SimulatedStage| async move {
        let mut listener = stage.node("server").listen(stage.listen_address("server")).await?;
        let address = listener.local_address()?;
        stage.node("server").spawn(async move {
            if let Ok((stream, _)) = listener.accept().await {
                // It ends when the client does.
                let _ = answer(stream).await;
            }
        });
        ask(stage.node("client").connect(address).await?, round_trips).await
    });
    outcome.value.expect("the world goes on").expect("the network works");
}

fn on_madsim(round_trips: u64) {
    let address: SocketAddr = ([10, 0, 0, 1], 7).into();
    let runtime = madsim::runtime::Runtime::with_seed_and_config(0, madsim::Config::default());
    let [server, client] = [address.ip(), [10, 0, 0, 2].into()].map(|ip| runtime.create_node().ip(ip).build());
    let asked = runtime.block_on(async move {
        let listener = server.spawn(madsim::net::TcpListener::bind(address)).await.expect("a task")?;
        server.spawn(async move {
            if let Ok((stream, _)) = listener.accept().await {
                let _ = answer(stream).await;
            }
        });
        let asking = async move { ask(madsim::net::TcpStream::connect(address).await?, round_trips).await };
        client.spawn(asking).await.expect("a task")
    });
    asked.expect("the network works");
}
