//! Brokers that speak AMQP 0-9-1: ours, RabbitMQ with its three kinds of queue, LavinMQ and their like.
//!
//! All of them are driven by the same code, written on our codec and no more than what a benchmark needs: whole batches
//! are written and read in one go, and nothing is allocated for a message. General clients cost several times of what
//! the faster brokers do, and the figures would be theirs.

mod confirms;
mod consumer;
mod link;
mod mould;
mod producer;
mod relayed;

use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use handoff_broker::amqp::codec::{Method, Table, TableBuilder, Value};

use self::consumer::AmqpConsumer;
use self::link::Link;
use self::producer::AmqpProducer;
pub use self::relayed::Relay;
use super::{About, Address, Consumer, Producer, Target, TargetError};

/// The queue that is used, deleted before and after.
const QUEUE: &str = "handoff-bench";
/// Where what was rejected goes, if that is asked for.
const DEAD_LETTER_QUEUE: &str = "handoff-bench-dead";
/// The channel that everything is done on.
const CHANNEL: u16 = 1;

/// A broker at the other end of a URL, and one kind of its queues.
#[derive(Clone, Debug)]
pub struct Amqp {
    login: Login,
    kind: QueueKind,
    durability: Option<String>,
}

/// Where to log in, and as whom.
#[derive(Clone, Debug)]
struct Login {
    address: SocketAddr,
    user: String,
    password: String,
    virtual_host: String,
}

/// What `x-queue-type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// Held by one node.
    Classic,
    /// Replicated by consensus, always durable.
    Quorum,
    /// A log: acknowledged messages stay, the queue is made anew for each run.
    Stream,
}

impl QueueKind {
    fn name(self) -> &'static str {
        match self {
            QueueKind::Classic => "classic",
            QueueKind::Quorum => "quorum",
            QueueKind::Stream => "stream",
        }
    }
}

impl Amqp {
    /// The broker of an `amqp://` URL; `?queue=classic|quorum|stream` says which kind of queue.
    ///
    /// # Errors
    /// [`TargetError::Refused`] if the kind is none of these, [`TargetError::Down`] if the host has no address.
    pub fn new(address: &Address) -> Result<Self, TargetError> {
        let kind = match address.get("queue").unwrap_or("classic") {
            "classic" => QueueKind::Classic,
            "quorum" => QueueKind::Quorum,
            "stream" => QueueKind::Stream,
            other => {
                let text = format!("queue={other}: expected classic, quorum or stream");
                return Err(TargetError::Refused(text));
            }
        };
        let (user, password) = address.user.clone().unwrap_or_else(|| ("guest".into(), "guest".into()));
        let virtual_host = address.path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".into());
        let resolved = address.resolve(5672);
        let resolved = resolved.map_err(|error| TargetError::Down { address: address.host.clone(), error })?;
        Ok(Amqp { login: Login { address: resolved, user, password, virtual_host }, kind, durability: None })
    }

    /// A broker at `address` that lets `guest` in, whose confirm promises `durability`.
    pub fn at(address: SocketAddr, durability: &str) -> Self {
        let login = Login { address, user: "guest".into(), password: "guest".into(), virtual_host: "/".into() };
        Amqp { login, kind: QueueKind::Classic, durability: Some(durability.into()) }
    }

    /// A connection with an open channel.
    async fn link(&self) -> Result<Link, TargetError> {
        let mut link = Link::open(&self.login).await?;
        link.ask(CHANNEL, &Method::ChannelOpen {}, |method| matches!(method, Method::ChannelOpenOk {})).await?;
        Ok(link)
    }

    async fn delete_queues(&self, link: &mut Link) -> Result<(), TargetError> {
        for queue in [QUEUE, DEAD_LETTER_QUEUE] {
            let delete = Method::QueueDelete { queue, if_unused: false, if_empty: false, no_wait: false };
            link.ask(CHANNEL, &delete, |method| matches!(method, Method::QueueDeleteOk { .. })).await?;
        }
        Ok(())
    }

