//! Whether a second declaration of an exchange or a queue agrees with the first, and RabbitMQ's words for it if not.

use super::command::{ExchangeKind, ExchangeOptions, QueueOptions, Refusal};
use crate::amqp::codec::{Table, Value};

/// Compares two declarations of an exchange.
pub(super) fn check_exchange<'a>(
    name: &str,
    received: &'a ExchangeOptions,
    current: &'a ExchangeOptions,
) -> Result<(), Refusal> {
    let entity = ("exchange", name);
    check_option(entity, "type", (&received.kind, &current.kind), show_kind)?;
    check_option(entity, "durable", (&received.durable, &current.durable), show_flag)?;
    check_option(entity, "auto_delete", (&received.auto_delete, &current.auto_delete), show_flag)?;
    check_option(entity, "internal", (&received.internal, &current.internal), show_flag)?;
    let said = |options: &'a ExchangeOptions| options.alternate_exchange.as_deref().map(str::as_bytes);
    let alternates = (said(received).map(Value::LongString), said(current).map(Value::LongString));
    check_argument(entity, "alternate-exchange", alternates)
}

/// The arguments of queues that mean something to RabbitMQ, in the order in which it compares them. Others are not
/// looked at.
const QUEUE_ARGUMENTS: [&str; 18] = [
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-queue-version",
    "x-single-active-consumer",
    "x-queue-type",
    "x-quorum-initial-group-size",
    "x-queue-leader-locator",
    "x-delivery-limit",
];

/// Compares two declarations of a queue, but not whether it is exclusive: a queue that differs in that is locked.
pub(super) fn check_queue(name: &str, received: &QueueOptions, current: &QueueOptions) -> Result<(), Refusal> {
    let entity = ("queue", name);
    check_option(entity, "durable", (&received.durable, &current.durable), show_flag)?;
    check_option(entity, "auto_delete", (&received.auto_delete, &current.auto_delete), show_flag)?;
    let (received, current) = (Table::from_valid(&received.arguments), Table::from_valid(&current.arguments));
    for option in QUEUE_ARGUMENTS {
        check_argument(entity, option, (said(received, option), said(current, option)))?;
    }
    Ok(())
}

/// What a declaration says of an option. A classic queue is what it is if nobody says so.
fn said<'a>(arguments: Table<'a>, option: &str) -> Option<Value<'a>> {
    let is_default = |value: &Value<'_>| option == "x-queue-type" && value.as_str() == Some("classic");
    arguments.get(option).filter(|value| !is_default(value))
}

/// Compares an argument of two declarations that both may lack. RabbitMQ says what it is and of which type, if only one
/// declaration has it. Integers are equal if their values are, of whichever types.
fn check_argument(
    entity: (&'static str, &str),
    option: &'static str,
    (received, current): (Option<Value<'_>>, Option<Value<'_>>),
) -> Result<(), Refusal> {
    let meaning = |value: Option<Value<'_>>| value.map(|value| (value.as_integer(), show_value(value)));
    if meaning(received) == meaning(current) {
        return Ok(());
    }
    let is_in_both = received.is_some() && current.is_some();
    let show = |value: &Option<Value<'_>>| match *value {
        None => "none".into(),
        Some(value) if is_in_both => format!("'{}'", show_value(value)),
        Some(value) => format!("the value '{}' of type '{}'", show_value(value), value.type_name()),
    };
    let (received, current) = (show(&received), show(&current));
    Err(Refusal::Inequivalent { entity: entity.0, name: entity.1.into(), option, received, current })
}

fn show_value(value: Value<'_>) -> String {
    match value {
        Value::LongString(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Boolean(truth) => truth.to_string(),
        other => other.as_integer().map_or_else(|| format!("{other:?}"), |number| number.to_string()),
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
