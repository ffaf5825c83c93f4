//! What routing looks at in a message: its routing keys and its headers.
//!
//! This, [`properties`](super::properties) and [`death_record`](super::death_record) are the only readers of a
//! message's property bytes in the core.

use std::time::Duration;

use super::message::Message;
use super::ready::BlindCopies;
use crate::amqp::codec::{Table, Value};

/// The outside of a message, borrowed from it.
#[derive(Clone, Debug)]
pub(super) struct Envelope<'a> {
    routing_key: &'a [u8],
    /// Routing keys from the headers `CC` and `BCC`: RabbitMQ's "sender-selected distribution".
    copies: Vec<&'a [u8]>,
    /// The message's headers.
    pub headers: Table<'a>,
    /// How long it may stay in a queue, if its publisher limits that (`expiration`).
    pub time_to_live: Option<Duration>,
}

/// The header that is taken out of a message before anybody sees it.
pub(super) const BLIND_COPIES: &str = "BCC";
/// The header that names more routing keys.
pub(super) const COPIES: &str = "CC";

impl<'a> Envelope<'a> {
    /// A message as it was published.
    pub fn of(message: &'a Message) -> Self {
        let properties = message.parsed();
        let headers = properties.headers().unwrap_or_default();
        let time_to_live = properties.expiration().and_then(|text| text.parse().ok()).map(Duration::from_millis);
        let mut copies = Vec::new();
        if !headers.is_empty() {
            copies.extend(keys_in(headers, COPIES));
            copies.extend(keys_in(headers, BLIND_COPIES));
        }
        Envelope { routing_key: message.routing_key(), copies, headers, time_to_live }
    }

    /// A message that is published again under its own routing keys, the blind ones kept apart.
    pub fn again(message: &'a Message, blind_copies: &'a BlindCopies) -> Self {
        let headers = message.headers();
        let blind = blind_copies.iter().flat_map(|keys| keys.iter()).map(AsRef::as_ref);
        Envelope {
            routing_key: message.routing_key(),
            copies: keys_in(headers, COPIES).chain(blind).collect(),
            headers,
            time_to_live: None,
        }
    }

    /// The same message under another routing key, and only that.
    pub fn readdressed(routing_key: &'a [u8], message: &'a Message) -> Self {
        Envelope { routing_key, copies: Vec::new(), headers: message.headers(), time_to_live: None }
    }

    /// All routing keys, its own first.
    pub fn routing_keys(&self) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(self.routing_key).chain(self.copies.iter().copied())
    }

    /// The routing keys that nobody may see.
    pub fn blind_copies(&self) -> BlindCopies {
        if self.copies.is_empty() {
            return None;
        }
        self.headers.get(BLIND_COPIES).map(|_| keys_in(self.headers, BLIND_COPIES).map(Box::from).collect())
    }
}

/// The routing keys in a header, as far as they are what they should be.
pub(super) fn keys_in<'a>(headers: Table<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let keys = match headers.get(name) {
        Some(Value::Array(keys)) => Some(keys),
        _ => None,
    };
    keys.into_iter().flat_map(|keys| keys.iter()).filter_map(|key| match key {
        Value::LongString(key) => Some(key),
        _ => None,
    })
}