    async fn make_queues(&self, with_dead_letters: bool) -> Result<(), TargetError> {
        let mut link = self.link().await?;
        self.delete_queues(&mut link).await?;
        let mut arguments = TableBuilder::new();
        if with_dead_letters {
            self.make_queue(&mut link, DEAD_LETTER_QUEUE, TableBuilder::new()).await?;
            arguments.insert("x-dead-letter-exchange", Value::LongString(b""));
            arguments.insert("x-dead-letter-routing-key", Value::LongString(DEAD_LETTER_QUEUE.as_bytes()));
        }
        self.make_queue(&mut link, QUEUE, arguments).await
    }

    async fn make_queue(&self, link: &mut Link, queue: &str, mut arguments: TableBuilder) -> Result<(), TargetError> {
        if self.kind != QueueKind::Classic {
            arguments.insert("x-queue-type", Value::LongString(self.kind.name().as_bytes()));
        }
        let declare = Method::QueueDeclare {
            queue,
            passive: false,
            durable: self.kind != QueueKind::Classic,
            exclusive: false,
            auto_delete: false,
            no_wait: false,
            arguments: arguments.as_table(),
        };
        link.ask(CHANNEL, &declare, |method| matches!(method, Method::QueueDeclareOk { .. })).await
    }

    /// A stream is a log: nothing is taken out of it.
    fn takes_out(&self, what: &str) -> Result<(), TargetError> {
        match self.kind {
            QueueKind::Stream => Err(TargetError::Unsupported(format!("a stream is a log: {what}"))),
            QueueKind::Classic | QueueKind::Quorum => Ok(()),
        }
    }

    async fn start_producer(&self) -> Result<Box<dyn Producer>, TargetError> {
        let mut link = self.link().await?;
        let select = Method::ConfirmSelect { no_wait: false };
        link.ask(CHANNEL, &select, |method| matches!(method, Method::ConfirmSelectOk {})).await?;
        Ok(Box::new(AmqpProducer::new(link)))
    }

    async fn start_consumer(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Consumer>, TargetError> {
        let mut link = self.link().await?;
        let limit = Method::BasicQos { prefetch_size: 0, prefetch_count: prefetch, global: false };
        link.ask(CHANNEL, &limit, |method| matches!(method, Method::BasicQosOk {})).await?;
        let mut arguments = TableBuilder::new();
        if self.kind == QueueKind::Stream {
            arguments.insert("x-stream-offset", Value::LongString(b"first"));
        }
        let consume = Method::BasicConsume {
            queue,
            consumer_tag: "c",
            no_local: false,
            no_ack: false,
            exclusive: false,
            no_wait: false,
            arguments: arguments.as_table(),
        };
        link.ask(CHANNEL, &consume, |method| matches!(method, Method::BasicConsumeOk { .. })).await?;
        Ok(Box::new(AmqpConsumer::new(link)))
    }

    fn promise(&self) -> String {
        let promise = match self.kind {
            QueueKind::Classic => "confirmed when the queue has it in memory (transient messages)",
            QueueKind::Quorum => "confirmed when a majority of the replicas has written it to disk; one node here",
            QueueKind::Stream => "confirmed when it was written to the stream's file, not synced",
        };
        self.durability.clone().unwrap_or_else(|| promise.into())
    }
}

impl Target for Amqp {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        Box::pin(async {
            let link = Link::open(&self.login).await?;
            let configuration = format!("{} queue, publisher confirms, manual acknowledgements", self.kind.name());
            Ok(About { version: link.server, configuration, durability: self.promise() })
        })
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.make_queues(false))
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(self.start_producer())
    }

    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(self.start_consumer(QUEUE, prefetch))
    }

    fn redelivers(&self) -> Result<(), TargetError> {
        self.takes_out("a consumer that comes later begins where it likes")
    }

    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async {
            self.takes_out("nothing is rejected")?;
            self.make_queues(true).await
        })
    }

    fn dead_letter_consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(self.start_consumer(DEAD_LETTER_QUEUE, prefetch))
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async {
            let mut link = self.link().await?;
            self.delete_queues(&mut link).await
        })
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.login.address)
    }
}

/// The text of a server property; empty if it is none.
fn property<'a>(properties: Table<'a>, name: &str) -> &'a str {
    properties.get(name).and_then(Value::as_str).unwrap_or_default()
}
