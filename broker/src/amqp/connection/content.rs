//! A message on its way in: publish method, header frame, body frames (AMQP 0-9-1, 4.2.6).
//!
//! A body that fits one frame is copied once, from the socket's buffer into the message. A longer one is gathered
//! first, and grows only with what really came, so that an announced size costs nothing. So is a small one together
//! with its properties, on a channel where these differ from message to message.
//!
//! Most messages are published as the one before was: to the same exchange, with the same routing key and the same
//! property bytes. Such a message shares the head of that one, and what was checked there is not checked again.

use super::channel::Channel;
use super::heads::Heads;
use super::repeat::Repeat;
use super::{Connection, Phase, Turn};
use crate::amqp::codec::{BASIC_CLASS_ID, ContentHeader, FRAME_OVERHEAD_BYTES, Properties, ReplyCode, Value};
use crate::amqp::fault::Fault;
use crate::core::{ChannelId, Head, Machine, Message, Published, REPLY_TO};

/// The longest time to live that RabbitMQ takes: ten years, in milliseconds.
const LONGEST_TIME_MS: i128 = 10 * 365 * 24 * 60 * 60 * 1000;

/// The longest body that is gathered with its own properties; a longer one gets a head of its own.
const GATHERED_MAX_BYTES: usize = 1024;

/// Which frame of a message comes next, and what came of it so far. The buffers are used again for the next message.
#[derive(Debug, Default)]
pub(super) struct Content {
    awaited: Awaited,
    /// The payload of the last publish method, and whether it was that of the one before.
    last_publish: Vec<u8>,
    has_begun_again: bool,
    /// What a message begins with that is published as the last one was, once two were.
    repeat: Option<Box<Repeat>>,
    heads: Heads,
    /// Whether the last of the heads leads where the message goes. If not, the next two say where that is.
    is_known: bool,
    exchange: String,
    routing_key: Vec<u8>,
    mandatory: bool,
    /// Whether the last of the heads is the message's. If not, the next one has its properties.
    is_repeated: bool,
    properties: Vec<u8>,
    body_bytes: usize,
    body: Vec<u8>,
    /// The tag of the channel's consumer of replies, and the address that stands for it in what is published here.
    pub replies: Option<(String, String)>,
}

/// The frame that has to come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaited {
    #[default]
    Method,
    Header,
    Body,
}

impl Content {
    /// Whether a method would come in the middle of a message.
    pub fn is_expected(&self) -> bool {
        self.awaited != Awaited::Method
    }

    /// Another frame has come than the one that has to.
    pub fn unexpected(&self) -> Fault {
        let text = match self.awaited {
            Awaited::Method => "expected method frame, got non method frame instead",
            Awaited::Header => "expected content header for class 60, got non content header frame instead",
            Awaited::Body => "expected content body, got non content body frame instead",
        };
        Fault::new(ReplyCode::UnexpectedFrame, text)
    }

    /// A publish: its header comes next.
    pub fn begin(&mut self, exchange: &str, routing_key: &[u8], mandatory: bool) {
        self.is_known = self.heads.find(exchange, routing_key);
        if !self.is_known {
            self.exchange.clear();
            self.exchange.push_str(exchange);
            self.routing_key.clear();
            self.routing_key.extend_from_slice(routing_key);
        }
        self.mandatory = mandatory;
        self.awaited = Awaited::Header;
        (self.has_begun_again, self.repeat) = (false, None);
    }

    /// Begins a message as the last one was begun, if this is the same publish method and no other frame has to come.
    fn begins_again(&mut self, payload: &[u8]) -> bool {
        let begins = self.awaited == Awaited::Method && self.last_publish == payload && !payload.is_empty();
        if begins {
            self.is_known = true;
            self.awaited = Awaited::Header;
            self.has_begun_again = true;
        }
        begins
    }

    /// The message at the start of `input`, if it is published as the last one was and is there as a whole, and how many
    /// bytes it takes. A body of more than `most_bytes` is left to be found too large.
    fn again(&mut self, input: &[u8], most_bytes: usize) -> Option<(Message, usize)> {
        let repeat = self.repeat.as_ref().filter(|_| self.awaited == Awaited::Method)?;
        let body = repeat.body(input).filter(|body| body.len() <= most_bytes)?;
        let taken_bytes = repeat.start_bytes() + body.len() + 1;
        Some((Message::under(self.heads.last()?.clone(), body), taken_bytes))
    }

