//! A client that sends what a test says to a connection with its broker, and the time as the test says.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::access::AccessControl;
use handoff_broker::amqp::codec::{
    self, BASIC_CLASS_ID, ContentHeader, FrameKind, Method, PROTOCOL_HEADER, Table, TableBuilder, Value,
    write_body_frame,
};
use handoff_broker::amqp::{Connection, Output, Settings};
use handoff_broker::core::{Broker, ConnectionId, Machine};

/// A connection with its broker, and a client that sends what the test says.
pub struct Session {
    pub now: Timestamp,
    access: Arc<AccessControl>,
    pub connection: Connection,
    pub broker: Broker,
    pub output: Output,
    /// The text of the last close that was sent.
    pub close_text: String,
    /// Sent, and not taken yet.
    pending: Vec<u8>,
}

impl Session {
    pub fn start() -> Session {
        Session::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Session {
        let settings = Settings { heartbeat: Duration::from_secs(10), ..settings };
        let access = Arc::clone(&settings.access);
        let now = Timestamp::from_nanoseconds(1_000_000_000);
        let output = Output::new(settings.frame_max);
        let connection = Connection::new(ConnectionId(1), Arc::new(settings), now);
        Session {
            now,
            access,
            connection,
            broker: Broker::new(),
            output,
            close_text: String::new(),
            pending: Vec::new(),
        }
    }

    /// A connection with heartbeats of ten seconds and channel 1 open.
    pub fn open() -> Session {
        Session::start().log_in(b"\0guest\0guest")
    }

    /// The same, for whoever logs in so.
    pub fn log_in(self, response: &[u8]) -> Session {
        let mut session = self;
        let names = session.send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            with_capabilities(|properties| start_ok_with(properties, "PLAIN", response).write(0, out));
            Method::ConnectionTuneOk { channel_max: 10, frame_max: 4096, heartbeat: 10 }.write(0, out);
            Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
            Method::ChannelOpen.write(1, out);
        });
        assert_eq!(names, ["connection.start", "connection.tune", "connection.open-ok", "channel.open-ok"]);
        session
    }

    pub fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
        let mut input = Vec::new();
        write(&mut input);
        self.send_bytes(&input)
    }

    /// Sends bytes in one go; returns what comes back, by name.
    pub fn send_bytes(&mut self, input: &[u8]) -> Vec<String> {
        self.pending.extend_from_slice(input);
        self.connection.heard(self.now);
        while !self.pending.is_empty() {
            let taken = self.connection.receive(self.now, &self.pending, &mut self.broker, &mut self.output);
            while self.broker.next_effect().is_some() {}
            self.check_login();
            if taken == 0 {
                break;
            }
            self.pending.drain(..taken);
        }
        self.connection.flush(&mut self.output);
        self.answers()
    }

    /// What the shell does with a login: this client is on the same machine.
    pub fn check_login(&mut self) {
        if let Some(login) = self.connection.take_login() {
            let outcome = self.access.log_in(&login, Ipv4Addr::LOCALHOST.into());
            self.connection.logged_in(self.now, outcome, &mut self.output);
        }
    }

    pub fn pass(&mut self, time: Duration) -> Vec<String> {
        self.now = self.now + time;
        self.connection.expire(self.now, &mut self.broker, &mut self.output);
        self.answers()
    }

    fn note_close(&mut self, method: &Method<'_>) {
        if let Method::ConnectionClose { reply_text, .. } | Method::ChannelClose { reply_text, .. } = method {
            self.close_text = (*reply_text).to_owned();
        }
    }

    /// The text with which the channel or the connection is closed that this is sent to.
    pub fn refused(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> String {
        self.close_text.clear();
        self.send(write);
        self.close_text.clone()
    }

    pub fn answers(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        self.output.take(&mut bytes);
        let mut names = Vec::new();
        let mut rest = bytes.as_slice();
        while let Ok(Some((frame, taken))) = codec::parse_frame(rest, u32::MAX) {
            names.push(match frame.kind {
                FrameKind::Method => {
                    let method = Method::parse(frame.payload).expect("the broker writes valid methods");
                    self.note_close(&method);
                    describe(method)
                }
                kind => format!("{kind:?}"),
            });
            rest = &rest[taken..];
        }
        assert!(rest.is_empty() || rest == PROTOCOL_HEADER, "{rest:?}");
        names
    }
}

pub fn start_ok(response: &[u8]) -> Method<'_> {
    start_ok_with(Table::default(), "PLAIN", response)
}

pub fn start_ok_with<'a>(client_properties: Table<'a>, mechanism: &'a str, response: &'a [u8]) -> Method<'a> {
    Method::ConnectionStartOk { client_properties, mechanism, response, locale: "en_US" }
}

/// The properties of a client that wants to know when it is blocked, and why its login fails.
pub fn with_capabilities<T>(with: impl FnOnce(Table<'_>) -> T) -> T {
    let mut capabilities = TableBuilder::new();
    capabilities.insert("authentication_failure_close", Value::Boolean(true));
    capabilities.insert("connection.blocked", Value::Boolean(true));
    let mut properties = TableBuilder::new();
    properties.insert("capabilities", Value::Table(capabilities.as_table()));
    with(properties.as_table())
}

pub fn declare(queue: &str, arguments: Table<'_>, out: &mut Vec<u8>) {
    let (passive, durable, exclusive, auto_delete, no_wait) = (false, false, false, false, false);
    Method::QueueDeclare { queue, passive, durable, exclusive, auto_delete, no_wait, arguments }.write(1, out);
}

pub fn describe(method: Method<'_>) -> String {
    match method {
        Method::ConnectionClose { reply_code, .. } | Method::ChannelClose { reply_code, .. } => {
            format!("{} {reply_code}", method.name())
        }
        Method::BasicAck { delivery_tag, multiple } => format!("ack {delivery_tag} {multiple}"),
        Method::BasicNack { delivery_tag, multiple, .. } => format!("nack {delivery_tag} {multiple}"),
        _ => method.name().to_owned(),
    }
}

pub fn publish(channel: u16, queue: &str, body: &[u8], out: &mut Vec<u8>) {
    let routing_key = queue.as_bytes();
    Method::BasicPublish { exchange: "", routing_key, mandatory: false, immediate: false }.write(channel, out);
    header(channel, body.len() as u64, out);
    write_body_frame(channel, body, out);
}

pub fn header(channel: u16, body_size: u64, out: &mut Vec<u8>) {
    ContentHeader { class_id: BASIC_CLASS_ID, body_size, properties: &[0, 0] }.write(channel, out);
}
