//! Whether a second declaration of an exchange or a queue agrees with the first, and RabbitMQ's words for it if not.

use super::command::{ExchangeKind, ExchangeOptions, Overflow, QueueOptions, QueuePolicy, Refusal};

/// Compares two declarations of an exchange.
pub(super) fn check_exchange(name: &str, received: &ExchangeOptions, current: &ExchangeOptions) -> Result<(), Refusal> {
    let entity = ("exchange", name);
    check_option(entity, "type", (&received.kind, &current.kind), show_kind)?;
    check_option(entity, "durable", (&received.durable, &current.durable), show_flag)?;
    check_option(entity, "auto_delete", (&received.auto_delete, &current.auto_delete), show_flag)?;
    check_option(entity, "internal", (&received.internal, &current.internal), show_flag)
}

/// Compares two declarations of a queue, but not whether it is exclusive: a queue that differs in that is locked.
pub(super) fn check_queue(name: &str, received: &QueueOptions, current: &QueueOptions) -> Result<(), Refusal> {
    let entity = ("queue", name);
    check_option(entity, "durable", (&received.durable, &current.durable), show_flag)?;
    check_option(entity, "auto_delete", (&received.auto_delete, &current.auto_delete), show_flag)?;
    check_policy(entity, &received.policy, &current.policy)
}

fn check_policy(entity: (&'static str, &str), received: &QueuePolicy, current: &QueuePolicy) -> Result<(), Refusal> {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let exchange = (&received.dead_letter_exchange, &current.dead_letter_exchange);
    let routing_key = (&received.dead_letter_routing_key, &current.dead_letter_routing_key);
    let max_length = (&received.max_length, &current.max_length);
    let delivery_limit = (&received.delivery_limit, &current.delivery_limit);
    check_option(entity, "x-dead-letter-exchange", exchange, show_argument(String::clone))?;
    check_option(entity, "x-dead-letter-routing-key", routing_key, show_argument(text))?;
    check_option(entity, "x-delivery-limit", delivery_limit, show_argument(u32::to_string))?;
    check_option(entity, "x-max-length", max_length, show_argument(u64::to_string))?;
    check_option(entity, "x-overflow", (&received.overflow, &current.overflow), show_overflow)
}

fn show_argument<T>(show: impl Fn(&T) -> String) -> impl Fn(&Option<T>) -> String {
    move |value| value.as_ref().map_or("none".into(), |value| format!("the value '{}'", show(value)))
}

fn show_overflow(overflow: &Overflow) -> String {
    match overflow {
        Overflow::DropHead => "'drop-head'".into(),
        Overflow::RejectPublish => "'reject-publish'".into(),
    }
}

/// Compares one option of two declarations.
fn check_option<T: PartialEq>(
    (entity, name): (&'static str, &str),
    option: &'static str,
    (received, current): (&T, &T),
    show: impl Fn(&T) -> String,
) -> Result<(), Refusal> {
    if received == current {
        return Ok(());
    }
    let (received, current) = (show(received), show(current));
    Err(Refusal::Inequivalent { entity, name: name.into(), option, received, current })
}

/// A flag as RabbitMQ shows it in an error.
fn show_flag(flag: &bool) -> String {
    format!("'{flag}'")
}

fn show_kind(kind: &ExchangeKind) -> String {
    match kind {
        ExchangeKind::Direct => "'direct'".into(),
        ExchangeKind::Fanout => "'fanout'".into(),
    }
}
