//! The arguments of queues, consumers and exchanges, as the rules that the core goes by, and back.
//!
//! Arguments that this broker does not know are accepted and mean nothing, as in RabbitMQ. Those that it knows are
//! checked for type and range, in RabbitMQ's order and with its words.

mod consumer;
mod queue;

pub(super) use self::consumer::consumer_priority;
pub use self::queue::queue_arguments;
pub(super) use self::queue::queue_options;

use super::codec::{ReplyCode, Table, Value};
use super::fault::Fault;

/// Reads the alternate exchange of the exchange called `exchange` from the arguments of its declaration.
pub(super) fn alternate_exchange(exchange: &str, arguments: Table<'_>) -> Result<Option<String>, Fault> {
    exchange_name(("exchange", exchange), "alternate-exchange", arguments)
}

/// An argument that names an exchange.
fn exchange_name((entity, name): (&str, &str), argument: &str, arguments: Table<'_>) -> Result<Option<String>, Fault> {
    let Some(value) = arguments.get(argument) else { return Ok(None) };
    let Some(exchange) = value.as_str() else {
        let kind = value.type_name();
        let text = format!("invalid type '{kind}' for arg '{argument}' in {entity} '{name}'");
        return Err(Fault::in_virtual_host(ReplyCode::PreconditionFailed, text, ""));
    };
    Ok(Some(exchange.to_owned()))
}

/// An argument of a queue or of one of its consumers.
struct Argument<'a> {
    queue: &'a str,
    name: &'a str,
    value: Value<'a>,
}

impl<'a> Argument<'a> {
    /// The argument of this name, if it was given.
    fn find(queue: &'a str, arguments: Table<'a>, name: &'a str) -> Option<Argument<'a>> {
        arguments.get(name).map(|value| Argument { queue, name, value })
    }

    fn integer(&self) -> Result<i64, Fault> {
        let expected = || format!("\"expected integer, got {}\"", self.value.type_name());
        self.value.as_integer().ok_or_else(|| self.fault(&expected()))
    }

    fn count(&self) -> Result<u64, Fault> {
        let number = self.integer()?;
        u64::try_from(number).map_err(|_| self.fault(&format!("{{value_negative,{number}}}")))
    }

    fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.unacceptable_type())
    }

    fn truth(&self) -> Result<bool, Fault> {
        self.value.as_boolean().ok_or_else(|| self.unacceptable_type())
    }

    fn unacceptable_type(&self) -> Fault {
        self.fault(&format!("{{unacceptable_type,{}}}", self.value.type_name()))
    }

    fn fault(&self, reason: &str) -> Fault {
        self.invalid(format!(": {reason}"))
    }

    /// It means nothing to this type of queue.
    fn misplaced(&self, queue_type: &str) -> Fault {
        self.invalid(format!(" of queue type {queue_type}"))
    }

    fn invalid(&self, why: String) -> Fault {
        let Argument { queue, name, .. } = self;
        let text = format!("invalid arg '{name}' for queue '{queue}'");
        Fault::in_virtual_host(ReplyCode::PreconditionFailed, text, why)
    }
}
