//! Connecting: one round trip, repeated while nobody answers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;

use super::connection::{Connection, ConnectionId, Side};
use super::kernel::Kernel;
use super::lock;
use super::node::{Death, Life, NodeState};
use super::random;
use super::stream::SimulatedStream;
use super::trace::Event;

/// How long an unanswered request waits before it is repeated: TCP's initial retransmission timeout (RFC 6298,
/// section 2). It does not grow, so that a connection comes soon after a partition is healed.
const RETRANSMISSION_TIMEOUT: Duration = Duration::from_secs(1);

/// A request for a connection on its way.
struct Request {
    kernel: Arc<Kernel>,
    client: Arc<Life>,
    server: Arc<str>,
    from: SocketAddr,
    to: SocketAddr,
    id: ConnectionId,
    random: ChaCha8Rng,
}

/// What the asked node says.
enum Answer {
    Established(SimulatedStream),
    Refused,
}

/// Connects `client` to `to`.
///
/// # Errors
///
/// `ConnectionRefused` after a round trip if nobody listens there; `HostUnreachable` if no node has that address;
/// `NetworkDown` if the client's life has ended.
pub(super) async fn connect(kernel: Arc<Kernel>, client: Arc<Life>, to: SocketAddr) -> io::Result<SimulatedStream> {
    let mut request = Request::new(kernel, client, to)?;
    request.record(&Event::Connecting { connection: &request.id, to });
    let answer = loop {
        request.cross(Side::Client).await;
        match request.arrive() {
            Some(answer) => break answer,
            None => request.wait().await,
        }
    };
    loop {
        request.cross(Side::Server).await;
        if !request.is_lost(Side::Server) {
            break;
        }
        request.wait().await;
    }
    request.conclude(answer)
}

impl Request {
    fn new(kernel: Arc<Kernel>, client: Arc<Life>, to: SocketAddr) -> io::Result<Self> {
        let mut network = lock(&kernel.network);
        if !network.lives(&client) {
            return Err(io::ErrorKind::NetworkDown.into());
        }
        let server = network.name_at(to.ip()).ok_or(io::ErrorKind::HostUnreachable)?.clone();
        let node = network.node(&client.name);
        node.connects += 1;
        let id = ConnectionId { client: client.name.clone(), number: node.connects };
        let from = client.address(node.free_port().ok_or(io::ErrorKind::AddrNotAvailable)?);
        drop(network);
        let random = random::generator(kernel.seed, &format!("connect {id}"));
        Ok(Request { kernel, client, server, from, to, id, random })
    }

    /// Lasts as long as the way from `side` to the other.
    async fn cross(&mut self, side: Side) {
        let (from, to) = self.way(side);
        let delay = lock(&self.kernel.network).link_options(from, to).delay.clone();
        let duration = delay.sample(&mut self.random);
        self.kernel.clock.sleep(duration).await;
    }

    /// Whether a partition swallowed what was sent from `side`.
    fn is_lost(&self, side: Side) -> bool {
        let (from, to) = self.way(side);
        lock(&self.kernel.network).is_partitioned(from, to)
    }

    /// Waits for the time to ask again.
    async fn wait(&self) {
        self.record(&Event::Unanswered { connection: &self.id });
        self.kernel.clock.sleep(RETRANSMISSION_TIMEOUT).await;
    }

    /// The request reaches the asked node. `None` if there is no answer: it was lost on the way, the machine is gone,
    /// or too many connections wait to be accepted.
    fn arrive(&self) -> Option<Answer> {
        if self.is_lost(Side::Client) {
            return None;
        }
        let mut network = lock(&self.kernel.network);
        let node = network.node(&self.server);
        let server = match &node.state {
            NodeState::Running(life) => life.clone(),
            NodeState::Dead(Death::Silence) => return None,
            NodeState::Dead(Death::Eof | Death::Reset) => return Some(Answer::Refused),
        };
        let Some(backlog) = node.listeners.get(&self.to.port()).cloned() else {
            return Some(Answer::Refused);
        };
        if !backlog.has_room() {
            return None;
        }
        let links = [Side::Client, Side::Server].map(|side| {
            let (from, to) = self.way(side);
            let mut link = network.link(self.kernel.seed, &self.id, from, to);
            if network.is_partitioned(from, to) {
                link.hold(self.kernel.clock.now());
            }
            link
        });
        let connection = Arc::new(Connection::new(self.id.clone(), [self.client.clone(), server], links));
        network.connections.insert(self.id.clone(), connection.clone());
        let stream = |side| SimulatedStream::new(self.kernel.clone(), connection.clone(), side);
        backlog.push(self.id.clone(), stream(Side::Server), self.from);
        Some(Answer::Established(stream(Side::Client)))
    }

    /// The answer reaches the node that asked.
    fn conclude(self, answer: Answer) -> io::Result<SimulatedStream> {
        let lives = lock(&self.kernel.network).lives(&self.client);
        match answer {
            _ if !lives => Err(io::ErrorKind::NetworkDown.into()),
            Answer::Established(stream) => {
                self.record(&Event::Connected { connection: &self.id });
                Ok(stream)
            }
            Answer::Refused => {
                self.record(&Event::Refused { connection: &self.id });
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        }
    }

    /// The names of the node of `side` and the other.
    fn way(&self, side: Side) -> (&Arc<str>, &Arc<str>) {
        match side {
            Side::Client => (&self.client.name, &self.server),
            Side::Server => (&self.server, &self.client.name),
        }
    }

    fn record(&self, event: &Event<'_>) {
        self.kernel.record(&self.client.name, event);
    }
}
