//! What a queue was declared with, as far as it is promised something by it.

use std::time::Duration;

use handoff_broker::core;
use serde::{Deserialize, Serialize};

use super::ids::QueueId;

/// A queue and the rules its messages live by. One name has one set of rules for the whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// How often a message may be requeued; the requeue after that dead-letters it. `None` is no limit.
    pub delivery_limit: Option<u32>,
    /// The most messages that may be ready. `None` is no limit.
    pub max_length: Option<u64>,
    /// The most bytes that the bodies of ready messages may have together. `None` is no limit.
    pub max_length_bytes: Option<u64>,
    /// What happens to a message that would exceed `max_length` or `max_length_bytes`.
    pub overflow: Overflow,
    /// How long a message may stay. `None` is no limit. Times to live of single messages are not part of a history.
    pub message_ttl: Option<Duration>,
    /// The queue that takes its dead letters. `None`: they are dropped.
    pub dead_letter_queue: Option<QueueId>,
    /// The highest priority that is told apart; those of higher ones have this. `None`: all messages are the same.
    pub max_priority: Option<u8>,
    /// Whether one consumer is served alone until it goes.
    pub single_active_consumer: bool,
}

/// What a full queue does with one more message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// Drops (dead-letters) from its head until the message fits.
    #[default]
    DropHead,
    /// Does not take it.
    RejectPublish,
}

impl Queue {
    /// A queue without limits.
    pub fn new(name: impl Into<String>) -> Self {
        Queue {
            name: name.into(),
            delivery_limit: None,
            max_length: None,
            max_length_bytes: None,
            overflow: Overflow::DropHead,
            message_ttl: None,
            dead_letter_queue: None,
            max_priority: None,
            single_active_consumer: false,
        }
    }

    /// The same with a delivery limit.
    pub fn delivery_limit(mut self, limit: u32) -> Self {
        self.delivery_limit = Some(limit);
        self
    }

    /// The same with a length limit.
    pub fn max_length(mut self, length: u64, overflow: Overflow) -> Self {
        self.max_length = Some(length);
        self.overflow = overflow;
        self
    }

    /// The same with a limit to the bytes of its bodies.
    pub fn max_length_bytes(mut self, bytes: u64, overflow: Overflow) -> Self {
        self.max_length_bytes = Some(bytes);
        self.overflow = overflow;
        self
    }

    /// The same with priorities.
    pub fn max_priority(mut self, priority: u8) -> Self {
        self.max_priority = Some(priority);
        self
    }

    /// The same, but one consumer is served alone.
    pub fn single_active_consumer(mut self) -> Self {
        self.single_active_consumer = true;
        self
    }

    /// The same with a time to live for its messages.
    pub fn message_ttl(mut self, ttl: Duration) -> Self {
        self.message_ttl = Some(ttl);
        self
    }

    /// The same with a queue for its dead letters.
    pub fn dead_letters_to(mut self, queue: QueueId) -> Self {
        self.dead_letter_queue = Some(queue);
        self
    }

    /// Whether a message may leave it without any client's doing.
    pub fn drops_messages(&self) -> bool {
        self.message_ttl.is_some() || (self.has_length_limit() && self.overflow == Overflow::DropHead)
    }

    /// Whether it may refuse a message.
    pub fn refuses_messages(&self) -> bool {
        self.has_length_limit() && self.overflow == Overflow::RejectPublish
    }

    /// Whether there is a limit to its messages or their bytes.
    pub fn has_length_limit(&self) -> bool {
        self.max_length.is_some() || self.max_length_bytes.is_some()
    }

    /// Whether so many ready messages, with so many bytes, are more than it may have.
    pub fn is_exceeded_by(&self, messages: u64, bytes: u64) -> bool {
        let exceeds = |limit: Option<u64>, amount| limit.is_some_and(|limit| amount > limit);
        exceeds(self.max_length, messages) || exceeds(self.max_length_bytes, bytes)
    }

    /// How far before others a message of this priority is here.
    pub fn rank(&self, priority: u8) -> u8 {
        self.max_priority.map_or(0, |max| priority.min(max))
    }

    /// A queue declared with `policy`. Where its dead letters go is not known from that alone.
    pub(super) fn declared(name: &str, policy: &core::QueuePolicy) -> Self {
        Queue {
            delivery_limit: policy.delivery_limit,
            max_length: policy.max_length,
            max_length_bytes: policy.max_length_bytes,
            message_ttl: policy.message_ttl,
            max_priority: policy.max_priority,
            single_active_consumer: policy.single_active_consumer,
            overflow: match policy.overflow {
                core::Overflow::DropHead => Overflow::DropHead,
                core::Overflow::RejectPublish | core::Overflow::RejectPublishDeadLetter => Overflow::RejectPublish,
            },
            ..Queue::new(name)
        }
    }
}
