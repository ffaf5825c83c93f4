//! A channel's handle: declarations, publishing, consuming.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::{mpsc, oneshot};

use super::delivery::Delivery;
use super::error::ClientError;
use super::shared::{Answer, Shared};
use crate::amqp::codec::{Method, ReplyCode, Table, TableBuilder};
use crate::amqp::queue_arguments;
use crate::core::QueueOptions;

/// An open channel. Cheap to clone; clones are the same channel.
#[derive(Clone)]
pub struct Channel {
    number: u16,
    shared: Shared,
}

/// What the broker says of a queue that was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// Its name, which the broker made up if none was given.
    pub name: String,
    /// How many messages are ready.
    pub messages: u32,
    /// How many consumers it has.
    pub consumers: u32,
}

impl Channel {
    pub(super) fn new(number: u16, shared: Shared) -> Self {
        Channel { number, shared }
    }

    /// Declares a queue; an empty name asks the broker for one.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if it exists with other options.
    pub async fn declare_queue(&self, name: &str, options: &QueueOptions) -> Result<QueueState, ClientError> {
        let arguments: TableBuilder = queue_arguments(&options.policy);
        let declare = Method::QueueDeclare {
            queue: name,
            passive: false,
            durable: options.durable,
            exclusive: options.exclusive,
            auto_delete: options.auto_delete,
            no_wait: false,
            arguments: arguments.as_table(),
        };
        match self.ask(&declare).await? {
            Answer::Declared { queue, messages, consumers } => Ok(QueueState { name: queue, messages, consumers }),
            other => Err(unexpected(&other)),
        }
    }

    /// Declares a direct exchange that is not durable.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if it exists with other options.
    pub async fn declare_direct_exchange(&self, name: &str) -> Result<(), ClientError> {
        self.declare_exchange(name, "direct").await
    }

    /// Declares a fanout exchange that is not durable.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if it exists with other options.
    pub async fn declare_fanout_exchange(&self, name: &str) -> Result<(), ClientError> {
        self.declare_exchange(name, "fanout").await
    }

    async fn declare_exchange(&self, name: &str, kind: &str) -> Result<(), ClientError> {
        let declare = Method::ExchangeDeclare {
            exchange: name,
            kind,
            passive: false,
            durable: false,
            auto_delete: false,
            internal: false,
            no_wait: false,
            arguments: Table::default(),
        };
        self.ask(&declare).await.map(drop)
    }

    /// Binds a queue to an exchange.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if one of them does not exist.
    pub async fn bind_queue(&self, queue: &str, exchange: &str, routing_key: &[u8]) -> Result<(), ClientError> {
        let bind = Method::QueueBind { queue, exchange, routing_key, no_wait: false, arguments: Table::default() };
        self.ask(&bind).await.map(drop)
    }

