//! The vocabulary of a history.

use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::client::{Certainty, ClientError};
use handoff_broker::core::{self, DeathReason};
use serde::{Deserialize, Serialize};

use super::body::Digest;
use super::ids::{ChannelId, ConsumerId, MessageId, OperationId, ProcessId, QueueId};

/// One thing that happened. What happened first comes first in the history; `at` is what the clock said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the clock of the run.
    #[serde(with = "nanoseconds")]
    pub at: Timestamp,
    /// Who did it, or whom it was done to.
    pub who: ProcessId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum What {
    /// A client opens a channel. Recorded before the broker is asked.
    ChannelOpened { channel: ChannelId },
    /// A client asks for something. Recorded before anything is sent.
    Invoked { operation: OperationId, channel: ChannelId, request: Request },
    /// How an operation ended. One that never does is unknown.
    Ended { operation: OperationId, outcome: Outcome },
    /// A client got a message.
    Delivered(Delivery),
    /// A client found that a channel is over, without having closed it.
    ChannelLost { channel: ChannelId },
    /// A client stops working, with everything it had open. Recorded before its connections go.
    Crashed,
    /// From here on, the network or the process itself may keep the broker from hearing a client, which may not know.
    /// Recorded before it takes effect.
    Disturbed(Disturbance),
    /// The broker starts again with nothing: whatever was published before may be gone. Recorded before it stops.
    BrokerRestarted,
    /// The faults have stopped.
    Healed,
    /// What the broker says of one of its queues.
    Counted(Counts),
    /// How much of something limited is in use.
    Measured { resource: Resource, amount: u64, limit: u64 },
    /// The end: consumers had the time they need, nothing is on its way any more. `left` is what the broker's
    /// inspection says of each queue; a queue that is not listed was not looked at.
    Drained { left: Vec<Left> },
    /// What the broker did, as seen from its core's seam. `turn` numbers the commands: what has the same number
    /// belongs to one command and the effects it had, all of them.
    Broker { turn: u32, event: BrokerEvent },
}

/// What a client asks for on a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields have AMQP's names")]
pub enum Request {
    /// Ends ok when it is confirmed, failed when it is nacked or was never sent.
    Publish { queue: QueueId, message: MessageId, digest: Digest },
    /// Has no answer of its own, and usually never ends: it is known to be taken when something later on the channel
    /// was answered.
    Acknowledge { delivery_tag: u64, multiple: bool },
    /// As for `Acknowledge`.
    Reject { delivery_tag: u64, multiple: bool, requeue: bool },
    /// Requeues everything that the channel holds, seen or not.
    Recover,
    /// Starts a consumer. `prefetch` is its own; 0 is no limit.
    Consume { consumer: ConsumerId, queue: QueueId, prefetch: u16, no_ack: bool },
    /// Ends a consumer; what it holds stays unacknowledged.
    Cancel { consumer: ConsumerId },
    /// Asks for one message.
    Get { queue: QueueId, no_ack: bool },
    /// Drops what is in a queue, or deletes it.
    Purge { queue: QueueId },
    /// Closes the channel, or the connection that it is on.
    Close,
    /// Anything else that the broker answers: `queue.declare`, `basic.qos`.
    Other,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The broker said that it did it.
    Ok,
    /// It definitely did not happen.
    Failed,
    /// It may have happened.
    Unknown,
}

impl<T> From<&Result<T, ClientError>> for Outcome {
    fn from(result: &Result<T, ClientError>) -> Self {
        match result.as_ref().map_err(ClientError::certainty) {
            Ok(_) => Outcome::Ok,
            Err(Certainty::Failed) => Outcome::Failed,
            Err(Certainty::Unknown) => Outcome::Unknown,
        }
    }
}

/// One delivery: as its client received it, or as the broker decided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The channel it came on.
    pub channel: ChannelId,
    /// The consumer it went to; `None` if it was got.
    pub consumer: Option<ConsumerId>,
    /// The queue it came from.
    pub queue: QueueId,
    /// Its tag on the channel.
    pub delivery_tag: u64,
    /// The message; `None` if its body does not say.
    pub message: Option<MessageId>,
    /// What it was made of.
    pub digest: Digest,
    /// Whether it is said to have been delivered before.
    pub redelivered: bool,
    /// How often it is said to have been delivered before.
    pub delivery_count: u32,
    /// The deaths it is said to have died, the latest first (`x-death`).
    pub deaths: Vec<Death>,
}

/// All deaths of a message in one queue for one reason, as `x-death` has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// The queue's name.
    pub queue: String,
    /// RabbitMQ's word for the reason.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Why a message died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the core's DeathReason has the same names")]
