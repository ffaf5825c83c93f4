//! NATS JetStream: a stream with the retention of a work queue, and a consumer that is pulled from.
//!
//! Such a stream deletes what was acknowledged, and takes explicit acknowledgements only: one for each message, since
//! an acknowledgement of all up to one would take what other consumers hold.

mod consumer;
mod link;
mod producer;

use std::net::SocketAddr;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use futures_util::future::BoxFuture;

use self::consumer::NatsConsumer;
use self::link::{Link, connect, manage};
use self::producer::NatsProducer;
use super::connect::answered;
use super::{About, Address, Consumer, Producer, Target, TargetError};

/// The stream, and its consumer.
const NAME: &str = "handoff-bench";
/// The subject that the stream stores.
const SUBJECT: &str = "handoff-bench";
/// Where its consumer is asked for messages.
const NEXT: &str = "$JS.API.CONSUMER.MSG.NEXT.handoff-bench.handoff-bench";
/// How long a message may be held before it comes again.
const HOLD_LIMIT: Duration = Duration::from_secs(60);
/// How many questions may be open: two for each of a thousand consumers.
const MAX_WAITING: i64 = 2_000;

/// A NATS server, and one kind of its streams.
#[derive(Clone, Debug)]
pub struct Nats {
    login: Login,
    storage: StorageType,
}

/// Where to log in, and as whom.
#[derive(Clone, Debug)]
struct Login {
    address: SocketAddr,
    user: Option<(String, String)>,
}

impl Nats {
    /// The server of a `nats://` URL; `?storage=memory|file` says where the stream is kept.
    ///
    /// # Errors
    /// [`TargetError::Refused`] if the storage is none of these, [`TargetError::Down`] if the host has no address.
    pub fn new(address: &Address) -> Result<Self, TargetError> {
        let storage = match address.get("storage").unwrap_or("file") {
            "memory" => StorageType::Memory,
            "file" => StorageType::File,
            other => return Err(TargetError::Refused(format!("storage={other}: expected memory or file"))),
        };
        let resolved = address.resolve(4222);
        let resolved = resolved.map_err(|error| TargetError::Down { address: address.host.clone(), error })?;
        Ok(Nats { login: Login { address: resolved, user: address.user.clone() }, storage })
    }

    async fn describe(&self) -> Result<About, TargetError> {
        let (client, _) = connect(&self.login).await?;
        let (storage, durability) = match self.storage {
            StorageType::Memory => ("memory", "confirmed when the stream has it in memory"),
            StorageType::File => {
                ("file", "confirmed when it was written to the stream's file, synced in the background")
            }
        };
        Ok(About {
            version: format!("nats-server {}", client.server_info().version),
            configuration: format!(
                "JetStream, {storage} storage, work queue, pull consumer, explicit acknowledgements"
            ),
            durability: durability.into(),
        })
    }

    async fn delete_stream(&self, context: &Context) -> Result<(), TargetError> {
        let deleted = answered(async { Ok(context.delete_stream(NAME).await) }).await?;
        match deleted.map_err(|error| error.kind()) {
            Ok(_) => Ok(()),
            Err(GetStreamErrorKind::JetStream(error)) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(()),
            Err(kind) => Err(TargetError::Refused(kind.to_string())),
        }
    }

    async fn make_stream(&self) -> Result<(), TargetError> {
        let context = manage(&self.login).await?;
        self.delete_stream(&context).await?;
        let stream = Config {
            name: NAME.into(),
            subjects: vec![SUBJECT.into()],
            retention: RetentionPolicy::WorkQueue,
            storage: self.storage,
            ..Config::default()
        };
        let consumer = pull::Config {
            durable_name: Some(NAME.into()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: HOLD_LIMIT,
            // Each consumer limits itself, by what it asks for.
            max_ack_pending: -1,
            max_waiting: MAX_WAITING,
            ..pull::Config::default()
        };
        answered(async {
            let stream = context.create_stream(stream).await.map_err(refused)?;
            stream.create_consumer(consumer).await.map(drop).map_err(refused)
        })
        .await
    }
}

fn refused(error: impl std::error::Error) -> TargetError {
    TargetError::Refused(error.to_string())
}

impl Target for Nats {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        Box::pin(self.describe())
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.make_stream())
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(async {
            let link = Link::open(&self.login).await?;
            Ok(Box::new(NatsProducer::new(link)) as Box<dyn Producer>)
        })
    }

    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async move {
            let link = Link::open(&self.login).await?;
            Ok(Box::new(NatsConsumer::new(link, prefetch)) as Box<dyn Consumer>)
        })
    }

    fn redelivers(&self) -> Result<(), TargetError> {
        Err(TargetError::unsupported(
            "JetStream waits for its ack_wait before it sends again what a dead consumer held",
        ))
    }

    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Err(TargetError::unsupported("JetStream has no dead letter queue, it tells in an advisory")) })
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async {
            let context = manage(&self.login).await?;
            self.delete_stream(&context).await
        })
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.login.address)
    }
}
