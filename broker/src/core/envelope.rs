//! What routing looks at in a message: its routing keys and its headers.
//!
//! This and [`properties`](super::properties) are the only readers of a message's property bytes in the core.

use super::message::Message;
use crate::amqp::codec::{Table, Value};

/// The outside of a message, borrowed from it.
#[derive(Clone, Debug)]
pub(super) struct Envelope<'a> {
    routing_key: &'a [u8],
    /// Routing keys from the headers `CC` and `BCC`: RabbitMQ's "sender-selected distribution".
    copies: Vec<&'a [u8]>,
    /// The message's headers.
    pub headers: Table<'a>,
}

/// The header that is taken out of a message before anybody sees it.
pub(super) const BLIND_COPIES: &str = "BCC";
/// The header that names more routing keys.
pub(super) const COPIES: &str = "CC";

impl<'a> Envelope<'a> {
    /// A message as it was published.
    pub fn of(message: &'a Message) -> Self {
        let headers = message.headers();
        let copies = if headers.is_empty() { Vec::new() } else { copies(headers) };
        Envelope { routing_key: message.routing_key(), copies, headers }
    }

    /// The same message under another routing key, and only that.
    pub fn readdressed(routing_key: &'a [u8], message: &'a Message) -> Self {
        Envelope { routing_key, copies: Vec::new(), headers: message.headers() }
    }

    /// All routing keys, its own first.
    pub fn routing_keys(&self) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(self.routing_key).chain(self.copies.iter().copied())
    }
}

/// The routing keys in `CC` and `BCC`, as far as they are what they should be.
fn copies(headers: Table<'_>) -> Vec<&[u8]> {
    let mut copies = Vec::new();
    for name in [COPIES, BLIND_COPIES] {
        if let Some(Value::Array(keys)) = headers.get(name) {
            copies.extend(keys.iter().filter_map(|key| match key {
                Value::LongString(key) => Some(key),
                _ => None,
            }));
        }
    }
    copies
}
