//! One channel: whether it is open, the message that is being received, and the confirms that are owed.

use super::content::Content;
use super::{Connection, Turn};
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::fault::Fault;
use crate::amqp::output::Output;
use crate::core::{Command, Machine, Message};

/// What the protocol has to remember for one channel. Consumers and deliveries are the core's.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// `channel.close` was sent: everything but its answer is ignored.
    pub closing: bool,
    /// The message whose frames are coming in.
    pub content: Content,
    /// Publisher confirms, once they are selected.
    pub confirms: Option<Confirms>,
    /// The queue that an empty name means.
    pub last_queue: String,
    /// Whether transactions are selected.
    pub is_transactional: bool,
    /// What waits for the next commit, in order: the messages that go back if there is no way for them.
    pub held_returnable: Vec<Option<Message>>,
}

/// Publisher confirms: each publish has a number, and each number is answered once.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    published: u64,
    /// Everything up to `published` from here on is taken and not yet confirmed.
    unanswered: u64,
}

impl Channel {
    /// Notes what became of the next publish. Confirms of taken messages wait for the end of the batch, so that one
    /// frame can answer many; a refusal is said at once, after what came before it.
    pub fn confirm(&mut self, number: u16, taken: bool, output: &mut Output) {
        let Some(confirms) = &mut self.confirms else { return };
        confirms.published += 1;
        if taken {
            confirms.unanswered += 1;
            return;
        }
        let delivery_tag = confirms.published;
        if confirms.unanswered > 0 {
            write_ack(number, delivery_tag - 1, confirms.unanswered, output);
            confirms.unanswered = 0;
        }
        output.count_answers(1, 0);
        output.method(number, &Method::BasicNack { delivery_tag, multiple: false, requeue: false });
    }

    /// Answers every publish that is still unanswered.
    pub fn flush_confirms(&mut self, number: u16, output: &mut Output) {
        if let Some(confirms) = &mut self.confirms
            && confirms.unanswered > 0
        {
            write_ack(number, confirms.published, confirms.unanswered, output);
            confirms.unanswered = 0;
        }
    }
}

fn write_ack(number: u16, delivery_tag: u64, messages: u64, output: &mut Output) {
    output.count_answers(messages, 0);
    output.method(number, &Method::BasicAck { delivery_tag, multiple: messages > 1 });
}

impl Connection {
    /// A method on a channel of its own.
    pub(super) fn channel_method<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        match self.channels.get_mut(&number) {
            None => self.method_on_closed_channel(number, method, turn),
            Some(channel) if channel.closing => {
                self.method_on_closing_channel(number, method, turn.output);
                Ok(())
            }
            Some(channel) if channel.content.is_expected() => Err(channel.content.unexpected()),
            Some(_) => self.method_on_open_channel(number, method, turn),
        }
    }

    fn method_on_closed_channel<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        match method {
            Method::ChannelOpen {} if number > self.channel_max => {
                let (opened, most) = (self.channels.len(), self.channel_max);
                let text = if opened >= usize::from(most) {
                    format!("number of channels opened ({opened}) has reached the negotiated channel_max ({most})")
                } else {
                    format!("channel number {number} is beyond the negotiated channel_max ({most})")
                };
                Err(Fault::new(ReplyCode::NotAllowed, text))
            }
            Method::ChannelOpen {} => {
                turn.ask(Command::OpenChannel { channel: self.channel_id(number) })?;
                self.channels.insert(number, Channel::default());
                turn.output.method(number, &Method::ChannelOpenOk {});
                Ok(())
            }
            // Both sides closed at once: the client answers a close whose channel its own close has ended.
            Method::ChannelCloseOk {} => Ok(()),
            _ => Err(Fault::new(ReplyCode::ChannelError, "expected 'channel.open'")),
        }
    }

    fn method_on_closing_channel(&mut self, number: u16, method: Method<'_>, output: &mut Output) {
        match method {
            Method::ChannelCloseOk {} => {
                self.channels.remove(&number);
            }
            Method::ChannelClose { .. } => output.method(number, &Method::ChannelCloseOk {}),
            _ => {}
        }
    }

    fn method_on_open_channel<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        self.check_access(number, &method)?;
        match method {
            Method::BasicPublish { .. }
            | Method::BasicAck { .. }
            | Method::BasicNack { .. }
            | Method::BasicReject { .. }
            | Method::BasicQos { .. }
            | Method::BasicConsume { .. }
            | Method::BasicCancel { .. }
            | Method::BasicGet { .. }
            | Method::BasicRecover { .. }
            | Method::BasicRecoverAsync { .. } => self.basic_method(number, method, turn),
            Method::ExchangeDeclare { .. }
            | Method::ExchangeDelete { .. }
            | Method::ExchangeBind { .. }
            | Method::ExchangeUnbind { .. }
            | Method::QueueDeclare { .. }
            | Method::QueueBind { .. }
            | Method::QueueUnbind { .. }
            | Method::QueuePurge { .. }
            | Method::QueueDelete { .. } => self.entity_method(number, method, turn),
            Method::TxSelect {} | Method::TxCommit {} | Method::TxRollback {} => {
                self.transaction_method(number, method, turn)
            }
            Method::ConfirmSelect { no_wait } => self.select_confirms(number, no_wait, turn.output),
            Method::ChannelFlow { active: true } => {
                turn.output.method(number, &Method::ChannelFlowOk { active: true });
                Ok(())
            }
            Method::ChannelFlow { active: false } => Err(Fault::new(ReplyCode::NotImplemented, "active=false")),
            Method::ChannelClose { .. } => {
                if let Some(mut channel) = self.channels.remove(&number) {
                    channel.flush_confirms(number, turn.output);
                }
                turn.ask(Command::CloseChannel { channel: self.channel_id(number) })?;
                turn.output.method(number, &Method::ChannelCloseOk {});
                Ok(())
            }
            Method::ChannelOpen {} => Err(Fault::new(ReplyCode::ChannelError, "second 'channel.open' seen")),
            Method::ChannelFlowOk { .. } | Method::BasicCancelOk { .. } => Ok(()),
            _ => Err(Fault::new(ReplyCode::CommandInvalid, "unimplemented method")),
        }
    }

    fn select_confirms(&mut self, number: u16, no_wait: bool, output: &mut Output) -> Result<(), Fault> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        if channel.is_transactional {
            return Err(Fault::new(ReplyCode::PreconditionFailed, "cannot switch from tx to confirm mode"));
        }
        channel.confirms.get_or_insert_default();
        if !no_wait {
            output.method(number, &Method::ConfirmSelectOk {});
        }
        Ok(())
    }

    /// Sends `channel.close` and waits for its answer; what the channel held is given back at once.
    pub(super) fn close_channel<M: Machine>(
        &mut self,
        number: u16,
        fault: &Fault,
        (class_id, method_id): (u16, u16),
        turn: &mut Turn<'_, M>,
    ) {
        let Some(channel) = self.channels.get_mut(&number) else { return };
        channel.flush_confirms(number, turn.output);
        *channel = Channel { closing: true, ..Channel::default() };
        let closed = turn.ask(Command::CloseChannel { channel: self.channel_id(number) });
        debug_assert!(closed.is_ok(), "a channel that is open here is open in the core");
        let reply_text = fault.reply_text(&self.host.name);
        let reply_code = fault.code.code();
        turn.output.method(number, &Method::ChannelClose { reply_code, reply_text: &reply_text, class_id, method_id });
    }
}
