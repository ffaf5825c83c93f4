//! The bodies of test messages: they carry the message's number, so that a delivery says which message it is of.
//!
//! ```text
//!   0            8            16
//!   +------------+------------+-----------------+
//!   | message id | seal of it | payload         |    both little endian
//!   +------------+------------+-----------------+
//! ```
//!
//! The seal tells a number that was made up from one that was damaged.

use std::fmt;

use handoff_broker::amqp::codec::Properties;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::ids::MessageId;

const ID_BYTES: usize = 8;
const HEAD_BYTES: usize = 2 * ID_BYTES;

/// The body of a test message.
pub fn encode_body(message: MessageId, payload: &[u8]) -> Vec<u8> {
    let id = message.0.to_le_bytes();
    let mut body = Vec::with_capacity(HEAD_BYTES + payload.len());
    body.extend_from_slice(&id);
    body.extend_from_slice(&xxh3_64(&id).to_le_bytes());
    body.extend_from_slice(payload);
    body
}

/// The message that a body says it is of; `None` if its head is not whole.
pub fn identify_body(body: &[u8]) -> Option<MessageId> {
    let (id, rest) = body.split_first_chunk::<ID_BYTES>()?;
    let (seal, _) = rest.split_first_chunk::<ID_BYTES>()?;
    (xxh3_64(id) == u64::from_le_bytes(*seal)).then(|| MessageId(u64::from_le_bytes(*id)))
}

/// A fixed hash (XXH3, 64 bits) of what must not change on a message's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub u64);

impl Digest {
    /// Of a body alone.
    pub fn of_body(body: &[u8]) -> Self {
        Digest(xxh3_64(body))
    }

    /// Of a message's properties, as they stand on the wire, and its body. What the broker itself writes into the
    /// headers (`x-death`, `x-first-death-*`, `x-delivery-count`) does not count.
    pub fn of_message(properties: &[u8], body: &[u8]) -> Self {
        let mut parts = Vec::with_capacity(2 * properties.len() + body.len() + 64);
        add_properties(properties, &mut parts);
        parts.extend_from_slice(body);
        Digest(xxh3_64(&parts))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

fn add_properties(bytes: &[u8], parts: &mut Vec<u8>) {
    let Ok(properties) = Properties::parse(bytes) else {
        return add_part(b"malformed", bytes, parts);
    };
    let texts = [
        properties.content_type(),
        properties.content_encoding(),
        properties.correlation_id(),
        properties.reply_to(),
        properties.expiration(),
        properties.message_id(),
        properties.type_(),
        properties.user_id(),
        properties.app_id(),
        properties.cluster_id(),
    ];
    for (number, text) in (0_u8..).zip(texts) {
        if let Some(text) = text {
            add_part(&[number], text.as_bytes(), parts);
        }
    }
    let octets = [("delivery mode", properties.delivery_mode()), ("priority", properties.priority())];
    for (name, octet) in octets {
        add_part(name.as_bytes(), octet.as_slice(), parts);
    }
    if let Some(timestamp) = properties.timestamp() {
        add_part(b"timestamp", &timestamp.to_le_bytes(), parts);
    }
    for (name, value) in properties.headers().unwrap_or_default().iter() {
        if !is_written_by_broker(name) {
            add_part(name, format!("{value:?}").as_bytes(), parts);
        }
    }
}

/// With both lengths, so that nothing can move from one part to the next unnoticed.
fn add_part(name: &[u8], value: &[u8], parts: &mut Vec<u8>) {
    for bytes in [name, value] {
        parts.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        parts.extend_from_slice(bytes);
    }
}

fn is_written_by_broker(header: &[u8]) -> bool {
    header == b"x-death" || header == b"x-delivery-count" || header.starts_with(b"x-first-death-")
}

#[cfg(test)]
mod tests {
    use handoff_broker::amqp::codec::{PropertiesBuilder, TableBuilder, Value};

    use super::*;

    #[test]
    fn a_body_names_its_message_and_a_damaged_one_does_not() {
        let body = encode_body(MessageId(77), b"payload");
        assert_eq!(identify_body(&body), Some(MessageId(77)));
        assert_eq!(identify_body(&encode_body(MessageId(0), b"")), Some(MessageId(0)));
        for bit in 0..HEAD_BYTES * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(identify_body(&damaged), None, "bit {bit}");
        }
        assert_eq!(identify_body(&body[..HEAD_BYTES - 1]), None);
    }

    #[test]
    fn a_digest_sees_properties_but_not_what_the_broker_adds() {
        let published = PropertiesBuilder::new().content_type("text/plain").message_id("7").build();
        let mut headers = TableBuilder::new();
        headers.insert("x-delivery-count", Value::LongLongInt(2));
        let delivered = Properties::parse(&published).unwrap().with_headers(headers.as_table());
        assert_eq!(Digest::of_message(&published, b"body"), Digest::of_message(&delivered, b"body"));

        headers.insert("tenant", Value::LongString(b"blue"));
        let altered = Properties::parse(&published).unwrap().with_headers(headers.as_table());
        assert_ne!(Digest::of_message(&published, b"body"), Digest::of_message(&altered, b"body"));
        let other = PropertiesBuilder::new().content_type("text/plain7").message_id("").build();
        assert_ne!(Digest::of_message(&published, b"body"), Digest::of_message(&other, b"body"));
        assert_ne!(Digest::of_message(&published, b"body"), Digest::of_message(&published, b"Body"));
    }
}
