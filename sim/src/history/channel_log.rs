//! What a client writes about one of its channels.

use handoff_broker::client;

use super::body::{Digest, identify_body};
use super::event::{Death, Delivery, Outcome, Request, What};
use super::ids::{ChannelId, ConsumerId, MessageId, OperationId, ProcessId, QueueId};
use super::recorder::Recorder;

/// Writes what a client does on one channel. Cheap to clone; clones are the same channel.
///
/// Call it before the client sends, and [`Operation::ended`] after it was answered.
#[derive(Clone)]
pub struct ChannelLog {
    recorder: Recorder,
    process: ProcessId,
    id: ChannelId,
}

impl ChannelLog {
    pub(super) fn new(recorder: Recorder, process: ProcessId, id: ChannelId) -> Self {
        ChannelLog { recorder, process, id }
    }

    /// Its number.
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// Publishes a message to a queue. `digest` is what every delivery of it must have.
    pub fn publish(&self, queue: QueueId, message: MessageId, digest: Digest) -> Operation {
        self.invoke(Request::Publish { queue, message, digest })
    }

    /// Starts a consumer. What it is delivered may come before this operation ends.
    pub fn consume(&self, queue: QueueId, prefetch: u16, no_ack: bool) -> (ConsumerId, Operation) {
        let consumer = self.recorder.new_consumer();
        (consumer, self.invoke(Request::Consume { consumer, queue, prefetch, no_ack }))
    }

    /// Ends a consumer.
    pub fn cancel(&self, consumer: ConsumerId) -> Operation {
        self.invoke(Request::Cancel { consumer })
    }

    /// Asks for one message; if it gets one, that is written with [`delivered`](ChannelLog::delivered).
    pub fn get(&self, queue: QueueId, no_ack: bool) -> Operation {
        self.invoke(Request::Get { queue, no_ack })
    }

    /// Acknowledges a delivery, or all up to it. Tag 0 is written as the latest tag that was seen.
    pub fn acknowledge(&self, delivery_tag: u64, multiple: bool) -> Operation {
        self.invoke(Request::Acknowledge { delivery_tag, multiple })
    }

    /// Gives a delivery back to its queue, or up for dead; or all up to it.
    pub fn reject(&self, delivery_tag: u64, multiple: bool, requeue: bool) -> Operation {
        self.invoke(Request::Reject { delivery_tag, multiple, requeue })
    }

    /// Requeues everything it holds.
    pub fn recover(&self) -> Operation {
        self.invoke(Request::Recover)
    }

    /// Drops what is in a queue, or deletes it.
    pub fn purge(&self, queue: QueueId) -> Operation {
        self.invoke(Request::Purge { queue })
    }

    /// Closes the channel, or the connection that it is on.
    pub fn close(&self) -> Operation {
        self.invoke(Request::Close)
    }

    /// Asks for anything else that has an answer.
    pub fn ask(&self) -> Operation {
        self.invoke(Request::Other)
    }

    /// A message came: to a consumer, or `None` if it was got.
    pub fn delivered(&self, queue: QueueId, consumer: Option<ConsumerId>, delivery: &client::Delivery) {
        let death = |(queue, reason, count)| Death { queue, reason, count };
        self.received(Delivery {
            channel: self.id,
            consumer,
            queue,
            delivery_tag: delivery.delivery_tag,
            message: identify_body(&delivery.body),
            digest: Digest::of_message(&delivery.properties, &delivery.body),
            redelivered: delivery.redelivered,
            delivery_count: delivery.delivery_count(),
            deaths: delivery.deaths().into_iter().map(death).collect(),
        });
    }

    /// As [`delivered`](ChannelLog::delivered), for a client that is not this project's.
    pub fn received(&self, delivery: Delivery) {
        self.write(What::Delivered(Delivery { channel: self.id, ..delivery }));
    }

    /// The client found that the channel is over, without having closed it.
    pub fn lost(&self) {
        self.write(What::ChannelLost { channel: self.id });
    }

    fn invoke(&self, request: Request) -> Operation {
        let operation = self.recorder.new_operation();
        self.write(What::Invoked { operation, channel: self.id, request });
        Operation { recorder: self.recorder.clone(), process: self.process, id: operation }
    }

    fn write(&self, what: What) {
        self.recorder.write(self.process, what);
    }
}

/// An operation that has begun. Dropping it leaves it unfinished, which is unknown: right for what has no answer.
pub struct Operation {
    recorder: Recorder,
    process: ProcessId,
    id: OperationId,
}

impl Operation {
    /// It ended like this. A client's result says how: `operation.ended(&result)`.
    pub fn ended(self, outcome: impl Into<Outcome>) {
        self.recorder.write(self.process, What::Ended { operation: self.id, outcome: outcome.into() });
    }
}
