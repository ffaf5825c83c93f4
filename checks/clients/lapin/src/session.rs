//! What one check uses: connections, names of its own, and consumers; everything goes when the check ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use lapin::message::{BasicGetMessage, Delivery};
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Error, ErrorKind};

/// How a check, or a step of one, ends.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PATIENCE: Duration = Duration::from_secs(5);
static NAMES: AtomicU64 = AtomicU64::new(0);

/// The connections and names of one check.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    url: String,
    connections: Mutex<Vec<Connection>>,
    names: Mutex<Vec<String>>,
}

impl Session {
    /// Nothing is connected yet.
    pub fn new(url: &str) -> Self {
        Session(Arc::new(Inner { url: url.into(), connections: Mutex::default(), names: Mutex::default() }))
    }

    /// A channel on a connection of its own, with publisher confirms.
    pub async fn channel(&self) -> Outcome<Channel> {
        let channel = self.plain_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    /// A channel on a connection of its own, without confirms.
    pub async fn plain_channel(&self) -> Outcome<Channel> {
        let connection = Connection::connect(&self.0.url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        self.0.connections.lock().unwrap().push(connection);
        Ok(channel)
    }

    /// A name that nobody else uses, for a queue or an exchange that this session deletes.
    pub fn name(&self) -> String {
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let name = format!("check.lapin-{now}-{number}");
        self.0.names.lock().unwrap().push(name.clone());
        name
    }

    /// Declares a queue with these arguments and publishes the bodies to it.
    pub async fn queue(&self, channel: &Channel, arguments: FieldTable, bodies: &[&str]) -> Outcome<String> {
        let queue = self.name();
        channel.queue_declare(queue.as_str().into(), QueueDeclareOptions::default(), arguments).await?;
        for body in bodies {
            publish(channel, "", &queue, body.as_bytes(), BasicProperties::default()).await?;
        }
        Ok(queue)
    }

    /// A queue with these arguments, and the queue of its dead letters.
    pub async fn graveyard(&self, channel: &Channel, mut arguments: FieldTable) -> Outcome<(String, String)> {
        let dead = self.queue(channel, FieldTable::default(), &[]).await?;
        arguments.insert("x-dead-letter-exchange".into(), text(""));
        arguments.insert("x-dead-letter-routing-key".into(), text(&dead));
        Ok((self.queue(channel, arguments, &[]).await?, dead))
    }

    /// Ends every connection, then deletes what has a name.
    pub async fn end(self) -> Outcome {
        let connections = std::mem::take(&mut *self.0.connections.lock().unwrap());
        for connection in connections {
            close(connection).await?;
        }
        let names = std::mem::take(&mut *self.0.names.lock().unwrap());
        let cleaner = Connection::connect(&self.0.url, ConnectionProperties::default()).await?;
        for name in names {
            let channel = cleaner.create_channel().await?;
            // Deleting what is not there is no error in RabbitMQ; other brokers may refuse it.
            let queue = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await;
            let exchange = channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()).await;
            drop((queue, exchange));
        }
        close(cleaner).await
    }
}

/// Ends a connection. lapin closes a channel that is dropped, and calls it an error when it is still at that. Sometimes,
/// with whatever broker, it never answers a close whose socket has gone meanwhile: that is no fault as long as it has.
async fn close(connection: Connection) -> Outcome {
    let is_answered = tokio::time::timeout(PATIENCE, connection.close(200, "done".into())).await.is_ok();
    let status = connection.status();
    if is_answered || status.errored() || status.closed() { Ok(()) } else { Err("the close is not answered".into()) }
}

/// A consumer that keeps what is delivered.
pub struct Consumer {
    stream: lapin::Consumer,
    pub deliveries: Vec<Delivery>,
}

impl Consumer {
    /// Starts to consume.
    pub async fn start(channel: &Channel, queue: &str, options: BasicConsumeOptions) -> Outcome<Self> {
        let stream = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(Consumer { stream, deliveries: Vec::new() })
    }

    /// The name that the broker gave it.
    pub fn tag(&self) -> ShortString {
        self.stream.tag()
    }

    /// Waits for so many deliveries since the start; returns the last of them.
    pub async fn wait(&mut self, count: usize) -> Outcome<&Delivery> {
        while self.deliveries.len() < count {
            match tokio::time::timeout(PATIENCE, self.stream.next()).await? {
                Some(delivery) => self.deliveries.push(delivery?),
                None => return Err("the consumer was cancelled".into()),
            }
        }
        assert_eq!(self.deliveries.len(), count, "deliveries");
        Ok(&self.deliveries[count - 1])
    }

    /// Waits until the broker cancels it; nothing more may be delivered.
    pub async fn cancelled(&mut self) -> Outcome {
        match tokio::time::timeout(PATIENCE, self.stream.next()).await? {
            Some(other) => Err(format!("{other:?} instead of the end").into()),
            None => Ok(()),
        }
    }

    /// What was delivered, as text.
    pub fn bodies(&self) -> Vec<String> {
        self.deliveries.iter().map(|delivery| String::from_utf8_lossy(&delivery.data).into_owned()).collect()
    }
}

/// Publishes as mandatory or not, and waits for the confirm.
pub async fn publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    body: &[u8],
    properties: BasicProperties,
) -> Outcome<Confirmation> {
    let options = BasicPublishOptions::default();
    Ok(channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?.await?)
}

/// Publishes as mandatory, and waits for the confirm.
pub async fn publish_mandatory(channel: &Channel, exchange: &str, key: &str, body: &[u8]) -> Outcome<Confirmation> {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    Ok(channel.basic_publish(exchange.into(), key.into(), options, body, BasicProperties::default()).await?.await?)
}

/// Takes a message that need not be acknowledged; the queue must have one.
pub async fn take(channel: &Channel, queue: &str) -> Outcome<BasicGetMessage> {
    let options = BasicGetOptions { no_ack: true };
    channel.basic_get(queue.into(), options).await?.ok_or_else(|| "the queue is empty".into())
}

/// How many messages are ready.
pub async fn ready(channel: &Channel, queue: &str) -> Outcome<u32> {
    let options = QueueDeclareOptions { passive: true, ..Default::default() };
    Ok(channel.queue_declare(queue.into(), options, FieldTable::default()).await?.message_count())
}

/// Waits until so many messages are ready.
pub async fn wait_ready(channel: &Channel, queue: &str, count: u32) -> Outcome {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while ready(channel, queue).await? != count {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {count} ready messages");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The error must be the broker's, with this code and with this in its text.
pub fn refused<T>(result: Result<T, Error>, code: u16, text: &str) {
    let error = result.err().expect("it was not refused");
    let ErrorKind::ProtocolError(told) = error.kind() else { panic!("{error} instead of {text}") };
    assert_eq!(told.get_id(), code, "{told}");
    assert!(told.get_message().as_str().contains(text), "{told} without {text}");
}

/// A table of arguments.
pub fn table<const N: usize>(fields: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in fields {
        table.insert(name.into(), value);
    }
    table
}

/// A text as a value of a table.
pub fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// A number as a value of a table.
pub fn number(number: i32) -> AMQPValue {
    AMQPValue::LongInt(number)
}
