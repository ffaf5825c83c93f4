//! Messages on their way out: deliver, get-ok and return, each with its content frames.
//!
//! A message's properties leave as they came, unless the broker has something to say about its past: then the headers
//! `x-death`, `x-first-death-*` and `x-delivery-count` are set, and everything else stays byte for byte.

use std::borrow::Cow;

use super::codec::{self, ArrayBuilder, BASIC_CLASS_ID, ContentHeader, Method, Properties, TableBuilder, Value};
use super::output::Output;
use crate::core::{Death, Deaths, Delivery};

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

/// The properties to send: the publisher's, with what the broker knows of the message's past.
fn properties(delivery: &Delivery) -> Cow<'_, [u8]> {
    let published = delivery.message.properties();
    if delivery.delivery_count == 0 && delivery.deaths.is_none() {
        return Cow::Borrowed(published);
    }
    // What was checked when it came in is still whole; if it were not, the message would leave as it is.
    let Ok(properties) = Properties::parse(published) else { return Cow::Borrowed(published) };
    let mut headers = TableBuilder::new();
    if let Some(deaths) = &delivery.deaths {
        insert_deaths(deaths, &mut headers);
    }
    if delivery.delivery_count > 0 {
        headers.insert("x-delivery-count", Value::LongLongInt(delivery.delivery_count.into()));
    }
    Cow::Owned(properties.with_headers(headers.as_table()))
}

fn insert_deaths(deaths: &Deaths, headers: &mut TableBuilder) {
    let mut entries = ArrayBuilder::new();
    for death in &deaths.entries {
        entries.push(Value::Table(death_entry(death).as_table()));
    }
    let first = &deaths.first;
    headers
        .insert("x-death", Value::Array(entries.as_array()))
        .insert("x-first-death-exchange", Value::LongString(first.exchange.as_bytes()))
        .insert("x-first-death-queue", Value::LongString(first.queue.as_bytes()))
        .insert("x-first-death-reason", Value::LongString(first.reason.as_str().as_bytes()));
}

fn death_entry(death: &Death) -> TableBuilder {
    let mut routing_keys = ArrayBuilder::new();
    for key in &death.routing_keys {
        routing_keys.push(Value::LongString(key));
    }
    let mut entry = TableBuilder::new();
    entry
        .insert("count", Value::LongLongInt(i64::try_from(death.count).unwrap_or(i64::MAX)))
        .insert("reason", Value::LongString(death.reason.as_str().as_bytes()))
        .insert("queue", Value::LongString(death.queue.as_bytes()))
        .insert("time", Value::Timestamp(death.time.as_seconds()))
        .insert("exchange", Value::LongString(death.exchange.as_bytes()))
        .insert("routing-keys", Value::Array(routing_keys.as_array()));
    entry
}
