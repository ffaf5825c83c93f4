//! The same programs in turmoil's world: a [`Runtime`] on its hosts, used by this benchmark alone.
//!
//! Its clock moves in ticks. A tick is as long as a link's delay, so that no tick passes without work.
#![allow(clippy::disallowed_methods, reason = "turmoil gives each host a Tokio runtime whose clock it moves")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handoff_broker::{Listener, Runtime, Task, Timestamp};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use crate::{broker, echo};

/// The delay of the default link in our world.
const DELAY: Duration = Duration::from_micros(250);
const SERVER: &str = "server";
const PORT: u16 = 5672;

/// The host on which a task runs, and when that began. Its clock can be read when the world is taken down, too, as
/// turmoil's own cannot.
#[derive(Clone, Copy)]
struct Host(tokio::time::Instant);

impl Host {
    fn here() -> Self {
        Host(tokio::time::Instant::now())
    }
}

impl Runtime for Host {
    type Stream = TcpStream;
    type Listener = Accepting;
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + self.0.elapsed()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Self::Sleep {
        tokio::time::sleep(deadline.since(self.now()))
    }

    fn run(&self, task: Task) {
        drop(tokio::spawn(task));
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<Accepting> {
        TcpListener::bind(address).await.map(Accepting)
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}

struct Accepting(TcpListener);

impl Listener for Accepting {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().await
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

async fn listen() -> io::Result<Accepting> {
    Host::here().listen((Ipv4Addr::UNSPECIFIED, PORT).into()).await
}

/// A world of an hour whose links take [`DELAY`].
fn world<'a>() -> Sim<'a> {
    let mut world = Builder::new();
    world.tick_duration(DELAY).min_message_latency(DELAY).max_message_latency(DELAY);
    world.simulation_duration(Duration::from_secs(3_600)).rng_seed(0).build()
}

fn server() -> SocketAddr {
    SocketAddr::new(turmoil::lookup(SERVER), PORT)
}

/// As [`echo`] in our world.
pub fn echo(round_trips: u64) {
    let mut world = world();
    world.host(SERVER, || async {
        let (stream, _) = listen().await?.accept().await?;
        // It ends when the client does.
        let _ = echo::answer(stream).await;
        Ok(())
    });
    world.client("client", async move { Ok(echo::ask(Host::here().connect(server()).await?, round_trips).await?) });
    world.run().expect("the network works");
}

/// As [`broker`] in our world.
pub fn hand_off(messages: u64) {
    let mut world = world();
    world.host(SERVER, || async {
        broker::serve(Host::here(), listen().await?).await;
        Ok(())
    });
    world.client("client", async move { Ok(broker::work(Host::here(), server(), messages).await?) });
    world.run().expect("every message is handed over");
}
