//! A message on its way in: publish method, header frame, body frames (AMQP 0-9-1, 4.2.6).
//!
//! A body that fits one frame is copied once, from the socket's buffer into the message. A longer one is gathered
//! first, and grows only with what really came, so that an announced size costs nothing. So is a small one together
//! with its properties, on a channel where these differ from message to message.
//!
//! Most messages are published as the one before was: to the same exchange, with the same routing key and the same
//! property bytes. Such a message shares the head of that one, and what was checked there is not checked again.

use super::heads::Heads;
use super::repeat::Repeat;
use crate::amqp::codec::{BASIC_CLASS_ID, ContentHeader, Properties, ReplyCode, Value};
use crate::amqp::fault::Fault;
use crate::core::{Head, Message, REPLY_TO};

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
    /// Whether it goes back if there is no way for it.
    pub mandatory: bool,
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
    pub fn begins_again(&mut self, payload: &[u8]) -> bool {
        let begins = self.awaited == Awaited::Method && self.last_publish == payload && !payload.is_empty();
        if begins {
            self.is_known = true;
            self.awaited = Awaited::Header;
            self.has_begun_again = true;
        }
        begins
    }

    /// Keeps the payload of a publish method, if it has begun a message.
    pub fn note_publish(&mut self, payload: &[u8]) {
        if self.awaited == Awaited::Header {
            self.last_publish.clear();
            self.last_publish.extend_from_slice(payload);
        }
    }

    /// The message at the start of `input`, if it is published as the last one was and is there as a whole, and how many
    /// bytes it takes. A body of more than `most_bytes` is left to be found too large.
    pub fn again(&mut self, input: &[u8], most_bytes: usize) -> Option<(Message, usize)> {
        let repeat = self.repeat.as_ref().filter(|_| self.awaited == Awaited::Method)?;
        let body = repeat.body(input).filter(|body| body.len() <= most_bytes)?;
        let taken_bytes = repeat.start_bytes() + body.len() + 1;
        Some((Message::under(self.heads.last()?.clone(), body), taken_bytes))
    }

    /// The last message was published as the one before: so may the next one be.
    pub fn expect_again(&mut self, number: u16) {
        if self.is_repeated
            && self.has_begun_again
            && self.repeat.is_none()
            && let Some(properties) = self.known_head().and_then(Head::properties)
        {
            self.repeat = Some(Box::new(Repeat::of(number, &self.last_publish, properties)));
        }
    }

    /// The header frame; returns the message if it has no body.
    pub fn header(&mut self, payload: &[u8], max_message_bytes: u64) -> Result<Option<Message>, Fault> {
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

    /// How many bytes of a body have come that is not whole.
    pub fn unfinished_bytes(&self) -> u64 {
        self.body.len() as u64
    }

    /// A body frame; returns the message when its body is whole.
    pub fn body(&mut self, part: &[u8]) -> Result<Option<Message>, Fault> {
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
