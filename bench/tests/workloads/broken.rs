//! Our broker in this process, seen through drivers that may have a defect.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::{BoxFuture, pending};
use handoff_bench::target::amqp::Amqp;
use handoff_bench::target::{About, Consumer, Producer, Target, TargetError};
use handoff_broker::core::Broker;
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener as _, Runtime as _, TokioRuntime};

/// What is wrong with a target. What happens once happens in the first batch after ten messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    None,
    /// One message never comes.
    Drops,
    /// One message comes twice.
    Repeats,
    /// One message comes after the one behind it.
    Delays,
    /// One message comes with another body.
    Changes,
    /// It acknowledges for its consumers.
    AcknowledgesItself,
    /// What is rejected is gone.
    ForgetsRejected,
    /// What is acknowledged is rejected too.
    RejectsAll,
    /// It forgets connections that do nothing.
    ForgetsIdle,
    /// It ends in the middle.
    Dies,
    /// It takes messages and says nothing.
    NeverConfirms,
    /// It does not take messages any more.
    StopsReading,
    /// It does not take acknowledgements.
    HangsOnAcknowledgement,
}

/// A target with a defect.
pub struct Broken {
    inner: Amqp,
    shared: Shared,
}

#[derive(Clone)]
struct Shared {
    defect: Defect,
    server: Server<Broker>,
    /// How many batches were sent.
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
    dead_letters: Arc<AtomicU64>,
    has_struck: Arc<AtomicBool>,
}

impl Broken {
    pub async fn start(defect: Defect) -> Self {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen("127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        let address = listener.local_address().expect("an address");
        let server = Server::new(Broker::new(), ServerOptions::default());
        let serving = server.clone();
        runtime.spawn(async move { serving.serve(runtime, listener).await });
        let [sent, received, dead_letters] = std::array::from_fn(|_| Arc::default());
        let has_struck = Arc::default();
        let shared = Shared { defect, server, sent, received, dead_letters, has_struck };
        Broken { inner: Amqp::at(address, "in memory"), shared }
    }

    /// How many messages came out of it, dead letters included.
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// How many of them were dead letters.
    pub fn dead_letters(&self) -> u64 {
        self.shared.dead_letters.load(Ordering::Relaxed)
    }

    pub fn has_queues(&self) -> bool {
        ["handoff-bench", "handoff-bench-dead"]
            .into_iter()
            .any(|queue| self.shared.server.inspect(|broker| broker.queue_counts(queue).is_some()))
    }
}

impl Target for Broken {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        self.inner.about()
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        self.inner.prepare()
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(async {
            let inner = self.inner.producer().await?;
            Ok(Box::new(BrokenProducer { inner, shared: self.shared.clone() }) as Box<dyn Producer>)
        })
    }

    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async move {
            let inner = self.inner.consumer(prefetch).await?;
            let consumer = BrokenConsumer { inner, shared: self.shared.clone(), of_dead_letters: false };
            Ok(Box::new(consumer) as Box<dyn Consumer>)
        })
    }

    fn redelivers(&self) -> Result<(), TargetError> {
        self.inner.redelivers()
    }

    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        self.inner.prepare_dead_letters()
    }

    fn dead_letter_consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async move {
            let inner = self.inner.dead_letter_consumer(prefetch).await?;
            let consumer = BrokenConsumer { inner, shared: self.shared.clone(), of_dead_letters: true };
            Ok(Box::new(consumer) as Box<dyn Consumer>)
        })
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        self.inner.clean_up()
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        self.inner.listens_on()
    }
}

struct BrokenProducer {
    inner: Box<dyn Producer>,
    shared: Shared,
}

impl Producer for BrokenProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        let is_tenth = self.shared.sent.fetch_add(1, Ordering::Relaxed) == 9;
        match self.shared.defect {
            Defect::StopsReading if is_tenth => return Box::pin(pending()),
            Defect::Dies if is_tenth => self.shared.server.shut_down(),
            // Whoever was idle sends a single message.
            Defect::ForgetsIdle if bodies.len() == 1 => {
                return Box::pin(async { Err(TargetError::died("the broker closed the connection")) });
            }
            _ => {}
        }
        self.inner.send(bodies)
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        if self.shared.defect == Defect::NeverConfirms {
            return Box::pin(pending());
        }
        self.inner.confirmed()
    }
}

struct BrokenConsumer {
    inner: Box<dyn Consumer>,
    shared: Shared,
    of_dead_letters: bool,
}

impl BrokenConsumer {
    async fn receive_all(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<(), TargetError> {
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        self.inner.receive(&mut |body| bodies.push(body.to_vec())).await?;
        let count = bodies.len() as u64;
        let before = self.shared.received.fetch_add(count, Ordering::Relaxed);
        if self.of_dead_letters {
            self.shared.dead_letters.fetch_add(count, Ordering::Relaxed);
        }
        if before >= 10 && count > 1 && !self.shared.has_struck.swap(true, Ordering::Relaxed) {
            self.shared.defect.strike(&mut bodies);
        }
        bodies.iter().for_each(|body| take(body));
        if self.shared.defect == Defect::AcknowledgesItself {
            self.inner.acknowledge().await?;
        }
        Ok(())
    }
}

impl Defect {
    /// Does to a message what it does once; there are two at least.
    fn strike(self, bodies: &mut Vec<Vec<u8>>) {
        match self {
            Defect::Drops => drop(bodies.remove(0)),
            Defect::Repeats => bodies.insert(0, bodies[0].clone()),
            Defect::Delays => bodies.swap(0, 1),
            Defect::Changes => bodies[0][40] ^= 1,
            _ => {}
        }
    }
}

impl Consumer for BrokenConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(self.receive_all(take))
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        match self.shared.defect {
            Defect::HangsOnAcknowledgement => Box::pin(pending()),
            Defect::RejectsAll if !self.of_dead_letters => self.inner.reject(),
            _ => self.inner.acknowledge(),
        }
    }

    fn reject(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        match self.shared.defect {
            Defect::ForgetsRejected => self.inner.acknowledge(),
            _ => self.inner.reject(),
        }
    }
}
