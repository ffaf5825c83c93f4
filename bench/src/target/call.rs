//! The synchronous baseline: nobody is in between. A producer calls a consumer over a connection, with a batch of
//! requests in one write, and the answer is confirm and acknowledgement in one.
//!
//! Producer number n calls consumer n modulo their number, as a client that was given one address does. A request is
//! its length and a body, an answer says how many requests were handled. Nothing is kept anywhere: when a side dies,
//! what was under way is the other side's to sort out.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, BytesMut};
use futures_util::future::BoxFuture;
use handoff_scenarios::log::wire::frame::{read_more, take_frame};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::connect::connect;
use super::{About, Consumer, Producer, Target, TargetError};

/// The largest request.
const MAX_REQUEST_BYTES: usize = 256 << 20;

/// Consumers that are called by producers.
#[derive(Debug, Default)]
pub struct Call {
    parties: Mutex<Parties>,
}

/// Who has come.
#[derive(Debug, Default)]
struct Parties {
    consumers: Vec<SocketAddr>,
    producers: usize,
}

impl Call {
    fn parties(&self) -> MutexGuard<'_, Parties> {
        self.parties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom the next producer calls.
    fn next_callee(&self) -> Result<SocketAddr, TargetError> {
        let mut parties = self.parties();
        parties.producers += 1;
        let callee =
            (parties.producers - 1).checked_rem(parties.consumers.len()).map(|number| parties.consumers[number]);
        callee.ok_or_else(|| TargetError::unsupported("a call needs a consumer that is called"))
    }

    async fn start_producer(&self) -> Result<Box<dyn Producer>, TargetError> {
        let stream = connect(self.next_callee()?).await?;
        Ok(Box::new(Caller { stream, output: BytesMut::new(), input: BytesMut::new() }))
    }

    async fn start_consumer(&self) -> Result<Box<dyn Consumer>, TargetError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        self.parties().consumers.push(listener.local_addr()?);
        Ok(Box::new(Callee { listener, connections: Vec::new() }))
    }
}

impl Target for Call {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        let about = About {
            version: format!("handoff {}", env!("CARGO_PKG_VERSION")),
            configuration: "producers call consumers over one connection each, a batch of requests in one write".into(),
            durability: "confirmed when the consumer has handled it; kept nowhere".into(),
        };
        Box::pin(async { Ok(about) })
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        *self.parties() = Parties::default();
        Box::pin(async { Ok(()) })
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(self.start_producer())
    }

    fn consumer(&self, _prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(self.start_consumer())
    }

    fn keeps(&self) -> Result<(), TargetError> {
        Err(TargetError::unsupported("nobody keeps what nobody answers yet"))
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Ok(()) })
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        None
    }
}

/// A producer: it calls.
struct Caller {
    stream: TcpStream,
    output: BytesMut,
    input: BytesMut,
}

impl Producer for Caller {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            for body in bodies {
                self.output.put_u32(body.len() as u32);
                self.output.put_slice(body);
            }
            self.stream.write_all(&self.output).await?;
            self.output.clear();
            Ok(())
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            while self.input.len() < 4 {
                if read_more(&mut self.stream, &mut self.input).await? == 0 {
                    return Err(TargetError::died("the consumer closed the connection"));
                }
            }
            let mut handled = 0;
            while let Ok(count) = self.input.try_get_u32() {
                handled += u64::from(count);
            }
            Ok(handled)
        })
    }
}

/// A consumer: it is called.
struct Callee {
    listener: TcpListener,
    connections: Vec<Connection>,
}

/// A connection from a producer.
struct Connection {
    stream: TcpStream,
    input: BytesMut,
    /// How many requests were handled and not answered.
    handled: u32,
    /// Whether the producer has not closed it.
    is_open: bool,
}

impl Callee {
    /// Accepts who calls and reads what has come, of all connections; ready if there was anything.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut progress = Poll::Pending;
        while let Poll::Ready(accepted) = self.listener.poll_accept(context) {
            let (stream, _) = accepted?;
            stream.set_nodelay(true)?;
            self.connections.push(Connection { stream, input: BytesMut::new(), handled: 0, is_open: true });
        }
        for connection in &mut self.connections {
            if let Poll::Ready(read) = pin!(read_more(&mut connection.stream, &mut connection.input)).poll(context) {
                connection.is_open = read? > 0;
                progress = Poll::Ready(Ok(()));
            }
        }
        self.connections.retain(|connection| connection.is_open);
        progress
    }

    /// Gives the requests that came whole to `take`; whether there were any.
    fn handle(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<bool, TargetError> {
        let mut any = false;
        for connection in &mut self.connections {
            while let Some(body) = take_frame(&mut connection.input, MAX_REQUEST_BYTES).map_err(TargetError::died)? {
                take(&body);
                connection.handled += 1;
                any = true;
            }
        }
        Ok(any)
    }
}

impl Consumer for Callee {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            while !self.handle(take)? {
                poll_fn(|context| self.poll_fill(context)).await?;
            }
            Ok(())
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            for connection in self.connections.iter_mut().filter(|connection| connection.handled > 0) {
                let handled = std::mem::take(&mut connection.handled);
                connection.stream.write_all(&handled.to_be_bytes()).await?;
            }
            Ok(())
        })
    }
}
