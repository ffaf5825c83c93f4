//! Worlds with two nodes, `client` and `server`.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use handoff_sim::world::{
    Delay, LinkOptions, NetworkOptions, SimulatedListener, SimulatedStage, SimulatedStream, WorldOptions, run,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub fn us(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// A world whose nodes are all joined by such links.
pub fn with_links(link: LinkOptions) -> WorldOptions {
    WorldOptions { network: NetworkOptions { link, ..NetworkOptions::default() }, ..WorldOptions::default() }
}

/// A world in which every segment takes 250 us.
pub fn constant() -> WorldOptions {
    with_links(LinkOptions { delay: Delay::constant(250), ..LinkOptions::default() })
}

/// A world in which every segment takes something else, up to 1 ms.
pub fn random(seed: u64) -> WorldOptions {
    let delay = Delay::Uniform { minimum_us: 1, maximum_us: 1_000 };
    WorldOptions { seed, ..with_links(LinkOptions { delay, ..LinkOptions::default() }) }
}

/// What `play` returns on a world that must not fail.
pub fn played<T, Played>(options: WorldOptions, play: impl FnOnce(SimulatedStage) -> Played + Send + 'static) -> T
where
    T: Send + 'static,
    Played: Future<Output = T> + 'static,
{
    run(options, play).value.expect("the world runs to its end")
}

/// A listener on the node called `server`, and its address.
pub async fn listen(stage: &SimulatedStage) -> (SimulatedListener, SocketAddr) {
    let listener = stage.node("server").listen(stage.listen_address("server")).await.expect("a free port");
    let address = listener.local_address().expect("an address");
    (listener, address)
}

/// A connection from `client` to `server`: the client's end, then the server's.
pub async fn connected(stage: &SimulatedStage) -> (SimulatedStream, SimulatedStream) {
    let (mut listener, address) = listen(stage).await;
    let client = stage.node("client");
    let (asked, accepted) = tokio::join!(client.connect(address), listener.accept());
    (asked.expect("a connection"), accepted.expect("a connection").0)
}

/// An echo server on the node called `server`, for any number of connections.
pub async fn echo_server(stage: &SimulatedStage) -> SocketAddr {
    let (mut listener, address) = listen(stage).await;
    let server = stage.node("server");
    stage.node("server").spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            server.spawn(async move {
                let (mut reader, mut writer) = tokio::io::split(stream);
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
    address
}

/// Writes `message` and reads as many bytes.
pub async fn round_trip(stream: &mut SimulatedStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(message).await.expect("the peer is there");
    let mut answer = vec![0; message.len()];
    stream.read_exact(&mut answer).await.expect("the peer answers");
    answer
}