    /// Drops the ready messages of a queue and returns how many there were.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if there is no such queue.
    pub async fn purge_queue(&self, queue: &str) -> Result<u32, ClientError> {
        match self.ask(&Method::QueuePurge { queue, no_wait: false }).await? {
            Answer::Count(count) => Ok(count),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for publisher confirms; [`publish`](Channel::publish) is only to be used after it.
    ///
    /// # Errors
    /// If the channel is over.
    pub async fn select_confirms(&self) -> Result<(), ClientError> {
        self.ask(&Method::ConfirmSelect { no_wait: false }).await.map(drop)
    }

    /// Sends a message; what is returned waits for its confirm. Messages are taken in the order of these calls.
    ///
    /// # Errors
    /// If the channel is over: the message was not sent.
    pub fn publish(
        &self,
        exchange: &str,
        routing_key: &[u8],
        properties: &[u8],
        body: &[u8],
    ) -> Result<Confirmation, ClientError> {
        let (confirm, confirmed) = oneshot::channel();
        let mut state = self.shared.lock();
        let channel = state.channel(self.number)?;
        channel.published += 1;
        channel.confirms.insert(channel.published, confirm);
        let publish = Method::BasicPublish { exchange, routing_key, mandatory: false, immediate: false };
        state.output.message(self.number, &publish, properties, body);
        state.wake_driver();
        Ok(Confirmation(confirmed))
    }

    /// Limits the unacknowledged deliveries of each consumer that is started from now on; 0 is no limit.
    ///
    /// # Errors
    /// If the channel is over.
    pub async fn set_prefetch(&self, prefetch_count: u16) -> Result<(), ClientError> {
        self.ask(&Method::BasicQos { prefetch_size: 0, prefetch_count, global: false }).await.map(drop)
    }

    /// Starts a consumer that acknowledges by itself. `consumer_tag` must be new on this channel.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if there is no such queue.
    pub async fn consume(&self, queue: &str, consumer_tag: &str) -> Result<Consumer, ClientError> {
        let (sender, deliveries) = mpsc::unbounded_channel();
        // Before the answer, since deliveries may come with it.
        self.shared.lock().channel(self.number)?.consumers.insert(consumer_tag.to_owned(), sender);
        let consume = Method::BasicConsume {
            queue,
            consumer_tag,
            no_local: false,
            no_ack: false,
            exclusive: false,
            no_wait: false,
            arguments: Table::default(),
        };
        self.ask(&consume).await?;
        Ok(Consumer { deliveries })
    }

    /// Ends a consumer. What it was delivered and did not acknowledge stays unacknowledged.
    ///
    /// # Errors
    /// If the channel is over.
    pub async fn cancel(&self, consumer_tag: &str) -> Result<(), ClientError> {
        self.ask(&Method::BasicCancel { consumer_tag, no_wait: false }).await?;
        if let Ok(channel) = self.shared.lock().channel(self.number) {
            channel.consumers.remove(consumer_tag);
        }
        Ok(())
    }

    /// Takes one ready message from a queue.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if there is no such queue.
    pub async fn get(&self, queue: &str) -> Result<Option<Delivery>, ClientError> {
        match self.ask(&Method::BasicGet { queue, no_ack: false }).await? {
            Answer::Got(delivery) => Ok(delivery),
            other => Err(unexpected(&other)),
        }
    }

    /// Says that the work of a delivery is done. There is no answer: whether the broker took it is known when
    /// something later on this channel is answered.
    ///
    /// # Errors
    /// If the channel is over: nothing was sent.
    pub fn acknowledge(&self, delivery_tag: u64, multiple: bool) -> Result<(), ClientError> {
        self.shared.tell(self.number, &Method::BasicAck { delivery_tag, multiple })
    }

    /// Gives a delivery back to its queue, or up for dead. As for [`acknowledge`](Channel::acknowledge), there is no
    /// answer.
    ///
    /// # Errors
    /// If the channel is over: nothing was sent.
    pub fn reject(&self, delivery_tag: u64, requeue: bool) -> Result<(), ClientError> {
        self.shared.tell(self.number, &Method::BasicReject { delivery_tag, requeue })
    }

    /// As [`reject`](Channel::reject), for all deliveries up to this one if `multiple`.
    ///
    /// # Errors
    /// If the channel is over: nothing was sent.
    pub fn nack(&self, delivery_tag: u64, multiple: bool, requeue: bool) -> Result<(), ClientError> {
        self.shared.tell(self.number, &Method::BasicNack { delivery_tag, multiple, requeue })
    }

    /// Closes the channel and waits until the broker has; then everything that was sent on it before was taken.
    ///
    /// # Errors
    /// If the channel is over.
    pub async fn close(&self) -> Result<(), ClientError> {
        let reply_code = ReplyCode::ReplySuccess.code();
        let close = Method::ChannelClose { reply_code, reply_text: "bye", class_id: 0, method_id: 0 };
        self.ask(&close).await.map(drop)
    }

    async fn ask(&self, method: &Method<'_>) -> Result<Answer, ClientError> {
        self.shared.ask(self.number, method).await
    }
}

fn unexpected(answer: &Answer) -> ClientError {
    ClientError::Interrupted { reason: format!("the broker gave another request's answer: {answer:?}") }
}

/// Waits for a publish to be confirmed: then the broker has the message, or knows that nobody wants it.
#[derive(Debug)]
#[must_use = "a publish is only certain when it is confirmed"]
pub struct Confirmation(oneshot::Receiver<Result<(), ClientError>>);

impl Future for Confirmation {
    type Output = Result<(), ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let confirmed = ready!(Pin::new(&mut self.0).poll(context));
        let gone = |_| Err(ClientError::Interrupted { reason: "the client ended".into() });
        Poll::Ready(confirmed.unwrap_or_else(gone))
    }
}

/// The deliveries of a consumer.
#[derive(Debug)]
pub struct Consumer {
    deliveries: mpsc::UnboundedReceiver<Delivery>,
}

impl Consumer {
    /// The next delivery; `None` when the consumer was cancelled or its channel is over.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }
}
