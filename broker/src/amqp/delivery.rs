//! Messages on their way out: deliver, get-ok and return, each with its content frames.
//!
//! A message's properties leave as they came, unless it was delivered before: then the header `x-delivery-count` is set,
//! and everything else stays byte for byte.

use std::borrow::Cow;

use super::codec::{self, BASIC_CLASS_ID, ContentHeader, Method, Properties, ReplyCode, TableBuilder, Value};
use super::output::Output;
use crate::core::{Delivery, Message};

impl Output {
    /// Appends a delivery to a consumer.
    pub(crate) fn deliver(&mut self, channel: u16, consumer_tag: &str, delivery: &Delivery) {
        let message = &delivery.message;
        let deliver = Method::BasicDeliver {
            consumer_tag,
            delivery_tag: delivery.delivery_tag,
            redelivered: delivery.redelivered(),
            exchange: message.exchange(),
            routing_key: message.routing_key(),
        };
        self.message(channel, &deliver, &properties(delivery), message.body());
    }

    /// Appends the answer to a get that found a message.
    pub(super) fn got(&mut self, channel: u16, delivery: &Delivery, message_count: u32) {
        let message = &delivery.message;
        let got = Method::BasicGetOk {
            delivery_tag: delivery.delivery_tag,
            redelivered: delivery.redelivered(),
            exchange: message.exchange(),
            routing_key: message.routing_key(),
            message_count,
        };
        self.message(channel, &got, &properties(delivery), message.body());
    }

    /// Gives a mandatory message back to its publisher.
    pub(super) fn unroutable(&mut self, channel: u16, message: &Message) {
        let returned = Method::BasicReturn {
            reply_code: ReplyCode::NoRoute.code(),
            reply_text: ReplyCode::NoRoute.name(),
            exchange: message.exchange(),
            routing_key: message.routing_key(),
        };
        self.count_answers(0, 1);
        self.message(channel, &returned, message.properties(), message.body());
    }

    /// Tells a client that its consumer is gone.
    pub(crate) fn consumer_cancelled(&mut self, channel: u16, consumer_tag: &str) {
        self.method(channel, &Method::BasicCancel { consumer_tag, no_wait: true });
    }

    /// Appends a method and the content that follows it, cut into frames that the peer takes.
    pub(crate) fn message(&mut self, channel: u16, method: &Method<'_>, properties: &[u8], body: &[u8]) {
        let frame_max = self.frame_max();
        let out = self.bytes();
        method.write(channel, out);
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: body.len() as u64, properties }.write(channel, out);
        for payload in codec::body_payloads(body, frame_max) {
            codec::write_body_frame(channel, payload, out);
        }
    }
}

/// The properties to send: the message's, with how often it was delivered before.
fn properties(delivery: &Delivery) -> Cow<'_, [u8]> {
    let published = delivery.message.properties();
    if delivery.delivery_count == 0 {
        return Cow::Borrowed(published);
    }
    // What was checked when it came in is still whole; if it were not, the message would leave as it is.
    let Ok(properties) = Properties::parse(published) else { return Cow::Borrowed(published) };
    let mut headers = TableBuilder::new();
    headers.insert("x-delivery-count", Value::LongLongInt(delivery.delivery_count.into()));
    Cow::Owned(properties.with_headers(headers.as_table()))
}
