//! Exchanges, queues and bindings: declared, deleted, purged, bound.

use super::{Connection, Turn};
use crate::amqp::arguments;
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::fault::Fault;
use crate::core::{Command, ExchangeKind, ExchangeOptions, Machine, QueueOptions, Refusal, Reply};

impl Connection {
    /// A method of the exchange or the queue class.
    pub(super) fn entity_method<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        match method {
            Method::ExchangeDeclare { .. } => self.declare_exchange(number, method, turn),
            Method::ExchangeDelete { exchange, if_unused, no_wait } => {
                turn.ask(Command::DeleteExchange { name: exchange, if_unused })?;
                turn.answer(number, no_wait, &Method::ExchangeDeleteOk {});
                Ok(())
            }
            Method::QueueDeclare { .. } => self.declare_queue(number, method, turn),
            Method::ExchangeBind { destination, source, routing_key, no_wait, arguments } => {
                turn.ask(Command::BindExchange { destination, source, routing_key, arguments })?;
                turn.answer(number, no_wait, &Method::ExchangeBindOk {});
                Ok(())
            }
            Method::ExchangeUnbind { destination, source, routing_key, no_wait, arguments } => {
                turn.ask(Command::UnbindExchange { destination, source, routing_key, arguments })?;
                turn.answer(number, no_wait, &Method::ExchangeUnbindOk {});
                Ok(())
            }
            Method::QueueBind { queue, exchange, routing_key, no_wait, arguments } => {
                let (queue, routing_key) = self.queue_and_key(number, queue, routing_key)?;
                let connection = self.id;
                turn.ask(Command::BindQueue { connection, queue, exchange, routing_key, arguments })?;
                turn.answer(number, no_wait, &Method::QueueBindOk {});
                Ok(())
            }
            Method::QueueUnbind { queue, exchange, routing_key, arguments } => {
                let (queue, routing_key) = self.queue_and_key(number, queue, routing_key)?;
                let connection = self.id;
                turn.ask(Command::UnbindQueue { connection, queue, exchange, routing_key, arguments })?;
                turn.answer(number, false, &Method::QueueUnbindOk {});
                Ok(())
            }
            Method::QueuePurge { queue, no_wait } => {
                let name = self.queue_name(number, queue)?;
                let message_count = turn.count(Command::PurgeQueue { connection: self.id, name })?;
                turn.answer(number, no_wait, &Method::QueuePurgeOk { message_count });
                Ok(())
            }
            Method::QueueDelete { queue, if_unused, if_empty, no_wait } => {
                let name = self.queue_name(number, queue)?;
                let delete = Command::DeleteQueue { connection: self.id, name, if_unused, if_empty };
                let message_count = turn.count(delete)?;
                turn.answer(number, no_wait, &Method::QueueDeleteOk { message_count });
                Ok(())
            }
            other => Err(Fault::new(ReplyCode::NotImplemented, other.name())),
        }
    }

    fn declare_exchange<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let Method::ExchangeDeclare { exchange, kind, passive, durable, auto_delete, internal, no_wait, arguments } =
            method
        else {
            return Ok(());
        };
        let kind = match kind {
            "direct" => ExchangeKind::Direct,
            "fanout" => ExchangeKind::Fanout,
            "topic" => ExchangeKind::Topic,
            "headers" => ExchangeKind::Headers,
            // A passive declaration asks whether it exists, not what it is.
            _ if passive => ExchangeKind::Direct,
            unknown => {
                return Err(Fault::new(ReplyCode::CommandInvalid, format!("invalid exchange type '{unknown}'")));
            }
        };
        let alternate_exchange = if passive { None } else { arguments::alternate_exchange(exchange, arguments)? };
        let options = ExchangeOptions { kind, durable, auto_delete, internal, alternate_exchange };
        turn.ask(Command::DeclareExchange { name: exchange, passive, options })?;
        turn.answer(number, no_wait, &Method::ExchangeDeclareOk {});
        Ok(())
    }

    fn declare_queue<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let Method::QueueDeclare { queue, passive, durable, exclusive, auto_delete, no_wait, arguments } = method
        else {
            return Ok(());
        };
        let name = if passive { self.queue_name(number, queue)? } else { queue };
        let options = match passive {
            true => QueueOptions::default(),
            false => arguments::queue_options(name, (durable, exclusive, auto_delete), arguments)?,
        };
        let declare = Command::DeclareQueue { connection: self.id, name, passive, options };
        let Reply::QueueDeclared { name, messages, consumers } = turn.ask(declare)? else {
            return Err(Fault::new(ReplyCode::InternalError, "the core gave a declare another command's answer"));
        };
        let declared = Method::QueueDeclareOk { queue: &name, message_count: messages, consumer_count: consumers };
        turn.answer(number, no_wait, &declared);
        if let Some(channel) = self.channels.get_mut(&number) {
            channel.last_queue = name;
        }
        Ok(())
    }

    /// What a queue name means on this channel: an empty one is the queue last declared on it.
    pub(super) fn queue_name<'a>(&'a self, number: u16, name: &'a str) -> Result<&'a str, Fault> {
        if !name.is_empty() {
            return Ok(name);
        }
        match self.channels.get(&number) {
            Some(channel) if !channel.last_queue.is_empty() => Ok(&channel.last_queue),
            _ => Err(Fault::new(ReplyCode::NotFound, "no previously declared queue")),
        }
    }

    /// The queue of a binding and its key: with an empty name, an empty key is the queue's name, too (AMQP 0-9-1,
    /// queue.bind, rule 02).
    fn queue_and_key<'a>(
        &'a self,
        number: u16,
        queue: &'a str,
        routing_key: &'a [u8],
    ) -> Result<(&'a str, &'a [u8]), Fault> {
        let name = self.queue_name(number, queue)?;
        let is_shortcut = queue.is_empty() && routing_key.is_empty();
        Ok((name, if is_shortcut { name.as_bytes() } else { routing_key }))
    }
}

impl<M: Machine> Turn<'_, M> {
    /// Answers, unless the client asked for silence.
    pub(super) fn answer(&mut self, number: u16, no_wait: bool, method: &Method<'_>) {
        if !no_wait {
            self.output.method(number, method);
        }
    }

    fn count(&mut self, command: Command<'_>) -> Result<u32, Refusal> {
        match self.ask(command)? {
            Reply::Count(count) => Ok(count),
            _ => Ok(0),
        }
    }
}
