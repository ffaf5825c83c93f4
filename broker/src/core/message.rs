//! A message and what the broker knows of its past.
//!
//! A message is one allocation, shared by every queue that has it and by every delivery of it, behind a [`Head`] that it
//! may share with others. Its properties are the bytes that the publisher sent, until it dies: nothing here reads them.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use triomphe::ThinArc;

use super::head::Head;
use super::meter::Meter;

/// A published message: exchange, routing key, property bytes and body.
///
/// Its own properties, if its head has none, come before its body in one allocation. Cloning it is counting a reference.
#[derive(Clone)]
pub struct Message(ThinArc<Own, u8>);

/// What a message has beside its content.
struct Own {
    head: Head,
    /// Bytes of its own properties; 0 if they are the head's.
    properties_bytes: u32,
    /// In how many queues it is, waiting or unacknowledged.
    places: AtomicU32,
}

/// What a message takes beside its content: its own head, if it has one, and what the allocator adds.
const OVERHEAD_BYTES: usize = 48;

/// What a message takes in each queue that has it, waiting or unacknowledged, and what it may have beside itself there.
const PLACE_BYTES: u64 = 64;

impl Message {
    /// Makes a message with a head of its own.
    ///
    /// # Panics
    /// If `exchange` or `routing_key` exceeds a short string's 255 bytes: a caller that parsed it has checked that.
    pub fn new(exchange: &str, routing_key: &[u8], properties: &[u8], body: &[u8]) -> Message {
        Message::under(Head::new(exchange, routing_key, Some(properties)), body)
    }

    /// Makes a message with the properties that `head` has: one allocation, into which the body is copied.
    pub fn under(head: Head, body: &[u8]) -> Message {
        Message::with_own(head, 0, body)
    }

    /// Makes a message from `content`, of which the first bytes are the properties and the rest is the body. `head` has
    /// no properties.
    ///
    /// # Panics
    /// If `content` is shorter than its properties, or these have 4 GiB.
    pub fn with_own_properties(head: Head, properties_bytes: usize, content: &[u8]) -> Message {
        assert!(properties_bytes <= content.len(), "properties are part of the content");
        Message::with_own(head, u32::try_from(properties_bytes).expect("properties fit a frame"), content)
    }

    fn with_own(head: Head, properties_bytes: u32, content: &[u8]) -> Message {
        let own = Own { head, properties_bytes, places: AtomicU32::new(0) };
        Message(ThinArc::from_header_and_slice(own, content))
    }

    /// What it has in common with others.
    pub fn head(&self) -> &Head {
        &self.own().head
    }

    /// The exchange it was published to; empty for the default exchange.
    pub fn exchange(&self) -> &str {
        self.head().exchange()
    }

    /// The routing key it was published with.
    pub fn routing_key(&self) -> &[u8] {
        self.head().routing_key()
    }

    /// The property flags and values as they came on the wire (AMQP 0-9-1, 4.2.6.1), from the flags on.
    pub fn properties(&self) -> &[u8] {
        self.head().properties().unwrap_or_else(|| &self.0.slice[..self.own_properties_bytes()])
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.0.slice[self.own_properties_bytes()..]
    }

    /// How many places hold it.
    #[cfg(test)]
    pub(super) fn holders(&self) -> usize {
        ThinArc::strong_count(&self.0)
    }

    /// What counts for it in memory, each place not included. A shared head counts for each of its messages: it might be
    /// the last.
    fn bytes(&self) -> u64 {
        (self.0.slice.len() + self.head().length() + OVERHEAD_BYTES) as u64
    }

    fn own(&self) -> &Own {
        &self.0.header.header
    }

    fn own_properties_bytes(&self) -> usize {
        self.own().properties_bytes as usize
    }
}

/// A message that a core holds, mostly in a queue, waiting or unacknowledged. It counts in memory as long as there is
/// one of these, and each of them does.
#[derive(Debug)]
pub(super) struct Placed(Message);

impl Placed {
    /// A core has taken a message, and counts it on `meter`.
    pub fn new(message: Message, meter: &Meter) -> Self {
        let own = message.own();
        // Only a core changes this, and nobody else has the core at that time.
        let places = own.places.load(Ordering::Relaxed);
        own.places.store(places + 1, Ordering::Relaxed);
        let message_bytes = if places == 0 { message.bytes() } else { 0 };
        own.head.meter(meter).add(message_bytes + PLACE_BYTES);
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
        let own = self.0.own();
        let places = own.places.load(Ordering::Relaxed) - 1;
        own.places.store(places, Ordering::Relaxed);
        if let Some(meter) = own.head.known_meter() {
            let message_bytes = if places == 0 { self.0.bytes() } else { 0 };
            meter.remove(message_bytes + PLACE_BYTES);
        }
    }
}

impl PartialEq for Message {
    /// Whether exchange, routing key, properties and body are the same.
    fn eq(&self, other: &Self) -> bool {
        self.head().leads_to(other.exchange(), other.routing_key())
            && self.properties() == other.properties()
            && self.body() == other.body()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_properties_come_before_the_body_and_shared_ones_do_not() {
        let head = Head::new("x", b"key", None);
        let own = Message::with_own_properties(head, 2, b"ppbody");
        assert_eq!((own.exchange(), own.routing_key()), ("x", &b"key"[..]));
        assert_eq!((own.properties(), own.body()), (&b"pp"[..], &b"body"[..]));
        let shared = Message::new("x", b"key", b"pp", b"body");
        assert_eq!((shared.properties(), shared.body()), (&b"pp"[..], &b"body"[..]));
        assert_eq!(own, shared);
        assert_ne!(own, Message::new("x", b"key", b"pp", b"bodz"));
        assert_ne!(own, Message::new("x", b"key", b"pq", b"body"));
        assert_ne!(own, Message::new("xk", b"ey", b"pp", b"body"));
    }

    #[test]
    fn a_message_counts_from_its_first_place_to_its_last() {
        let meter = Meter::default();
        let message = Message::new("", b"key", b"pp", &[7; 100]);
        let first = Placed::new(message.clone(), &meter);
        let one = meter.bytes();
        assert_eq!(one, 105 + OVERHEAD_BYTES as u64 + PLACE_BYTES);
        let second = Placed::new(message, &meter);
        assert_eq!(meter.bytes(), one + PLACE_BYTES);
        drop(first);
        assert_eq!(meter.bytes(), one);
        drop(second);
        assert_eq!(meter.bytes(), 0);
    }

    #[test]
    fn a_message_has_two_words_beside_its_content_its_length_and_its_count_and_takes_one_in_a_queue() {
        assert_eq!((size_of::<Own>(), size_of::<Placed>()), (16, 8));
    }
}
