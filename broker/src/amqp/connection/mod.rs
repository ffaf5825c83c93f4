//! One client's connection as a state machine: bytes in, core commands and bytes out.
//!
//! It owns what is between the socket and the core: the handshake, the channels with their half-received messages,
//! publisher confirms, heartbeats, and the two ways to close. It reads no clock and no socket: the shell passes in
//! both. The order of calls is: [`receive`](Connection::receive) until it takes nothing, with the core's effects routed
//! after each call; then [`flush`](Connection::flush); [`expire`](Connection::expire) whenever
//! [`deadline`](Connection::deadline) has come; and when [`is_finished`](Connection::is_finished), send what is left
//! and close the socket.

mod access;
mod basic;
mod channel;
mod closing;
mod content;
mod entities;
mod handshake;
mod heads;
mod login;
mod publishing;
mod repeat;
mod status;
mod transaction;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use self::channel::Channel;
use self::login::{Capabilities, LoginAttempt};
use super::codec::{self, FRAME_OVERHEAD_BYTES, Frame, FrameKind, Method, ReplyCode};
use super::description::ClientDescription;
use super::fault::Fault;
use super::heartbeat::Heartbeat;
use super::output::Output;
use super::settings::Settings;
use crate::access::{DEFAULT_VIRTUAL_HOST, Permissions};
use crate::core::{ChannelId, Command, ConnectionId, Machine, Message, Published, Refusal, Reply};
use crate::time::Timestamp;

/// The largest frame before the connection is tuned, in bytes: somebody unknown gets no more of our memory.
const HANDSHAKE_FRAME_MAX: u32 = 8 * 1024;

/// How a publish method begins: class and method (AMQP 0-9-1, 1.8.3.7).
const BASIC_PUBLISH: [u8; 4] = [0, 60, 0, 40];

/// How far the connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The protocol header has not come yet.
    Header,
    /// `connection.start` was sent.
    Start,
    /// `connection.start-ok` has come; the login is being checked.
    LoggingIn,
    /// The login was refused; the client is told so later.
    Refused,
    /// `connection.tune` was sent.
    Tune,
    /// The client has tuned.
    Open,
    /// Open for work.
    Running,
    /// `connection.close` was sent; everything but its answer is ignored.
    Closing,
    /// Nothing is read any more.
    Finished,
}

/// The server's end of one AMQP connection.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    settings: Arc<Settings>,
    phase: Phase,
    /// When the current phase ends the connection, if it does.
    phase_deadline: Timestamp,
    heartbeat: Heartbeat,
    /// The user, from `connection.start-ok` on.
    user: Arc<str>,
    /// What the client says that it can do.
    capabilities: Capabilities,
    /// Until the virtual host is open.
    attempt: Option<LoginAttempt>,
    host: Host,
    channel_max: u16,
    /// Whether the client is not read, because it publishes and memory is short.
    is_blocked: bool,
    /// Whether a message was published since somebody asked.
    has_published: bool,
    channels: BTreeMap<u16, Channel>,
    consumer_tags_made: u64,
    /// The first cause of the end that has begun.
    end_reason: Option<Cow<'static, str>>,
}

/// The virtual host that a connection has opened; the default one until it does.
#[derive(Debug)]
struct Host {
    /// Its place among the server's.
    index: usize,
    name: Arc<str>,
    /// What the user may do there.
    permissions: Permissions,
    client: Option<Arc<ClientDescription>>,
}

/// What a method may touch while it is carried out.
struct Turn<'a, M> {
    now: Timestamp,
    machine: &'a mut M,
    output: &'a mut Output,
    /// Whether the core was given a message: what it causes is told before anything else is asked for.
    has_published: bool,
    /// Whether the core was asked for anything else, or has to be asked for what a message causes before the next one.
    has_asked: bool,
}

impl Host {
    fn unopened() -> Self {
        Host { index: 0, name: DEFAULT_VIRTUAL_HOST.into(), permissions: Permissions::everything(), client: None }
    }
}

