//! The producer: records are collected into batches by partition and sent when a batch is full or has lingered.

mod accumulator;
mod request;
mod sender;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use handoff_broker::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::connection::Connection;
use super::error::ClientError;
use crate::log::record::Record;
use sender::Sender;

/// What the broker has to do before a record counts as produced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// Nothing: a record counts when it was written to the connection (acks 0).
    None,
    /// The leader has appended it (acks 1).
    Leader,
    /// All replicas have (acks all). Here there is one, so it is the same as [`Acks::Leader`].
    #[default]
    All,
}

impl Acks {
    fn on_the_wire(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// Settings of a producer, with Kafka's names, meanings and defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerOptions {
    /// What the client calls itself.
    pub client_id: String,
    /// What makes a record count as produced.
    pub acks: Acks,
    /// How long the first record of a batch waits for others (`linger.ms`; 5 ms since Kafka 4.0).
    pub linger: Duration,
    /// A batch is closed before it gets larger than this, unless one record alone is (`batch.size`).
    pub batch_bytes: usize,
    /// The most bytes of records that are not yet produced; beyond that, `send` waits (`buffer.memory`).
    pub buffer_bytes: usize,
    /// The most requests without an answer (`max.in.flight.requests.per.connection`). Order is kept nevertheless,
    /// since nothing is retried.
    pub max_in_flight: usize,
    /// How long connecting and each request may take (`request.timeout.ms`).
    pub request_timeout: Duration,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        ProducerOptions {
            client_id: "producer".to_owned(),
            acks: Acks::All,
            linger: Duration::from_millis(5),
            batch_bytes: 16 << 10,
            buffer_bytes: 32 << 20,
            max_in_flight: 5,
            request_timeout: Duration::from_secs(30),
        }
    }
}

/// Where a record was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The partition.
    pub partition: i32,
    /// The offset there; `None` with [`Acks::None`].
    pub offset: Option<i64>,
}

type Reply = oneshot::Sender<Result<Appended, ClientError>>;

/// A record on its way to its partition.
struct Sending {
    topic: String,
    /// `None` leaves it to the partitioner.
    partition: Option<i32>,
    timestamp_ms: i64,
    record: Record,
    reply: Reply,
    /// Its share of the buffer, given back when it is done.
    permit: OwnedSemaphorePermit,
}

enum Command {
    Send(Sending),
    /// Send everything now, without lingering.
    Flush,
}

/// Produces records. Cheap to clone; clones are the same producer.
///
/// Records of one partition are appended in the order in which `send` was called. When the connection is lost every
/// record that was not yet answered fails, and so does every later one: the owner makes a new producer.
#[derive(Clone)]
pub struct Producer<R: Runtime> {
    runtime: R,
    commands: mpsc::UnboundedSender<Command>,
    buffer: Arc<Semaphore>,
    buffer_bytes: usize,
    connection: Connection<R>,
}

impl<R: Runtime> Producer<R> {
    /// Connects to a broker.
    pub async fn connect(runtime: &R, address: SocketAddr, options: ProducerOptions) -> Result<Self, ClientError> {
        let connection = Connection::open(runtime, address, &options.client_id, options.request_timeout).await?;
        let (commands, received) = mpsc::unbounded_channel();
        let buffer_bytes = options.buffer_bytes.clamp(1, u32::MAX as usize >> 1);
        runtime.spawn(Sender::new(runtime.clone(), connection.clone(), options).run(received));
        let buffer = Arc::new(Semaphore::new(buffer_bytes));
        Ok(Producer { runtime: runtime.clone(), commands, buffer, buffer_bytes, connection })
    }

    /// Hands a record over, to the partition that its key says. Waits while the buffer is full; dropped while it
    /// waits, the record is not produced.
    pub async fn send(&self, topic: &str, record: Record) -> Delivery {
        self.hand_over(topic, None, record).await
    }

    /// Hands a record over to a partition. Waits as [`send`](Self::send) does.
    pub async fn send_to(&self, topic: &str, partition: i32, record: Record) -> Delivery {
        self.hand_over(topic, Some(partition), record).await
    }

    /// Produces a record and waits for its offset.
    pub async fn produce(&self, topic: &str, record: Record) -> Result<Appended, ClientError> {
        self.send(topic, record).await.await
    }

    /// Sends everything that was handed over, without lingering, and waits until all of it is done, well or not.
    /// Records handed over meanwhile wait for that, too.
    pub async fn flush(&self) {
        // an error means that the sender is gone, and with it all that could be waited for
        let _ = self.commands.send(Command::Flush);
        // the buffer is all there again when nothing is under way any more
        drop(self.buffer.acquire_many(self.buffer_bytes as u32).await);
    }

    /// Whether the connection is lost, so that nothing can be produced any more.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    async fn hand_over(&self, topic: &str, partition: Option<i32>, record: Record) -> Delivery {
        let (reply, outcome) = oneshot::channel();
        // the semaphore is never closed, so a permit always comes
        let size = record.size().min(self.buffer_bytes) as u32;
        if let Ok(permit) = self.buffer.clone().acquire_many_owned(size).await {
            let timestamp_ms = (self.runtime.now().as_nanoseconds() / 1_000_000) as i64;
            let topic = topic.to_owned();
            let sending = Sending { topic, partition, timestamp_ms, record, reply, permit };
            // if the sender is gone, the reply is dropped, and says so
            let _ = self.commands.send(Command::Send(sending));
        }
        Delivery(outcome)
    }
}

/// What becomes of a record; dropping it changes nothing for the record.
#[derive(Debug)]
#[must_use = "only the delivery says whether the record was produced"]
pub struct Delivery(oneshot::Receiver<Result<Appended, ClientError>>);

impl Future for Delivery {
    type Output = Result<Appended, ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // the sender answers everything it sends; what it drops was not sent
        Pin::new(&mut self.0).poll(context).map(|outcome| outcome.unwrap_or(Err(ClientError::NotSent)))
    }
}
