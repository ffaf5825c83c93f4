//! Systems that speak Kafka's protocol: our log, and any single broker behind a `kafka://` URL.
//!
//! The driver is written on the log's own codec and does no more than a benchmark needs: a batch of messages is one
//! record batch in one request, several requests are outstanding, a fetch is always on its way, and commits are not
//! waited for. It talks to the one broker that it is given, which has to lead every partition; it does not look for
//! leaders, and it believes what comes back to have the structure that the protocol says.
//!
//! A log is no queue. Its consumers do not compete for messages but share partitions: a producer sends to one of them,
//! so that its order is kept, and one consumer reads it. Prefetch has no meaning here; a fetch brings what there is.

mod batch;
mod consumer;
mod link;
mod producer;
mod shares;
mod topic;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use self::consumer::KafkaConsumer;
use self::link::Link;
use self::producer::KafkaProducer;
use self::shares::Shares;
use super::{About, Address, Consumer, Producer, Target, TargetError};

/// A broker that speaks Kafka's protocol.
pub struct Kafka {
    address: SocketAddr,
    /// How many partitions there are at least.
    partitions: usize,
    /// What it is, as it does not say that itself.
    version: Option<String>,
    durability: String,
    run: Mutex<Run>,
}

/// The topic of a run, and who has come to it.
#[derive(Clone, Default)]
struct Run {
    /// None was made yet if it is empty. Offsets are committed for a group of the same name.
    topic: String,
    partitions: usize,
    consumers: usize,
    producers: usize,
    shares: Arc<Shares>,
}

impl Kafka {
    /// The broker of a `kafka://` URL; `?partitions=N` says how many there are at least.
    ///
    /// # Errors
    /// [`TargetError::Refused`] if that is no number from 1 to 1,000, [`TargetError::Down`] if the host has no address.
    pub fn new(address: &Address) -> Result<Self, TargetError> {
        let text = address.get("partitions").unwrap_or("1");
        let partitions = text
            .parse()
            .ok()
            .filter(|partitions| (1..=1_000).contains(partitions))
            .ok_or_else(|| TargetError::Refused(format!("partitions={text}: expected a number from 1 to 1000")))?;
        let resolved = address.resolve(9092);
        let resolved = resolved.map_err(|error| TargetError::Down { address: address.host.clone(), error })?;
        let durability = "confirmed by all replicas in sync (acks=all); as many of them, and synced, as it is set up";
        Ok(Kafka { address: resolved, partitions, version: None, durability: durability.into(), run: Mutex::default() })
    }

    /// Our log at `address`, of this version.
    pub fn ours(address: SocketAddr) -> Self {
        let version = Some(format!("handoff {}", env!("CARGO_PKG_VERSION")));
        let durability = "confirmed when the log has it in memory, all there is".into();
        Kafka { address, partitions: 1, version, durability, run: Mutex::default() }
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make_topic(&self) -> Result<(), TargetError> {
        self.delete_topic().await?;
        let consumers = self.run().consumers.max(1);
        let partitions = self.partitions.max(consumers);
        let topic = topic::fresh_name();
        topic::make(&mut Link::open(self.address).await?, &topic, partitions).await?;
        *self.run() = Run { topic, partitions, consumers, ..Run::default() };
        Ok(())
    }

    async fn delete_topic(&self) -> Result<(), TargetError> {
        let topic = std::mem::take(&mut self.run().topic);
        if topic.is_empty() {
            return Ok(());
        }
        topic::delete(&mut Link::open(self.address).await?, &topic).await
    }

    async fn start_producer(&self) -> Result<Box<dyn Producer>, TargetError> {
        let (topic, partition) = {
            let mut run = self.run();
            run.producers += 1;
            (run.topic.clone(), (run.producers - 1) % run.partitions.max(1))
        };
        let link = Link::open(self.address).await?;
        Ok(Box::new(KafkaProducer::new(link, topic, partition as i32)))
    }

    async fn start_consumer(&self) -> Result<Box<dyn Consumer>, TargetError> {
        let run = self.run().clone();
        let share = run.shares.claim();
        let partitions = (0..run.partitions).filter(|partition| partition % run.consumers.max(1) == share.number());
        let partitions: Vec<i32> = partitions.map(|partition| partition as i32).collect();
        let (fetches, mut commits) = (Link::open(self.address).await?, Link::open(self.address).await?);
        let offsets = topic::committed(&mut commits, &run.topic, &partitions).await?;
        Ok(Box::new(KafkaConsumer::new(fetches, commits, run.topic, offsets, share)))
    }
}

impl Target for Kafka {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        Box::pin(async {
            let spoken = topic::spoken(&mut Link::open(self.address).await?).await?;
            let version = self.version.clone().unwrap_or(spoken);
            let configuration = "one record batch a request, one partition a producer, partitions spread over consumers, \
                                 offsets committed asynchronously";
            Ok(About { version, configuration: configuration.into(), durability: self.durability.clone() })
        })
    }

    fn split_among(&self, consumers: usize) {
        self.run().consumers = consumers;
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.make_topic())
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(self.start_producer())
    }

    fn consumer(&self, _prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(self.start_consumer())
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.delete_topic())
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.address)
    }
}
