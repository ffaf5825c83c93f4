//! The basic class: publish, consume, get, acknowledge.

use super::{Connection, Turn};
use crate::amqp::arguments;
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::fault::Fault;
use crate::core::{ChannelId, Command, Machine, REPLY_TO, Reply};

impl Connection {
    /// A method of the basic class.
    pub(super) fn basic_method<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let channel = self.channel_id(number);
        match method {
            Method::BasicPublish { exchange, routing_key, mandatory, immediate } => {
                if immediate {
                    return Err(Fault::new(ReplyCode::NotImplemented, "immediate=true"));
                }
                if let Some(channel) = self.channels.get_mut(&number) {
                    channel.content.begin(exchange, routing_key, mandatory);
                }
                Ok(())
            }
            Method::BasicAck { delivery_tag, multiple } => {
                turn.done(Command::Acknowledge { channel, delivery_tag, multiple })
            }
            Method::BasicNack { delivery_tag, multiple, requeue } => {
                turn.done(Command::Reject { channel, delivery_tag, multiple, requeue })
            }
            Method::BasicReject { delivery_tag, requeue } => {
                turn.done(Command::Reject { channel, delivery_tag, multiple: false, requeue })
            }
            Method::BasicQos { prefetch_size, prefetch_count, global } => {
                if prefetch_size > 0 {
                    let text = format!("prefetch_size!=0 ({prefetch_size})");
                    return Err(Fault::new(ReplyCode::NotImplemented, text));
                }
                turn.done(Command::SetPrefetch { channel, count: prefetch_count, global })?;
                turn.answer(number, false, &Method::BasicQosOk {});
                Ok(())
            }
            Method::BasicConsume { .. } => self.consume(number, method, turn),
            Method::BasicCancel { consumer_tag, no_wait } => {
                turn.done(Command::Cancel { channel, consumer_tag })?;
                if let Some(channel) = self.channels.get_mut(&number) {
                    channel.content.replies.take_if(|(tag, _)| tag == consumer_tag);
                }
                turn.answer(number, no_wait, &Method::BasicCancelOk { consumer_tag });
                Ok(())
            }
            Method::BasicGet { queue, no_ack } => self.get(number, queue, no_ack, turn),
            Method::BasicRecover { requeue: true } => {
                turn.done(Command::Recover { channel })?;
                turn.answer(number, false, &Method::BasicRecoverOk {});
                Ok(())
            }
            Method::BasicRecoverAsync { requeue: true } => turn.done(Command::Recover { channel }),
            _ => Err(Fault::new(ReplyCode::NotImplemented, "requeue=false")),
        }
    }

    fn consume<M: Machine>(&mut self, number: u16, method: Method<'_>, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        let Method::BasicConsume { queue, consumer_tag, no_ack, exclusive, no_wait, arguments, .. } = method else {
            return Ok(());
        };
        let made_tag;
        let consumer_tag = if consumer_tag.is_empty() {
            self.consumer_tags_made += 1;
            made_tag = format!("amq.ctag-{}.{}", self.id.0, self.consumer_tags_made);
            &made_tag
        } else {
            consumer_tag
        };
        let queue = self.queue_name(number, queue)?;
        let channel = self.channel_id(number);
        if queue == REPLY_TO {
            let address = turn.reply_address(channel, consumer_tag, no_ack)?;
            turn.answer(number, no_wait, &Method::BasicConsumeOk { consumer_tag });
            let replies = Some((consumer_tag.to_owned(), address));
            self.channels.entry(number).and_modify(|channel| channel.content.replies = replies);
            return Ok(());
        }
        let priority = arguments::consumer_priority(queue, arguments)?;
        turn.done(Command::Consume { channel, queue, consumer_tag, no_ack, exclusive, priority })?;
        turn.answer(number, no_wait, &Method::BasicConsumeOk { consumer_tag });
        Ok(())
    }

    fn get<M: Machine>(&mut self, number: u16, queue: &str, no_ack: bool, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        let queue = self.queue_name(number, queue)?;
        let got = turn.ask(Command::Get { channel: self.channel_id(number), queue, no_ack })?;
        if let Reply::Got(Some((delivery, message_count))) = got {
            turn.output.got(number, &delivery, message_count);
        } else {
            turn.output.method(number, &Method::BasicGetEmpty {});
        }
        Ok(())
    }
}

impl<M: Machine> Turn<'_, M> {
    fn done(&mut self, command: Command<'_>) -> Result<(), Fault> {
        self.ask(command)?;
        Ok(())
    }

    /// Starts a channel's consumer of replies, and says where they go.
    fn reply_address(&mut self, channel: ChannelId, consumer_tag: &str, no_ack: bool) -> Result<String, Fault> {
        if !no_ack {
            return Err(Fault::new(ReplyCode::PreconditionFailed, "reply consumer cannot acknowledge"));
        }
        match self.ask(Command::ConsumeReplies { channel, consumer_tag })? {
            Reply::ReplyAddress(address) => Ok(address),
            _ => Err(Fault::new(ReplyCode::InternalError, "the core gave a consume another command's answer")),
        }
    }
}