impl<'a, M: Machine> Turn<'a, M> {
    fn new(now: Timestamp, machine: &'a mut M, output: &'a mut Output) -> Self {
        Turn { now, machine, output, has_published: false, has_asked: false }
    }

    fn publish(&mut self, channel: ChannelId, message: Message) -> Result<Published, Fault> {
        self.has_published = true;
        let reply = self.machine.handle(self.now, Command::Publish { channel, message })?;
        self.has_asked |= self.machine.has_urgent_effects();
        match reply {
            Reply::Published(published) => Ok(published),
            _ => Err(Fault::new(ReplyCode::InternalError, "the core gave a publish another command's answer")),
        }
    }

    fn ask(&mut self, command: Command<'_>) -> Result<Reply, Refusal> {
        self.has_asked = true;
        self.machine.handle(self.now, command)
    }
}

impl Connection {
    /// A connection that was accepted `now`. The handshake has to be over within the settings' limit.
    pub fn new(id: ConnectionId, settings: Arc<Settings>, now: Timestamp) -> Self {
        Connection {
            id,
            phase: Phase::Header,
            phase_deadline: now + settings.handshake_timeout,
            heartbeat: Heartbeat::off(now),
            user: "".into(),
            capabilities: Capabilities::default(),
            attempt: None,
            host: Host::unopened(),
            channel_max: settings.channel_max,
            is_blocked: false,
            has_published: false,
            channels: BTreeMap::new(),
            consumer_tags_made: 0,
            end_reason: None,
            settings,
        }
    }

    /// Takes whole frames of `input`: any number of messages, or up to the first other thing that the core has to do with;
    /// returns how many bytes that was, 0 if there is no whole frame.
    ///
    /// Whatever is wrong with one is answered on `output` and ends a channel or the connection, never more.
    pub fn receive<M: Machine>(&mut self, now: Timestamp, input: &[u8], machine: &mut M, output: &mut Output) -> usize {
        let mut turn = Turn::new(now, machine, output);
        let mut taken_bytes = 0;
        let frame_max = self.largest_frame(turn.output);
        loop {
            taken_bytes += self.publish_again(&input[taken_bytes..], frame_max, &mut turn);
            if turn.has_asked {
                return taken_bytes;
            }
            let frame_bytes = self.receive_frame(&input[taken_bytes..], frame_max, &mut turn);
            taken_bytes += frame_bytes;
            if frame_bytes == 0 || turn.has_asked || self.phase != Phase::Running {
                return taken_bytes;
            }
        }
    }

    fn receive_frame<M: Machine>(&mut self, input: &[u8], frame_max: u32, turn: &mut Turn<'_, M>) -> usize {
        match self.phase {
            Phase::Finished => input.len(),
            // What comes next is read when the login is checked, or never.
            Phase::LoggingIn | Phase::Refused => 0,
            Phase::Header => self.receive_protocol_header(input, turn.output),
            _ => match codec::parse_frame(input, frame_max) {
                Ok(None) => 0,
                Ok(Some((frame, _))) if turn.has_published && !belongs_to_publish(&frame) => 0,
                Ok(Some((frame, taken_bytes))) => {
                    self.frame(frame, turn);
                    taken_bytes
                }
                Err(error) => {
                    self.fail(Fault::no_frame(error, input), 0, (0, 0), turn);
                    // Nothing after a broken frame can be trusted: there is no next frame to find.
                    self.phase = Phase::Finished;
                    input.len()
                }
            },
        }
    }

    /// RabbitMQ forgives clients that do not count the framing into frame_max, and so do we.
    fn largest_frame(&self, output: &Output) -> u32 {
        let largest = match self.phase {
            Phase::Start | Phase::Tune => output.frame_max().min(HANDSHAKE_FRAME_MAX),
            _ => output.frame_max(),
        };
        largest.saturating_add(FRAME_OVERHEAD_BYTES as u32)
    }

    /// Bytes came from the client: it is alive.
    pub fn heard(&mut self, now: Timestamp) {
        self.heartbeat.heard(now);
    }

