//! The arguments of queues.

use std::time::Duration;

use super::{Argument, exchange_name};
use crate::amqp::codec::{ReplyCode, Table, TableBuilder, Value};
use crate::amqp::fault::Fault;
use crate::core::{Overflow, QueueOptions, QueuePolicy};

/// The longest time that RabbitMQ waits for something: ten years, in milliseconds.
const LONGEST_TIME_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// What an argument says.
type Said<T> = Result<T, Fault>;

/// What RabbitMQ's types of queues are called inside it, as its errors have it.
const CLASSIC: &str = "rabbit_classic_queue";
const QUORUM: &str = "rabbit_quorum_queue";

/// Arguments that only other types of queues take.
const NOT_FOR_CLASSIC: [&str; 9] = [
    "x-dead-letter-strategy",
    "x-initial-cluster-size",
    "x-max-age",
    "x-max-in-memory-bytes",
    "x-max-in-memory-length",
    "x-queue-leader-locator",
    "x-quorum-initial-group-size",
    "x-stream-max-segment-size-bytes",
    "x-stream-offset",
];
const NOT_FOR_QUORUM: [&str; 5] =
    ["x-max-age", "x-max-priority", "x-queue-mode", "x-queue-version", "x-stream-max-segment-size-bytes"];

/// The options of the queue called `queue` that is declared with these flags and arguments.
pub(in crate::amqp) fn queue_options(
    queue: &str,
    (durable, exclusive, auto_delete): (bool, bool, bool),
    arguments: Table<'_>,
) -> Said<QueueOptions> {
    let policy = queue_policy(queue, arguments)?;
    let options = QueueOptions { durable, exclusive, auto_delete, policy, arguments: arguments.as_bytes().into() };
    let is_quorum = arguments.get("x-queue-type").and_then(Value::as_str) == Some("quorum");
    check_misplaced(queue, is_quorum, arguments)?;
    if is_quorum {
        check_quorum(queue, &options)?;
    }
    Ok(options)
}

/// Reads the policy of a queue from the arguments of its declaration.
fn queue_policy(queue: &str, arguments: Table<'_>) -> Said<QueuePolicy> {
    let find = |name: &'static str| Argument::find(queue, arguments, name);
    let dead_letter_exchange = exchange_name(("queue", queue), "x-dead-letter-exchange", arguments)?;
    let expires = find("x-expires").map(|expires| expires.lifetime()).transpose()?;
    let message_ttl = find("x-message-ttl").map(|ttl| ttl.time()).transpose()?;
    let dead_letter_routing_key = find("x-dead-letter-routing-key")
        .map(|key| key.dead_letter_routing_key(dead_letter_exchange.is_some()))
        .transpose()?;
    let max_length = find("x-max-length").map(|length| length.count()).transpose()?;
    let max_length_bytes = find("x-max-length-bytes").map(|bytes| bytes.count()).transpose()?;
    let max_priority = find("x-max-priority").map(|priority| priority.max_priority()).transpose()?.flatten();
    let overflow = find("x-overflow").map_or(Ok(Overflow::DropHead), |overflow| overflow.overflow())?;
    find("x-queue-mode").map_or(Ok(()), |mode| mode.check_mode())?;
    find("x-queue-version").map_or(Ok(()), |version| version.check_version())?;
    let single_active_consumer = find("x-single-active-consumer").map_or(Ok(false), |single| single.truth())?;
    find("x-queue-type").map_or(Ok(()), |queue_type| queue_type.check_type())?;
    let delivery_limit = find("x-delivery-limit").map(|limit| limit.delivery_limit()).transpose()?.flatten();
    Ok(QueuePolicy {
        max_length,
        max_length_bytes,
        overflow,
        delivery_limit,
        dead_letter_exchange,
        dead_letter_routing_key,
        message_ttl,
        expires,
        max_priority,
        single_active_consumer,
    })
}

/// Refuses what RabbitMQ refuses for this type of queue.
fn check_misplaced(queue: &str, is_quorum: bool, arguments: Table<'_>) -> Said<()> {
    let (misplaced, queue_type) =
        if is_quorum { (&NOT_FOR_QUORUM[..], QUORUM) } else { (&NOT_FOR_CLASSIC[..], CLASSIC) };
    let found = misplaced.iter().find_map(|name| Argument::find(queue, arguments, name));
    found.map_or(Ok(()), |argument| Err(argument.misplaced(queue_type)))
}

