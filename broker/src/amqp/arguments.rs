//! The arguments of queues and exchanges, as the rules that the core goes by, and back.
//!
//! Arguments that this broker does not know are accepted and mean nothing, as in RabbitMQ. Those that it knows are
//! checked for type and range.

use super::codec::{ReplyCode, Table, TableBuilder, Value};
use super::fault::Fault;
use crate::core::{Overflow, QueuePolicy};

/// Reads the policy of the queue called `queue` from the arguments of its declaration.
pub(super) fn queue_policy(queue: &str, arguments: Table<'_>) -> Result<QueuePolicy, Fault> {
    let mut policy = QueuePolicy::default();
    for (name, value) in arguments.iter() {
        // Names that are no text are none of ours.
        let name = str::from_utf8(name).unwrap_or_default();
        let argument = Argument { queue, name, value };
        match name {
            "x-max-length" => policy.max_length = Some(argument.count()?),
            "x-overflow" => policy.overflow = argument.overflow()?,
            "x-delivery-limit" => {
                policy.delivery_limit = Some(u32::try_from(argument.count()?).unwrap_or(u32::MAX));
            }
            "x-dead-letter-exchange" => policy.dead_letter_exchange = Some(argument.text()?.to_owned()),
            "x-dead-letter-routing-key" => {
                policy.dead_letter_routing_key = Some(argument.text()?.as_bytes().to_vec());
            }
            _ => {}
        }
    }
    if policy.dead_letter_routing_key.is_some() && policy.dead_letter_exchange.is_none() {
        let argument = Argument { queue, name: "x-dead-letter-routing-key", value: Value::Void };
        return Err(argument.fault("routing_key_but_no_dlx_defined"));
    }
    Ok(policy)
}

/// Reads the alternate exchange of the exchange called `exchange` from the arguments of its declaration.
pub(super) fn alternate_exchange(exchange: &str, arguments: Table<'_>) -> Result<Option<String>, Fault> {
    let Some(value) = arguments.get("alternate-exchange") else { return Ok(None) };
    let Some(name) = value.as_str() else {
        let kind = value.type_name();
        let text = format!("invalid type '{kind}' for arg 'alternate-exchange' in exchange '{exchange}'");
        return Err(Fault::in_virtual_host(ReplyCode::PreconditionFailed, text, ""));
    };
    Ok(Some(name.to_owned()))
}

/// Writes the arguments that ask for `policy`: what [`queue_policy`] reads.
pub fn queue_arguments(policy: &QueuePolicy) -> TableBuilder {
    let mut arguments = TableBuilder::new();
    if let Some(messages) = policy.max_length {
        arguments.insert("x-max-length", Value::LongLongInt(i64::try_from(messages).unwrap_or(i64::MAX)));
    }
    if policy.overflow == Overflow::RejectPublish {
        arguments.insert("x-overflow", Value::LongString(b"reject-publish"));
    }
    if let Some(requeues) = policy.delivery_limit {
        arguments.insert("x-delivery-limit", Value::LongLongInt(requeues.into()));
    }
    if let Some(exchange) = &policy.dead_letter_exchange {
        arguments.insert("x-dead-letter-exchange", Value::LongString(exchange.as_bytes()));
    }
    if let Some(routing_key) = &policy.dead_letter_routing_key {
        arguments.insert("x-dead-letter-routing-key", Value::LongString(routing_key));
    }
    arguments
}

struct Argument<'a> {
    queue: &'a str,
    name: &'a str,
    value: Value<'a>,
}

impl<'a> Argument<'a> {
    fn count(&self) -> Result<u64, Fault> {
        let Some(number) = self.value.as_integer() else {
            return Err(self.fault("unacceptable_type"));
        };
        u64::try_from(number).map_err(|_| self.fault(&format!("value_negative,{number}")))
    }

    fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault("unacceptable_type"))
    }

    fn overflow(&self) -> Result<Overflow, Fault> {
        match self.text()? {
            "drop-head" => Ok(Overflow::DropHead),
            "reject-publish" => Ok(Overflow::RejectPublish),
            other => Err(self.fault(&format!("invalid_overflow,'{other}'"))),
        }
    }

    fn fault(&self, reason: &str) -> Fault {
        let Argument { queue, name, .. } = self;
        let text = format!("invalid arg '{name}' for queue '{queue}'");
        Fault::in_virtual_host(ReplyCode::PreconditionFailed, text, format!(": {reason}"))
    }
}
