//! Whether a second declaration of an exchange or a queue agrees with the first, and RabbitMQ's words for it if not.

use super::command::{ExchangeKind, ExchangeOptions, Overflow, QueueOptions, QueuePolicy, Refusal};

/// Compares two declarations of an exchange.
pub(super) fn check_exchange(name: &str, received: &ExchangeOptions, current: &ExchangeOptions) -> Result<(), Refusal> {
    let entity = ("exchange", name);
    check_option(entity, "type", (&received.kind, &current.kind), show_kind)?;
    check_option(entity, "durable", (&received.durable, &current.durable), show_flag)?;
    check_option(entity, "auto_delete", (&received.auto_delete, &current.auto_delete), show_flag)?;
    check_option(entity, "internal", (&received.internal, &current.internal), show_flag)?;
    let alternate = (&received.alternate_exchange, &current.alternate_exchange);
    check_argument(entity, "alternate-exchange", alternate, String::clone, "longstr")
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
    check_argument(entity, "x-dead-letter-exchange", exchange, String::clone, "longstr")?;
    check_argument(entity, "x-dead-letter-routing-key", routing_key, text, "longstr")?;
    check_argument(entity, "x-delivery-limit", delivery_limit, u32::to_string, "long")?;
    check_argument(entity, "x-max-length", max_length, u64::to_string, "long")?;
    check_option(entity, "x-overflow", (&received.overflow, &current.overflow), show_overflow)
}

/// Compares an argument of two declarations that both may lack. RabbitMQ says what it is and of which type, if only one
/// declaration has it.
fn check_argument<T: PartialEq>(
    entity: (&'static str, &str),
    option: &'static str,
    (received, current): (&Option<T>, &Option<T>),
    show: impl Fn(&T) -> String,
    type_name: &str,
) -> Result<(), Refusal> {
    let is_in_both = received.is_some() && current.is_some();
    let show = |value: &Option<T>| match value {
        None => "none".into(),
        Some(value) if is_in_both => format!("'{}'", show(value)),
        Some(value) => format!("the value '{}' of type '{type_name}'", show(value)),
    };
    check_option(entity, option, (received, current), show)
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
        ExchangeKind::Topic => "'topic'".into(),
        ExchangeKind::Headers => "'headers'".into(),
    }
}