    /// Writes what was held back to be said once for many messages: confirms.
    pub fn flush(&mut self, output: &mut Output) {
        for (&number, channel) in &mut self.channels {
            channel.flush_confirms(number, output);
        }
    }

    /// When [`expire`](Connection::expire) has something to do.
    pub fn deadline(&self) -> Timestamp {
        match self.phase {
            Phase::Running => self.heartbeat.deadline(),
            _ => self.phase_deadline,
        }
    }

    /// Sends a heartbeat that is due; gives up on a client that has been silent too long, or that did not finish the
    /// handshake or the close in time.
    pub fn expire<M: Machine>(&mut self, now: Timestamp, machine: &mut M, output: &mut Output) {
        if now < self.deadline() {
            return;
        }
        match self.phase {
            Phase::Running if !self.heartbeat.is_dead(now) => self.heartbeat.beat(now, output),
            Phase::Refused => self.refuse_login(&mut Turn::new(now, machine, output)),
            phase => {
                self.note_end(if phase == Phase::Running { "missed heartbeats" } else { "handshake timed out" });
                self.end(now, machine);
            }
        }
    }

    /// Whether nothing more will be read or said: when the output is sent, the socket can be closed.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    fn frame<M: Machine>(&mut self, frame: Frame<'_>, turn: &mut Turn<'_, M>) {
        let number = frame.channel;
        if self.phase == Phase::Closing && frame.kind != FrameKind::Method {
            return;
        }
        let (ids, result) = match frame.kind {
            FrameKind::Heartbeat if number == 0 => return,
            FrameKind::Heartbeat => {
                ((0, 0), Err(Fault::new(ReplyCode::FrameError, format!("heartbeat frame on channel {number}"))))
            }
            FrameKind::Method if self.publishes_again(number, frame.payload) => return,
            FrameKind::Method => match Method::parse(frame.payload) {
                Ok(method) => {
                    let result = self.method(number, method, turn);
                    if matches!(method, Method::BasicPublish { .. }) {
                        self.note_publish(number, frame.payload);
                    }
                    (method.class_and_method_id(), result)
                }
                Err(error) => (error.class_and_method_id(), Err(Fault::no_method(error, frame.payload))),
            },
            FrameKind::Header => {
                let max_message_bytes = self.settings.max_message_bytes;
                ((60, 40), self.content(number, turn, |content| content.header(frame.payload, max_message_bytes)))
            }
            FrameKind::Body => ((60, 40), self.content(number, turn, |content| content.body(frame.payload))),
        };
        if let Err(fault) = result {
            self.fail(fault, number, ids, turn);
        }
    }

    fn method<M: Machine>(&mut self, number: u16, method: Method<'_>, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        if self.phase == Phase::Closing {
            return self.method_while_closing(method, turn);
        }
        if number == 0 {
            return self.connection_method(method, turn);
        }
        if self.phase != Phase::Running {
            return Err(self.unexpected_method());
        }
        self.channel_method(number, method, turn)
    }

    /// What RabbitMQ says to a method that does not belong to channel 0, or not now.
    fn unexpected_method(&self) -> Fault {
        let state = match self.phase {
            Phase::Header | Phase::Start | Phase::LoggingIn | Phase::Refused => "starting",
            Phase::Tune => "tuning",
            Phase::Open => "opening",
            Phase::Running => "running",
            Phase::Closing | Phase::Finished => "closing",
        };
        Fault::new(ReplyCode::ChannelError, format!("unexpected method in connection state {state}"))
    }

    fn channel_id(&self, number: u16) -> ChannelId {
        ChannelId { connection: self.id, number }
    }
}

/// Whether a frame is one of those that a message is published with.
fn belongs_to_publish(frame: &Frame<'_>) -> bool {
    match frame.kind {
        FrameKind::Method => frame.payload.starts_with(&BASIC_PUBLISH),
        FrameKind::Header | FrameKind::Body => true,
        FrameKind::Heartbeat => false,
    }
}
