//! Content headers and message properties (AMQP 0-9-1, 4.2.6).
//!
//! ```text
//!   0          2            4             12               14
//!   +----------+------------+-------------+----------------+------------------------------+
//!   | class id | weight = 0 | body size   | property flags | the values of the properties |
//!   | u16      | u16        | u64         | u16            | whose flags are set          |
//!   +----------+------------+-------------+----------------+------------------------------+
//! ```
//!
//! Flags and values stay together as bytes, so that they can be forwarded as they came. [`Properties`] reads them,
//! [`PropertiesBuilder`] writes new ones, and some are replaced without touching the rest.

mod define;

use super::frame::{FrameKind, write_frame};
use super::table::Table;
use super::table_builder::TableBuilder;
use super::wire::{Reader, SyntaxError, Writer};

/// The class that has content: basic.
pub const BASIC_CLASS_ID: u16 = 60;

/// The payload of a content header frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHeader<'a> {
    /// The class of the method that the content belongs to: [`BASIC_CLASS_ID`].
    pub class_id: u16,
    /// How many bytes the body frames that follow have together.
    pub body_size: u64,
    /// Property flags and values. Not checked: see [`Properties::parse`].
    pub properties: &'a [u8],
}

impl<'a> ContentHeader<'a> {
    /// Reads the payload of a content header frame.
    ///
    /// # Errors
    /// A [`SyntaxError`] if it is too short or has a weight.
    pub fn parse(payload: &'a [u8]) -> Result<ContentHeader<'a>, SyntaxError> {
        let mut reader = Reader::new(payload);
        let class_id = reader.short()?;
        let weight = reader.short()?;
        if weight != 0 {
            return Err(SyntaxError::Weight(weight));
        }
        Ok(ContentHeader { class_id, body_size: reader.long_long()?, properties: reader.rest() })
    }

    /// Writes a whole content header frame.
    pub fn write(&self, channel: u16, out: &mut Vec<u8>) {
        write_frame(FrameKind::Header, channel, out, |out| {
            let mut start = [0; 12];
            start[..2].copy_from_slice(&self.class_id.to_be_bytes());
            start[4..].copy_from_slice(&self.body_size.to_be_bytes());
            out.extend_from_slice(&start);
            out.extend_from_slice(self.properties);
        });
    }
}

const HEADERS_FLAG: u16 = 0x2000;
const REPLY_TO_FLAG: u16 = 0x0200;
const EXPIRATION_FLAG: u16 = 0x0100;
const USER_ID_FLAG: u16 = 0x0010;

// Each property of the basic class with its flag, in the order of the wire.
define::properties! {
    /// The MIME type of the body.
    0x8000 content_type: text,
    /// How the body is encoded, `gzip` for instance.
    0x4000 content_encoding: text,
    /// The application's own headers, and the broker's (`x-death`).
    0x2000 headers: table,
    /// 1 is transient, 2 is persistent.
    0x1000 delivery_mode: octet,
    /// From 0, the lowest, to 9 by the specification; RabbitMQ allows 255.
    0x0800 priority: octet,
    /// Which request a reply belongs to.
    0x0400 correlation_id: text,
    /// Where a reply should go.
    0x0200 reply_to: text,
    /// The time to live in milliseconds, in decimal digits.
    0x0100 expiration: text,
    /// The application's name for the message.
    0x0080 message_id: text,
    /// When the message was made, in seconds since the Unix epoch.
    0x0040 timestamp: long_long,
    /// The application's name for the kind of message.
    0x0020 type_: text,
    /// Who published it.
    0x0010 user_id: text,
    /// The application that published it.
    0x0008 app_id: text,
    /// Reserved by the specification; called cluster id by clients.
    0x0004 cluster_id: text,
}

impl<'a> Properties<'a> {
    /// The user id in property bytes that were checked before. Costs next to nothing where there is none.
    pub(crate) fn user_id_of(properties: &'a [u8]) -> Option<&'a str> {
        let flags = u16::from_be_bytes(*properties.first_chunk()?);
        if flags & USER_ID_FLAG == 0 { None } else { Properties::parse(properties).ok()?.user_id() }
    }
}

impl Properties<'_> {
    /// The flags and values with some headers added or replaced; all other bytes as they came.
    ///
    /// The headers that stay keep their order and come before those of `changes`.
    pub fn with_headers(&self, changes: Table<'_>) -> Vec<u8> {
        let old = self.headers().unwrap_or_default();
        let mut headers = old.filtered(|name| changes.iter().all(|(changed, _)| changed != name));
        headers.extend_from_slice(changes.as_bytes());
        self.replacing(HEADERS_FLAG, true, |writer| writer.long_string(&headers))
    }

    /// The flags and values without the header of this name; all other bytes as they came.
    pub(crate) fn without_header(&self, name: &str) -> Vec<u8> {
        let headers = self.headers().unwrap_or_default().filtered(|header| header != name.as_bytes());
        self.replacing(HEADERS_FLAG, true, |writer| writer.long_string(&headers))
    }

    /// The flags and values without a time to live; all other bytes as they came.
    pub(crate) fn without_expiration(&self) -> Vec<u8> {
        self.replacing(EXPIRATION_FLAG, false, |_| {})
    }

    /// The flags and values with another address for replies; all other bytes as they came.
    pub(crate) fn with_reply_to(&self, address: &str) -> Vec<u8> {
        self.replacing(REPLY_TO_FLAG, true, |writer| writer.short_string(address))
    }

    /// The flags and values with what `write` says in place of the value with this flag, or without it.
    fn replacing(&self, flag: u16, is_set: bool, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let before_bytes = self.values.len() - self.reader_at(flag).rest().len();
        let mut out = Vec::with_capacity(self.values.len() + 64);
        let mut writer = Writer::new(&mut out);
        writer.short(if is_set { self.flags | flag } else { self.flags & !flag });
        writer.bytes(&self.values[..before_bytes]);
        write(&mut writer);
        writer.bytes(self.reader_at(flag >> 1).rest());
        out
    }
}

#[cfg(test)]
mod tests;