    /// The last message was published as the one before: so may the next one be.
    fn expect_again(&mut self, number: u16) {
        if self.is_repeated
            && self.has_begun_again
            && self.repeat.is_none()
            && let Some(properties) = self.known_head().and_then(Head::properties)
        {
            self.repeat = Some(Box::new(Repeat::of(number, &self.last_publish, properties)));
        }
    }

    /// The header frame; returns the message if it has no body.
    fn header(&mut self, payload: &[u8], max_message_bytes: u64) -> Result<Option<Message>, Fault> {
        if self.awaited != Awaited::Header {
            return Err(self.unexpected());
        }
        let header =
            ContentHeader::parse(payload).map_err(|error| Fault::new(error.reply_code(), error.to_string()))?;
        if header.class_id != BASIC_CLASS_ID {
            let text = format!("expected content header for class 60, got one for class {} instead", header.class_id);
            return Err(Fault::new(ReplyCode::UnexpectedFrame, text));
        }
        self.is_repeated = self.known_head().is_some_and(|head| head.properties() == Some(header.properties));
        let properties = if self.is_repeated { None } else { Some(self.take_properties(&header)?) };
        if header.body_size > max_message_bytes {
            self.awaited = Awaited::Method;
            let text =
                format!("message size {} is larger than configured max size {max_message_bytes}", header.body_size);
            return Err(Fault::new(ReplyCode::PreconditionFailed, text));
        }
        self.body_bytes = usize::try_from(header.body_size)
            .map_err(|_| Fault::new(ReplyCode::FrameError, "body size exceeds the address space"))?;
        self.awaited = Awaited::Body;
        if let Some(properties) = properties {
            let checked = check_copies(&properties).and(check_expiration(&properties));
            checked.inspect_err(|_| self.awaited = Awaited::Method)?;
        }
        Ok((self.body_bytes == 0).then(|| self.finish(&[])))
    }

    /// Keeps properties that are not those of the last message like this.
    fn take_properties<'a>(&mut self, header: &ContentHeader<'a>) -> Result<Properties<'a>, Fault> {
        let properties =
            Properties::parse(header.properties).map_err(|error| Fault::new(error.reply_code(), error.to_string()))?;
        self.properties.clear();
        match self.reply_address(&properties)? {
            Some(address) => self.properties = properties.with_reply_to(address),
            None => self.properties.extend_from_slice(header.properties),
        }
        Ok(properties)
    }

    /// The head of the last message that went where this one goes.
    fn known_head(&self) -> Option<&Head> {
        self.heads.last().filter(|_| self.is_known)
    }

    /// Whether the last message had the head of one before it: what was checked of that holds for it.
    pub fn is_repeated(&self) -> bool {
        self.is_repeated
    }

    /// What to write instead of the name that stands for the channel's own consumer of replies.
    fn reply_address(&self, properties: &Properties<'_>) -> Result<Option<&str>, Fault> {
        if properties.reply_to() != Some(REPLY_TO) {
            return Ok(None);
        }
        let missing = || Fault::new(ReplyCode::PreconditionFailed, "fast reply consumer does not exist");
        self.replies.as_ref().map(|(_, address)| Some(address.as_str())).ok_or_else(missing)
    }

    /// A body frame; returns the message when its body is whole.
    fn body(&mut self, part: &[u8]) -> Result<Option<Message>, Fault> {
        if self.awaited != Awaited::Body {
            return Err(self.unexpected());
        }
        let missing_bytes = self.body_bytes - self.body.len();
        if part.len() > missing_bytes {
            let text = format!("body frame of {} bytes where {missing_bytes} were missing", part.len());
            return Err(Fault::new(ReplyCode::FrameError, text));
        }
        if part.len() == self.body_bytes {
            return Ok(Some(self.finish(part)));
        }
        self.body.extend_from_slice(part);
        if part.len() < missing_bytes {
            return Ok(None);
        }
        let body = std::mem::take(&mut self.body);
        Ok(Some(self.finish(&body)))
    }

    fn finish(&mut self, body: &[u8]) -> Message {
        self.awaited = Awaited::Method;
        if !self.is_repeated {
            self.repeat = None;
        }
        match self.known_head() {
            Some(head) if self.is_repeated => Message::under(head.clone(), body),
            Some(head) if body.len() > GATHERED_MAX_BYTES => {
                Message::new(head.exchange(), head.routing_key(), &self.properties, body)
            }
            Some(head) => {
                let head = match head.properties() {
                    None => head.clone(),
                    Some(_) => Head::new(head.exchange(), head.routing_key(), None),
                };
                self.heads.replace_last(head.clone());
                let properties_bytes = self.properties.len();
                self.properties.extend_from_slice(body);
                Message::with_own_properties(head, properties_bytes, &self.properties)
            }
            None => {
                let head = Head::new(&self.exchange, &self.routing_key, Some(&self.properties));
                self.heads.keep(head.clone());
                Message::under(head, body)
            }
        }
    }
}