pub enum Reason {
    Rejected,
    DeliveryLimit,
    MaxLength,
    Expired,
}

impl Reason {
    /// RabbitMQ's word, as `x-death` has it.
    pub fn as_str(self) -> &'static str {
        DeathReason::from(self).as_str()
    }
}

impl From<core::Death> for Death {
    fn from(core::Death { queue, reason, count }: core::Death) -> Self {
        Death { queue, reason, count }
    }
}

impl From<Reason> for DeathReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Rejected => DeathReason::Rejected,
            Reason::DeliveryLimit => DeathReason::DeliveryLimit,
            Reason::MaxLength => DeathReason::MaxLength,
            Reason::Expired => DeathReason::Expired,
        }
    }
}

impl From<DeathReason> for Reason {
    fn from(reason: DeathReason) -> Self {
        match reason {
            DeathReason::Rejected => Reason::Rejected,
            DeathReason::DeliveryLimit => Reason::DeliveryLimit,
            DeathReason::MaxLength => Reason::MaxLength,
            DeathReason::Expired => Reason::Expired,
        }
    }
}

/// What may keep the broker from hearing a client that is not at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disturbance {
    /// Its connections may be cut: a reset, an end of file, bytes of somebody else in its stream.
    Cut,
    /// Nothing gets through, or it says nothing: a partition, a hang, a long pause. The broker may take it for lost,
    /// but not before `at_least` has passed; with heartbeats every `h`, in which a peer is given up after two silent
    /// intervals and says something in every half one, `at_least` is one and a half `h`.
    Silence {
        /// How long the broker has to wait, at least.
        at_least: Duration,
    },
}

/// What a broker says of a queue since it was declared. A correct one always has `taken = ready + unacknowledged +
/// acknowledged + dead_lettered + removed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the core's QueueCounts has the same names")]
pub struct Counts {
    pub queue: QueueId,
    pub taken: u64,
    pub ready: u64,
    pub unacknowledged: u64,
    pub acknowledged: u64,
    pub dead_lettered: u64,
    pub removed: u64,
}

/// What is left in a queue at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the terms are the contract's")]
pub struct Left {
    pub queue: QueueId,
    pub ready: u64,
    pub unacknowledged: u64,
}

/// Something that a broker has to limit, whatever its clients do. The length of a queue is limited by its own policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the terms are the contract's")]
pub enum Resource {
    MemoryBytes,
    Connections,
    Channels,
    FrameBytes,
}

/// What the broker was told and did, at its core's seam.
///
/// Channels and consumers have other numbers here than in what clients record. Only commands that were carried out
/// are recorded: what is refused changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum BrokerEvent {
    /// A queue is declared: from here on its broker's side is recorded.
    Declared { queue: QueueId },
    /// A queue took a message from a publisher.
    Taken { queue: QueueId, message: Option<MessageId>, digest: Digest, priority: u8, body_bytes: u64 },
    /// A full queue did not take a message.
    Refused { queue: QueueId, message: Option<MessageId> },
    /// A consumer starts.
    ConsumerStarted { channel: ChannelId, consumer: ConsumerId, queue: QueueId, prefetch: u16, no_ack: bool },
    /// A consumer ends, alone; what it holds stays unacknowledged.
    ConsumerCancelled { consumer: ConsumerId },
    /// What all consumers of a channel may hold together; 0 is no limit.
    PrefetchSet { channel: ChannelId, prefetch: u16 },
    /// Whether a channel takes deliveries.
    WritableSet { channel: ChannelId, writable: bool },
    /// A message goes to a consumer, or is got. One that was got without an acknowledgement to come is recorded with
    /// an `Acknowledged` that follows.
    Delivered(Delivery),
    /// A client acknowledges.
    Acknowledged { channel: ChannelId, delivery_tag: u64, multiple: bool },
    /// A client rejects.
    Rejected { channel: ChannelId, delivery_tag: u64, multiple: bool, requeue: bool },
    /// A client wants everything it holds on a channel requeued.
    Recovered { channel: ChannelId },
    /// A channel is over, with its consumers; what it held is requeued.
    ChannelClosed { channel: ChannelId },
    /// A message left its queue without an acknowledgement.
    Died { queue: QueueId, reason: Reason, message: Option<MessageId>, digest: Digest, dead_lettered: bool },
    /// The ready messages of a queue are dropped.
    Purged { queue: QueueId },
    /// A queue is deleted, with everything in it.
    Deleted { queue: QueueId },
}

mod nanoseconds {
    use handoff_broker::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(at.as_nanoseconds())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        u64::deserialize(deserializer).map(Timestamp::from_nanoseconds)
    }
}
