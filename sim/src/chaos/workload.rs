//! What the clients of a plan have done so far, and what they do next. It survives the crashes of their nodes, as a
//! database beside them would.

use std::collections::BTreeMap;

use handoff_broker::amqp::codec::PropertiesBuilder;

use crate::fault::{Handling, Plan};
use crate::history::{Digest, MessageId, QueueId, encode_body};

/// All messages of a plan.
pub(super) struct Workload {
    messages: Vec<Message>,
    /// By producer: the number of its first message.
    first: Vec<usize>,
    is_draining: bool,
}

struct Message {
    publishing: Publishing,
    gap_us: u64,
    size_bytes: u32,
    queue: QueueId,
    handling: Handling,
    has_delivery_limit: bool,
    /// How often a consumer finished the work on it.
    done: u32,
}

/// How far a message's publishing has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Publishing {
    /// Not sent, or certainly not taken by the connection.
    Waiting,
    /// Sent on a connection that may still answer.
    Sent,
    /// The connection ended before the answer, and it is to be sent again.
    Unknown,
    /// Answered, or given up.
    Over,
}

/// A message as it is published.
pub(super) struct Outgoing {
    pub id: MessageId,
    pub properties: Vec<u8>,
    pub body: Vec<u8>,
    pub digest: Digest,
}

/// What a consumer does after the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ack,
    AckTwice,
    Requeue,
    Reject,
    Crash,
    Nothing,
}

/// Where no delivery limit ends a poisonous message, it is requeued this often.
const MOST_REQUEUES: u32 = 10;

impl Workload {
    /// The messages of `plan`, whose queues have these numbers.
    pub fn new(plan: &Plan, queues: &BTreeMap<String, QueueId>) -> Self {
        let (mut messages, mut first) = (Vec::with_capacity(plan.messages()), Vec::new());
        for producer in &plan.producers {
            first.push(messages.len());
            let queue = plan.queues.iter().find(|queue| queue.name == producer.queue);
            let has_delivery_limit = queue.is_some_and(|queue| queue.delivery_limit.is_some());
            messages.extend(producer.messages.iter().map(|message| Message {
                publishing: Publishing::Waiting,
                gap_us: message.gap_us,
                size_bytes: message.size_bytes,
                queue: queues[&producer.queue],
                handling: message.handling,
                has_delivery_limit,
                done: 0,
            }));
        }
        first.push(messages.len());
        Workload { messages, first, is_draining: false }
    }

    /// From here on, consumers answer what they would have ignored, and do not crash.
    pub fn begin_drain(&mut self) {
        self.is_draining = true;
    }

    /// Whether no producer has anything to send, or waits for an answer.
    pub fn is_published(&self) -> bool {
        self.messages.iter().all(|message| message.publishing == Publishing::Over)
    }

    /// A producer starts again: what it had sent is unknown to it. It forgets that, or sends it again.
    pub fn restart_producer(&mut self, producer: usize, resends: bool) {
        for message in &mut self.messages[self.first[producer]..self.first[producer + 1]] {
            if message.publishing == Publishing::Sent {
                message.publishing = if resends { Publishing::Unknown } else { Publishing::Over };
            }
        }
    }

    /// What a producer publishes next, and how long after the message before: what is to be sent again comes first.
    pub fn next_message(&self, producer: usize) -> Option<(MessageId, u64)> {
        let mine = self.first[producer]..self.first[producer + 1];
        let find = |wanted| mine.clone().find(|number| self.messages[*number].publishing == wanted);
        let number = find(Publishing::Unknown).or_else(|| find(Publishing::Waiting))?;
        Some((MessageId(number as u64 + 1), self.messages[number].gap_us))
    }

    /// A message, to be published now.
    pub fn send(&mut self, id: MessageId) -> Outgoing {
        let message = self.message(id).expect("producers send what they were given");
        message.publishing = Publishing::Sent;
        let payload: Vec<u8> = (0..message.size_bytes).map(|index| (index as u8) ^ (id.0 as u8)).collect();
        let properties = PropertiesBuilder::new().content_type("application/octet-stream").build();
        let body = encode_body(id, &payload);
        let digest = Digest::of_message(&properties, &body);
        Outgoing { id, properties, body, digest }
    }

    /// A publish was answered, or is given up.
    pub fn settle(&mut self, id: MessageId) {
        self.set_publishing(id, Publishing::Over);
    }

    /// A message was not sent after all.
    pub fn unsend(&mut self, id: MessageId) {
        self.set_publishing(id, Publishing::Waiting);
    }

    /// What to do with a delivery from `queue` after the work.
    pub fn answer(&mut self, queue: QueueId, id: Option<MessageId>) -> Answer {
        let is_draining = self.is_draining;
        let Some(message) = id.and_then(|id| self.message(id)).filter(|message| message.queue == queue) else {
            return Answer::Ack;
        };
        let done = message.done;
        message.done += 1;
        match message.handling {
            Handling::Ack => Answer::Ack,
            Handling::Requeue { times } if done < times => Answer::Requeue,
            Handling::Reject => Answer::Reject,
            Handling::Poison if message.has_delivery_limit || done < MOST_REQUEUES => Answer::Requeue,
            Handling::Crash if done == 0 && !is_draining => Answer::Crash,
            Handling::Ignore if done == 0 && !is_draining => Answer::Nothing,
            Handling::AckTwice if done == 0 => Answer::AckTwice,
            _ => Answer::Ack,
        }
    }

    fn set_publishing(&mut self, id: MessageId, publishing: Publishing) {
        if let Some(message) = self.message(id) {
            message.publishing = publishing;
        }
    }

    fn message(&mut self, id: MessageId) -> Option<&mut Message> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.messages.get_mut(index)
    }
}