/// The headers that name more routing keys are arrays.
fn check_copies(properties: &Properties<'_>) -> Result<(), Fault> {
    let headers = properties.headers().unwrap_or_default();
    for name in ["CC", "BCC"] {
        if let Some(value) = headers.get(name).filter(|value| !matches!(value, Value::Array(_))) {
            let kind = value.type_name();
            let text = format!("invalid message: {{unacceptable_type_in_header,\"{name}\",{kind}}}");
            return Err(Fault::new(ReplyCode::PreconditionFailed, text));
        }
    }
    Ok(())
}

/// A time to live is decimal digits, for milliseconds.
fn check_expiration(properties: &Properties<'_>) -> Result<(), Fault> {
    let Some(expiration) = properties.expiration() else { return Ok(()) };
    let digits = expiration.strip_prefix(['+', '-']).unwrap_or(expiration);
    let leftover = digits.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = expiration.parse::<i128>();
    let reason = if leftover.len() == digits.len() {
        "no_integer".to_owned()
    } else if !leftover.is_empty() {
        format!("{{leftover_string,\"{leftover}\"}}")
    } else {
        match number {
            Ok(0..=LONGEST_TIME_MS) => return Ok(()),
            Ok(..0) => format!("{{value_negative,{expiration}}}"),
            _ => format!("{{value_too_large,{expiration}}}"),
        }
    };
    let text = format!("invalid expiration '{expiration}': {reason}");
    Err(Fault::new(ReplyCode::PreconditionFailed, text))
}

impl Connection {
    /// Whether a method frame is the same publish as the last one on its channel, which begins a message like that.
    pub(super) fn publishes_again(&mut self, number: u16, payload: &[u8]) -> bool {
        let channel = self.channels.get_mut(&number);
        self.phase == Phase::Running && channel.is_some_and(|channel| channel.content.begins_again(payload))
    }

    /// Keeps the payload of a publish method that has begun a message.
    pub(super) fn note_publish(&mut self, number: u16, payload: &[u8]) {
        let channel = self.channels.get_mut(&number);
        if let Some(channel) = channel.filter(|channel| channel.content.awaited == Awaited::Header) {
            channel.content.last_publish.clear();
            channel.content.last_publish.extend_from_slice(payload);
        }
    }

    /// A content header frame.
    pub(super) fn content_header<M: Machine>(
        &mut self,
        number: u16,
        payload: &[u8],
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let max_message_bytes = self.settings.max_message_bytes;
        self.content(number, turn, |content| content.header(payload, max_message_bytes))
    }

    /// A content body frame.
    pub(super) fn content_body<M: Machine>(
        &mut self,
        number: u16,
        payload: &[u8],
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        self.content(number, turn, |content| content.body(payload))
    }

    fn content<M: Machine>(
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
                None if channel.content.body.is_empty() => Ok(()),
                None => self.check_unfinished(),
            },
        }
    }

    /// How many bytes of bodies have come that are not whole.
    pub fn unfinished_bytes(&self) -> u64 {
        self.channels.values().map(|channel| channel.content.body.len() as u64).sum()
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
