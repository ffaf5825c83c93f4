//! Messages on their way from a channel to the core: frame by frame, or a run of them that begin alike.

use super::channel::Channel;
use super::content::Content;
use super::{Connection, Phase, Turn};
use crate::amqp::codec::{FRAME_OVERHEAD_BYTES, ReplyCode};
use crate::amqp::fault::Fault;
use crate::core::{ChannelId, Machine, Message, Published};

impl Connection {
    /// Whether a method frame is the same publish as the last one on its channel, which begins a message like that.
    pub(super) fn publishes_again(&mut self, number: u16, payload: &[u8]) -> bool {
        let channel = self.channels.get_mut(&number);
        self.phase == Phase::Running && channel.is_some_and(|channel| channel.content.begins_again(payload))
    }

    /// Keeps the payload of a publish method that has begun a message.
    pub(super) fn note_publish(&mut self, number: u16, payload: &[u8]) {
        if let Some(channel) = self.channels.get_mut(&number) {
            channel.content.note_publish(payload);
        }
    }

    /// A frame of a message after its method, and what to do with it.
    pub(super) fn content<M: Machine>(
        &mut self,
        number: u16,
        turn: &mut Turn<'_, M>,
        step: impl FnOnce(&mut Content) -> Result<Option<Message>, Fault>,
    ) -> Result<(), Fault> {
        match self.channels.get_mut(&number) {
            None => Err(Fault::new(ReplyCode::ChannelError, "expected 'channel.open'")),
            Some(channel) if channel.closing => Ok(()),
            Some(channel) => match step(&mut channel.content)? {
                Some(message) => self.publish(number, message, turn),
                None if channel.content.unfinished_bytes() == 0 => Ok(()),
                None => self.check_unfinished(),
            },
        }
    }

    /// How many bytes of bodies have come that are not whole.
    pub fn unfinished_bytes(&self) -> u64 {
        self.channels.values().map(|channel| channel.content.unfinished_bytes()).sum()
    }

    /// A client that begins many bodies and finishes none holds no more than one body may have.
    fn check_unfinished(&self) -> Result<(), Fault> {
        let most_bytes = self.settings.max_message_bytes;
        if self.unfinished_bytes() <= most_bytes {
            return Ok(());
        }
        Err(Fault::new(ReplyCode::ResourceError, format!("unfinished messages hold more than {most_bytes} bytes")))
    }

    /// Takes messages from the start of `input` that are published as the last one on their channel was; returns how many
    /// bytes they have.
    pub(super) fn publish_again<M: Machine>(&mut self, input: &[u8], frame_max: u32, turn: &mut Turn<'_, M>) -> usize {
        let Some(&[_, high, low]) = input.first_chunk() else { return 0 };
        let number = u16::from_be_bytes([high, low]);
        let id = self.channel_id(number);
        let most_bytes = u64::from(frame_max).saturating_sub(FRAME_OVERHEAD_BYTES as u64);
        let most_bytes = most_bytes.min(self.settings.max_message_bytes) as usize;
        let Some(channel) = self.channels.get_mut(&number).filter(|_| self.phase == Phase::Running) else { return 0 };
        let mut taken_bytes = 0;
        while let Some((message, message_bytes)) = channel.content.again(&input[taken_bytes..], most_bytes) {
            taken_bytes += message_bytes;
            self.has_published = true;
            if let Err(fault) = channel.publish(id, message, turn) {
                self.fail(fault, number, (60, 40), turn);
                break;
            }
            if turn.has_asked {
                break;
            }
        }
        taken_bytes
    }

    /// The frames of a message have come.
    fn publish<M: Machine>(&mut self, number: u16, message: Message, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        if !self.channels.get(&number).is_some_and(|channel| channel.content.is_repeated()) {
            self.check_publish(&message)?;
        }
        self.has_published = true;
        let id = self.channel_id(number);
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        channel.content.expect_again(number);
        channel.publish(id, message, turn)
    }
}

impl Channel {
    /// Gives a whole message to the core, and says what became of it to those who asked.
    fn publish<M: Machine>(&mut self, id: ChannelId, message: Message, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        let returnable = self.content.mandatory.then(|| message.clone());
        let published = turn.publish(id, message)?;
        match (published, returnable) {
            (Published::Held, returnable) => self.held_returnable.push(returnable),
            (Published::Unroutable, Some(message)) => turn.output.unroutable(id.number, &message),
            _ => {}
        }
        self.confirm(id.number, published != Published::Refused, turn.output);
        Ok(())
    }
}
