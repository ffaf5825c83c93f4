//! A message and what the broker knows of its past.
//!
//! A message is one allocation, shared by every queue that has it and by every delivery of it. Its properties are the
//! bytes that the publisher sent, until it dies: nothing here reads them.

use std::fmt;
use std::ops::Deref;

use triomphe::ThinArc;

use super::meter::{Footprint, Meter};

/// A published message: exchange, routing key, property bytes and body in one shared allocation.
///
/// Layout of the allocation, after its count and its footprint: `exchange length: u8 | routing key length: u8 |
/// properties length: u32 (little endian) | exchange | routing key | properties | body`. Cloning it is counting a
/// reference.
#[derive(Clone)]
pub struct Message(ThinArc<Footprint, u8>);

/// How many bytes come before the exchange's name in the allocation.
const PREFIX_BYTES: usize = 6;

/// What a message takes beside its content: its head, and what the allocator adds.
const OVERHEAD_BYTES: usize = 48;

impl Message {
    /// Makes a message: one allocation, into which everything is copied.
    ///
    /// # Panics
    /// If `exchange` or `routing_key` exceeds a short string's 255 bytes: a caller that parsed it has checked that.
    pub fn new(exchange: &str, routing_key: &[u8], properties: &[u8], body: &[u8]) -> Message {
        let exchange_bytes = u8::try_from(exchange.len()).expect("an exchange name is a short string");
        let routing_key_bytes = u8::try_from(routing_key.len()).expect("a routing key is a short string");
        let properties_bytes = u32::try_from(properties.len()).expect("properties fit a frame");
        let prefix = [exchange_bytes, routing_key_bytes];
        let parts = [&prefix, &properties_bytes.to_le_bytes()[..], exchange.as_bytes(), routing_key, properties, body];
        let content = parts.concat();
        let footprint = Footprint::new(content.len() + OVERHEAD_BYTES);
        Message(ThinArc::from_header_and_slice(footprint, &content))
    }

    /// Counts what it holds, from now until nobody has it any more, unless it is counted already.
    pub(super) fn count(&self, meter: &Meter) {
        self.0.header.header.count(meter);
    }

    fn content(&self) -> &[u8] {
        &self.0.slice
    }

    /// The exchange it was published to; empty for the default exchange.
    pub fn exchange(&self) -> &str {
        let start = PREFIX_BYTES;
        std::str::from_utf8(&self.content()[start..start + self.exchange_bytes()]).unwrap_or_default()
    }

    /// Whether that is the default exchange.
    pub(super) fn is_to_default_exchange(&self) -> bool {
        self.exchange_bytes() == 0
    }

    /// The routing key it was published with.
    pub fn routing_key(&self) -> &[u8] {
        let start = PREFIX_BYTES + self.exchange_bytes();
        &self.content()[start..start + self.routing_key_bytes()]
    }

    /// The property flags and values as they came on the wire (AMQP 0-9-1, 4.2.6.1), from the flags on.
    pub fn properties(&self) -> &[u8] {
        let start = PREFIX_BYTES + self.exchange_bytes() + self.routing_key_bytes();
        &self.content()[start..start + self.properties_bytes()]
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.content()[self.head_bytes()..]
    }

    /// How many places hold it.
    #[cfg(test)]
    pub(super) fn holders(&self) -> usize {
        ThinArc::strong_count(&self.0)
    }

    fn exchange_bytes(&self) -> usize {
        usize::from(self.content()[0])
    }

    fn routing_key_bytes(&self) -> usize {
        usize::from(self.content()[1])
    }

    fn properties_bytes(&self) -> usize {
        let length = [self.content()[2], self.content()[3], self.content()[4], self.content()[5]];
        u32::from_le_bytes(length) as usize
    }

    fn head_bytes(&self) -> usize {
        PREFIX_BYTES + self.exchange_bytes() + self.routing_key_bytes() + self.properties_bytes()
    }
}

/// A message in one queue, waiting or unacknowledged. It is counted already, and its place with it until this is dropped.
#[derive(Debug)]
pub(super) struct Placed(Message);

impl Placed {
    /// A queue has taken a message.
    pub fn new(message: Message) -> Self {
        message.0.header.header.add_place();
        Placed(message)
    }
}

impl Deref for Placed {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.0.0.header.header.remove_place();
    }
}

impl PartialEq for Message {
    /// Whether exchange, routing key, properties and body are the same.
    fn eq(&self, other: &Self) -> bool {
        self.content() == other.content()
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("exchange", &self.exchange())
            .field("routing_key", &String::from_utf8_lossy(self.routing_key()))
            .field("properties_bytes", &self.properties().len())
            .field("body_bytes", &self.body().len())
            .finish()
    }
}

/// One delivery of a message to one consumer (or to one `get`).
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Counts the channel's deliveries from 1.
    pub delivery_tag: u64,
    /// How often the message was delivered before and came back; 0 at the first delivery.
    pub delivery_count: u32,
    /// The message itself. If it died before, its headers say so: see [`Death::read`](super::Death::read).
    pub message: Message,
}

impl Delivery {
    /// Whether the message was delivered before.
    pub fn redelivered(&self) -> bool {
        self.delivery_count > 0
    }
}

/// Why a message died. [`as_str`](DeathReason::as_str) gives RabbitMQ's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeathReason {
    /// A consumer rejected it without requeue.
    Rejected,
    /// It came back more often than its queue's delivery limit allows.
    DeliveryLimit,
    /// Its queue was full and dropped it from the head.
    MaxLength,
    /// Its time to live ran out.
    Expired,
}

impl DeathReason {
    /// RabbitMQ's word, as `x-death` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            DeathReason::Rejected => "rejected",
            DeathReason::DeliveryLimit => "delivery_limit",
            DeathReason::MaxLength => "maxlen",
            DeathReason::Expired => "expired",
        }
    }
}
