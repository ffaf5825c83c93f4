//! Where a program runs: two nodes, `client` and `server`, in the simulated world or on this machine.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use handoff_scenarios::stage::TcpStage;
use handoff_sim::world::{Death, SimulatedRuntime, SimulatedStage, SimulatedStream};
use tokio::net::TcpStream;

/// Two nodes, and what a program cannot do by itself.
pub trait Ground: Clone + 'static {
    type Stage: Stage<Runtime = Self::Runtime>;
    type Runtime: Runtime<Stream = Self::Stream>;
    type Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static;

    fn stage(&self) -> &Self::Stage;

    /// Ends a connection of the server with a reset.
    fn reset(&self, stream: Self::Stream);

    /// A duration as it can be told: exactly, or not at all.
    fn show(&self, elapsed: Duration) -> String;

    /// A listener of the server, and where it listens.
    async fn listen(&self) -> (<Self::Runtime as Runtime>::Listener, SocketAddr) {
        let address = self.stage().listen_address("server");
        let listener = self.stage().node("server").listen(address).await.expect("a free port");
        let address = listener.local_address().expect("an address");
        (listener, address)
    }

    /// Connects the client.
    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        self.stage().node("client").connect(address).await
    }

    /// A connection: the client's end, then the server's.
    async fn connected(&self) -> (Self::Stream, Self::Stream) {
        let (mut listener, address) = self.listen().await;
        let client = self.connect(address).await.expect("it listens");
        (client, listener.accept().await.expect("a connection").0)
    }

    /// What a future that need not end has come to after 50 ms.
    async fn wait<T>(&self, future: impl Future<Output = T> + Send) -> Option<T> {
        let runtime = self.stage().node("client");
        runtime.timeout_at(runtime.now() + Duration::from_millis(50), future).await
    }
}

#[derive(Clone)]
pub struct Simulated(pub SimulatedStage);

impl Ground for Simulated {
    type Stage = SimulatedStage;
    type Runtime = SimulatedRuntime;
    type Stream = SimulatedStream;

    fn stage(&self) -> &SimulatedStage {
        &self.0
    }

    fn reset(&self, stream: SimulatedStream) {
        self.0.cut("server", Death::Reset);
        drop(stream);
    }

    fn show(&self, elapsed: Duration) -> String {
        format!("{elapsed:?}")
    }
}

#[derive(Clone)]
pub struct Loopback(TcpStage);

impl Loopback {
    pub fn new() -> Self {
        Loopback(TcpStage::new())
    }
}

impl Ground for Loopback {
    type Stage = TcpStage;
    type Runtime = <TcpStage as Stage>::Runtime;
    type Stream = TcpStream;

    fn stage(&self) -> &TcpStage {
        &self.0
    }

    fn reset(&self, stream: TcpStream) {
        stream.set_zero_linger().expect("an open socket");
        drop(stream);
    }

    fn show(&self, _: Duration) -> String {
        "some time".into()
    }
}
