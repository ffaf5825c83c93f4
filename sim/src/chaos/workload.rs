//! What the clients of a plan have done so far, and what they do next. It survives the crashes of their nodes, as a
//! database beside them would.

use std::collections::{BTreeMap, BTreeSet};

use handoff_broker::amqp::codec::PropertiesBuilder;

use crate::fault::{Handling, Plan};
use crate::history::{Digest, MessageId, QueueId, encode_body};

/// All messages of a plan.
pub(super) struct Workload {
    messages: Vec<Message>,
    /// In the plan's order, which is the order of their messages.
    producers: Vec<Publishing>,
    is_draining: bool,
}

struct Message {
    gap_us: u64,
    size_bytes: u32,
    priority: u8,
    queue: QueueId,
    handling: Handling,
    has_delivery_limit: bool,
    /// How often a consumer finished the work on it.
    done: u32,
}

/// How far a producer has come with its messages, which are places among all. What is in none of these was answered, or
/// given up.
struct Publishing {
    /// The place of its first message.
    first: usize,
    /// Not sent, or certainly not taken by the connection.
    waiting: BTreeSet<usize>,
    /// Sent on a connection that may still answer.
    sent: BTreeSet<usize>,
    /// The connection ended before the answer, and it is to be sent again.
    unknown: BTreeSet<usize>,
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
        let (mut messages, mut producers) = (Vec::with_capacity(plan.messages()), Vec::new());
        for producer in &plan.producers {
            let first = messages.len();
            let queue = plan.queues.iter().find(|queue| queue.name == producer.queue);
            let has_delivery_limit = queue.is_some_and(|queue| queue.delivery_limit.is_some());
            messages.extend(producer.messages.iter().map(|message| Message {
                gap_us: message.gap_us,
                size_bytes: message.size_bytes,
                priority: message.priority,
                queue: queues[&producer.queue],
                handling: message.handling,
                has_delivery_limit,
                done: 0,
            }));
            let waiting = (first..messages.len()).collect();
            producers.push(Publishing { first, waiting, sent: BTreeSet::new(), unknown: BTreeSet::new() });
        }
        Workload { messages, producers, is_draining: false }
    }

    /// From here on, consumers answer what they would have ignored, and do not crash.
    pub fn begin_drain(&mut self) {
        self.is_draining = true;
    }

    /// Whether no producer has anything to send, or waits for an answer.
    pub fn is_published(&self) -> bool {
        let is_over = |all: &Publishing| all.waiting.is_empty() && all.sent.is_empty() && all.unknown.is_empty();
        self.producers.iter().all(is_over)
    }

    /// A producer starts again: what it had sent is unknown to it. It forgets that, or sends it again.
    pub fn restart_producer(&mut self, producer: usize, resends: bool) {
        let Publishing { sent, unknown, .. } = &mut self.producers[producer];
        let sent = std::mem::take(sent);
        if resends {
            unknown.extend(sent);
        }
    }

    /// What a producer publishes next, and how long after the message before: what is to be sent again comes first.
    pub fn next_message(&self, producer: usize) -> Option<(MessageId, u64)> {
        let Publishing { waiting, unknown, .. } = &self.producers[producer];
        let place = *unknown.first().or(waiting.first())?;
        Some((MessageId(place as u64 + 1), self.messages[place].gap_us))
    }

    /// A message, to be published now.
    pub fn send(&mut self, id: MessageId) -> Outgoing {
        let (place, publishing) = self.publishing(id).expect("producers send what they were given");
        publishing.unknown.remove(&place);
        publishing.waiting.remove(&place);
        publishing.sent.insert(place);
        let payload = payload(id, self.messages[place].size_bytes);
        let properties = PropertiesBuilder::new().content_type("application/octet-stream");
        let priority = Some(self.messages[place].priority).filter(|priority| *priority > 0);
        let properties = priority.map_or(properties.clone(), |priority| properties.priority(priority)).build();
        let body = encode_body(id, &payload);
        let digest = Digest::of_message(&properties, &body);
        Outgoing { id, properties, body, digest }
    }

    /// A publish was answered, or is given up.
    pub fn settle(&mut self, id: MessageId) {
        if let Some((place, publishing)) = self.publishing(id) {
            publishing.sent.remove(&place);
        }
    }

    /// A message was not sent after all.
    pub fn unsend(&mut self, id: MessageId) {
        if let Some((place, publishing)) = self.publishing(id) {
            publishing.sent.remove(&place);
            publishing.waiting.insert(place);
        }
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

    fn publishing(&mut self, id: MessageId) -> Option<(usize, &mut Publishing)> {
        let place = self.place(id)?;
        let producer = self.producers.partition_point(|publishing| publishing.first <= place).checked_sub(1)?;
        Some((place, &mut self.producers[producer]))
    }

    fn message(&mut self, id: MessageId) -> Option<&mut Message> {
        let place = self.place(id)?;
        self.messages.get_mut(place)
    }

    fn place(&self, id: MessageId) -> Option<usize> {
        let place = usize::try_from(id.0).ok()?.checked_sub(1)?;
        (place < self.messages.len()).then_some(place)
    }
}

/// Bytes that differ from place to place and from message to message.
fn payload(id: MessageId, size_bytes: u32) -> Vec<u8> {
    let mut payload = vec![id.0 as u8; size_bytes as usize];
    for (index, byte) in payload.iter_mut().enumerate() {
        *byte ^= index as u8;
    }
    payload
}