/// A quorum queue outlives its broker and its clients, and is known by its name.
fn check_quorum(queue: &str, options: &QueueOptions) -> Said<()> {
    if queue.is_empty() {
        let text = format!("Cannot declare a server-named queue for type {QUORUM}");
        return Err(Fault::new(ReplyCode::PreconditionFailed, text));
    }
    let properties = [
        ("non-durable", !options.durable),
        ("exclusive-owner", options.exclusive),
        ("auto-delete", options.auto_delete),
    ];
    match properties.into_iter().find(|(_, is_invalid)| *is_invalid) {
        None => Ok(()),
        Some((property, _)) => {
            let text = format!("invalid property '{property}' for queue '{queue}'");
            Err(Fault::in_virtual_host(ReplyCode::PreconditionFailed, text, ""))
        }
    }
}

/// Writes the arguments that ask for `policy`: what [`queue_options`] reads.
pub fn queue_arguments(policy: &QueuePolicy) -> TableBuilder {
    let number = |number: u64| Value::LongLongInt(i64::try_from(number).unwrap_or(i64::MAX));
    let milliseconds = |time: Duration| number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let overflow = match policy.overflow {
        Overflow::DropHead => None,
        Overflow::RejectPublish => Some("reject-publish"),
        Overflow::RejectPublishDeadLetter => Some("reject-publish-dlx"),
    };
    let said = [
        ("x-max-length", policy.max_length.map(number)),
        ("x-max-length-bytes", policy.max_length_bytes.map(number)),
        ("x-overflow", overflow.map(|overflow| Value::LongString(overflow.as_bytes()))),
        ("x-delivery-limit", policy.delivery_limit.map(|limit| number(limit.into()))),
        ("x-dead-letter-exchange", policy.dead_letter_exchange.as_deref().map(str::as_bytes).map(Value::LongString)),
        ("x-dead-letter-routing-key", policy.dead_letter_routing_key.as_deref().map(Value::LongString)),
        ("x-message-ttl", policy.message_ttl.map(milliseconds)),
        ("x-expires", policy.expires.map(milliseconds)),
        ("x-max-priority", policy.max_priority.map(|priority| number(priority.into()))),
        ("x-single-active-consumer", policy.single_active_consumer.then_some(Value::Boolean(true))),
    ];
    let mut arguments = TableBuilder::new();
    for (name, value) in said {
        if let Some(value) = value {
            arguments.insert(name, value);
        }
    }
    arguments
}

impl Argument<'_> {
    fn time(&self) -> Said<Duration> {
        match self.count()? {
            time_ms if time_ms > LONGEST_TIME_MS => Err(self.fault(&format!("{{value_too_large,{time_ms}}}"))),
            time_ms => Ok(Duration::from_millis(time_ms)),
        }
    }

    fn lifetime(&self) -> Said<Duration> {
        if self.count()? == 0 { Err(self.fault("{value_zero,0}")) } else { self.time() }
    }

    fn dead_letter_routing_key(&self, has_exchange: bool) -> Said<Vec<u8>> {
        match self.value {
            Value::LongString(key) if has_exchange => Ok(key.to_vec()),
            Value::LongString(_) => Err(self.fault("routing_key_but_no_dlx_defined")),
            _ => Err(self.unacceptable_type()),
        }
    }

    /// Only 0 is a priority like none.
    fn max_priority(&self) -> Said<Option<u8>> {
        let number = self.count()?;
        let priority = u8::try_from(number).map_err(|_| self.fault(&format!("{{max_value_exceeded,{number}}}")))?;
        Ok(Some(priority).filter(|priority| *priority > 0))
    }

    fn overflow(&self) -> Said<Overflow> {
        match self.text()? {
            "drop-head" => Ok(Overflow::DropHead),
            "reject-publish" => Ok(Overflow::RejectPublish),
            "reject-publish-dlx" => Ok(Overflow::RejectPublishDeadLetter),
            _ => Err(self.fault("invalid_overflow")),
        }
    }

    /// RabbitMQ takes whatever is no limit for none.
    fn delivery_limit(&self) -> Said<Option<u32>> {
        let limit = self.integer()?;
        Ok(u64::try_from(limit).ok().map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))
    }

    /// Where a queue keeps its messages means nothing here: it is always in memory.
    fn check_mode(&self) -> Said<()> {
        match self.text()? {
            "lazy" | "default" => Ok(()),
            other => Err(self.fault(&format!("\"unsupported queue mode '{other}'\""))),
        }
    }

    fn check_version(&self) -> Said<()> {
        match self.integer()? {
            1 | 2 => Ok(()),
            other => Err(self.fault(&format!("\"unsupported queue version '{other}'\""))),
        }
    }

    /// Streams are logs, and not what this broker is for.
    fn check_type(&self) -> Said<()> {
        match self.text()? {
            "classic" | "quorum" => Ok(()),
            other => Err(self.fault(&format!("\"unsupported queue type '{other}'\""))),
        }
    }
}
