//! What a user needs which permission for: RabbitMQ's table, in one place ("Access control", section "How Authorization
//! Works").
//!
//! | operation | configure | write | read |
//! | --- | --- | --- | --- |
//! | exchange.declare | exchange | alternate exchange | exchange, with an alternate exchange |
//! | exchange.delete | exchange | | |
//! | exchange.bind, unbind | | destination | source |
//! | queue.declare | queue | dead letter exchange | queue, with a dead letter exchange |
//! | queue.delete | queue | | |
//! | queue.bind, unbind | | queue | exchange |
//! | queue.purge, basic.get, consume | | | queue |
//! | basic.publish | | exchange | |
//!
//! Passive declarations need none. Routing, dead-lettering included, asks nobody.

use super::Connection;
use crate::access::Permission;
use crate::amqp::codec::{Method, Properties, ReplyCode, Table};
use crate::amqp::fault::Fault;
use crate::core::{Message, REPLY_TO};

/// What the default exchange is called in patterns, since its own name is empty.
const DEFAULT_EXCHANGE: &str = "amq.default";
/// What a queue is called that has no name yet.
const GENERATED_QUEUE: &str = "amq.gen-0";

impl Connection {
    /// Whether the user may do what a method on channel `number` asks for. A publish is asked about when it is whole.
    pub(super) fn check_access(&self, number: u16, method: &Method<'_>) -> Result<(), Fault> {
        use Permission::{Configure, Read, Write};
        match *method {
            Method::ExchangeDeclare { exchange, passive: false, arguments, .. } => {
                self.may_exchange(Configure, exchange)?;
                match text(arguments, "alternate-exchange") {
                    Some(alternate) => {
                        self.may_exchange(Read, exchange)?;
                        self.may_exchange(Write, alternate)
                    }
                    None => Ok(()),
                }
            }
            // These are nobody's to delete, which the core says.
            Method::ExchangeDelete { exchange, .. } if exchange.starts_with("amq.") => Ok(()),
            Method::ExchangeDelete { exchange, .. } => self.may_exchange(Configure, exchange),
            Method::ExchangeBind { destination, source, .. } | Method::ExchangeUnbind { destination, source, .. } => {
                self.may_exchange(Write, destination)?;
                self.may_exchange(Read, source)
            }
            Method::QueueDeclare { queue, passive: false, arguments, .. } => {
                let queue = if queue.is_empty() { GENERATED_QUEUE } else { queue };
                self.may_queue(Configure, queue)?;
                match text(arguments, "x-dead-letter-exchange") {
                    Some(exchange) => {
                        self.may_queue(Read, queue)?;
                        self.may_exchange(Write, exchange)
                    }
                    None => Ok(()),
                }
            }
            Method::QueueDelete { queue, .. } => self.may_queue(Configure, self.queue_name(number, queue)?),
            Method::QueueBind { queue, exchange, .. } | Method::QueueUnbind { queue, exchange, .. } => {
                self.may_queue(Write, self.queue_name(number, queue)?)?;
                self.may_exchange(Read, exchange)
            }
            Method::BasicConsume { queue: REPLY_TO, .. } | Method::BasicGet { queue: REPLY_TO, .. } => Ok(()),
            Method::QueuePurge { queue, .. } | Method::BasicConsume { queue, .. } | Method::BasicGet { queue, .. } => {
                self.may_queue(Read, self.queue_name(number, queue)?)
            }
            _ => Ok(()),
        }
    }

    /// Whether the user may publish this: to its exchange, and under the name that it says.
    pub(super) fn check_publish(&self, message: &Message) -> Result<(), Fault> {
        let exchange = message.exchange();
        self.may(Permission::Write, "exchange", if exchange.is_empty() { DEFAULT_EXCHANGE } else { exchange })?;
        match Properties::user_id_of(message.properties()) {
            Some(said) if said != &*self.user => {
                let text = format!("user_id property set to '{said}' but authenticated user was '{}'", self.user);
                Err(Fault::new(ReplyCode::PreconditionFailed, text))
            }
            _ => Ok(()),
        }
    }

    /// The default exchange may be published to and nothing else, which the core says.
    fn may_exchange(&self, permission: Permission, exchange: &str) -> Result<(), Fault> {
        if exchange.is_empty() { Ok(()) } else { self.may(permission, "exchange", exchange) }
    }

    fn may_queue(&self, permission: Permission, queue: &str) -> Result<(), Fault> {
        self.may(permission, "queue", queue)
    }

    fn may(&self, permission: Permission, entity: &str, name: &str) -> Result<(), Fault> {
        if self.host.permissions.allow(permission, name) {
            return Ok(());
        }
        let before = format!("access to {entity} '{name}'");
        let after = format!(" refused for user '{}'", self.user);
        Err(Fault::in_virtual_host(ReplyCode::AccessRefused, before, after))
    }
}

fn text<'a>(arguments: Table<'a>, name: &str) -> Option<&'a str> {
    arguments.get(name)?.as_str()
}
