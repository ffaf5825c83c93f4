//! Messages on their way out: deliver, get-ok and return, each with its content frames.
//!
//! A message's properties leave as they came, unless it was delivered before: then the header `x-delivery-count` is set,
//! and everything else stays byte for byte.

use std::borrow::Cow;
use std::sync::Arc;

use super::codec::{
    self, BASIC_CLASS_ID, ContentHeader, FRAME_END, FRAME_OVERHEAD_BYTES, Method, Properties, ReplyCode, TableBuilder,
    Value,
};
use super::output::Output;
use super::stencil::Stencil;
use crate::core::{Delivery, Message};

/// What a message takes on the wire beside its properties and body, mostly.
const CONTENT_FRAMES_BYTES: usize = 128;

impl Output {
    /// Appends a delivery to a consumer.
    pub(crate) fn deliver(&mut self, channel: u16, consumer_tag: &Arc<str>, delivery: &Delivery) {
        let body = delivery.message.body();
        let is_one_frame = !body.is_empty() && body.len() + FRAME_OVERHEAD_BYTES <= self.frame_max() as usize;
        if let Some(stencil) = &self.stencil
            && is_one_frame
            && stencil.fits(channel, consumer_tag, delivery)
        {
            stencil.write(delivery.delivery_tag, body.len() as u32, &mut self.bytes);
            self.bytes.extend_from_slice(body);
            self.bytes.push(FRAME_END);
            return;
        }
        let start = self.bytes.len();
        self.deliver_anew(channel, consumer_tag, delivery);
        if is_one_frame && !delivery.redelivered() {
            let frames = &self.bytes[start..self.bytes.len() - body.len() - 1];
            self.stencil = Stencil::of(channel, consumer_tag, delivery, frames).map(Box::new);
        }
    }

    fn deliver_anew(&mut self, channel: u16, consumer_tag: &str, delivery: &Delivery) {
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
        out.reserve(CONTENT_FRAMES_BYTES + properties.len() + body.len());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Head;

    const FRAME_MAX: u32 = 4096;

    /// What is written for `second` after `first`, and by itself.
    fn after_and_by_itself(
        first: (u16, &Arc<str>, &Delivery),
        second: (u16, &Arc<str>, &Delivery),
    ) -> (Vec<u8>, Vec<u8>) {
        let (mut after, mut by_itself) = (Output::new(FRAME_MAX), Output::new(FRAME_MAX));
        after.deliver(first.0, first.1, first.2);
        after.bytes.clear();
        after.deliver(second.0, second.1, second.2);
        by_itself.deliver(second.0, second.1, second.2);
        (after.bytes, by_itself.bytes)
    }

    #[test]
    fn a_delivery_is_the_same_after_one_like_it() {
        let head = Head::new("x", b"key", Some(b"\x10\0\x02"));
        let other = Head::new("x", b"other", Some(b"\x10\0\x02"));
        let bare = Message::with_own_properties(Head::new("x", b"key", None), 2, b"\0\0body");
        let (tag, other_tag): (Arc<str>, Arc<str>) = ("consumer".into(), "reader".into());
        let delivery = |delivery_tag, delivery_count, message| Delivery { delivery_tag, delivery_count, message };
        let under = |head: &Head, bytes: usize| Message::under(head.clone(), &vec![7; bytes]);
        let deliveries = [
            delivery(0x0102_0304_0506_0708, 0, under(&head, 300)),
            delivery(2, 0, under(&head, 0)),
            delivery(3, 0, under(&head, FRAME_MAX as usize - FRAME_OVERHEAD_BYTES)),
            delivery(4, 0, under(&head, FRAME_MAX as usize)),
            delivery(5, 1, under(&head, 4)),
            delivery(6, 0, under(&other, 4)),
            delivery(7, 0, bare),
        ];
        for first in &deliveries {
            for second in &deliveries {
                for (channel, consumer_tag) in [(1, &tag), (2, &tag), (1, &other_tag)] {
                    let (after, by_itself) = after_and_by_itself((1, &tag, first), (channel, consumer_tag, second));
                    assert!(after == by_itself, "{second:?} on {channel} to {consumer_tag} after {first:?}");
                }
            }
        }
    }
}
