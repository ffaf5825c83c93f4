//! The connection state machine by itself: bytes in, bytes out, and the time as the test says.

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
use handoff_broker::core::{Broker, ConnectionId, Machine, Overflow, QueueOptions, QueuePolicy};

/// A connection with its broker, and a client that sends what the test says.
struct Session {
    now: Timestamp,
    access: Arc<AccessControl>,
    connection: Connection,
    broker: Broker,
    output: Output,
    /// Sent, and not taken yet.
    pending: Vec<u8>,
}

impl Session {
    fn start() -> Session {
        Session::with(Settings::default())
    }

    fn with(settings: Settings) -> Session {
        let settings = Settings { heartbeat: Duration::from_secs(10), ..settings };
        let access = Arc::clone(&settings.access);
        let now = Timestamp::from_nanoseconds(1_000_000_000);
        let output = Output::new(settings.frame_max);
        let connection = Connection::new(ConnectionId(1), Arc::new(settings), now);
        Session { now, access, connection, broker: Broker::new(), output, pending: Vec::new() }
    }

    /// A connection with heartbeats of ten seconds and channel 1 open.
    fn open() -> Session {
        let mut session = Session::start();
        let names = session.send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            start_ok(b"\0guest\0guest").write(0, out);
            Method::ConnectionTuneOk { channel_max: 10, frame_max: 4096, heartbeat: 10 }.write(0, out);
            Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
            Method::ChannelOpen.write(1, out);
        });
        assert_eq!(names, ["connection.start", "connection.tune", "connection.open-ok", "channel.open-ok"]);
        session
    }

    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
        let mut input = Vec::new();
        write(&mut input);
        self.send_bytes(&input)
    }

    /// Sends bytes in one go; returns what comes back, by name.
    fn send_bytes(&mut self, input: &[u8]) -> Vec<String> {
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
    fn check_login(&mut self) {
        if let Some(login) = self.connection.take_login() {
            let outcome = self.access.log_in(&login, Ipv4Addr::LOCALHOST.into());
            self.connection.logged_in(self.now, outcome, &mut self.output);
        }
    }

    fn pass(&mut self, time: Duration) -> Vec<String> {
        self.now = self.now + time;
        self.connection.expire(self.now, &mut self.broker, &mut self.output);
        self.answers()
    }

    fn answers(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        self.output.take(&mut bytes);
        let mut names = Vec::new();
        let mut rest = bytes.as_slice();
        while let Ok(Some((frame, taken))) = codec::parse_frame(rest, u32::MAX) {
            names.push(match frame.kind {
                FrameKind::Method => describe(Method::parse(frame.payload).expect("the broker writes valid methods")),
                kind => format!("{kind:?}"),
            });
            rest = &rest[taken..];
        }
        assert!(rest.is_empty() || rest == PROTOCOL_HEADER, "{rest:?}");
        names
    }
}

fn start_ok(response: &[u8]) -> Method<'_> {
    Method::ConnectionStartOk { client_properties: Table::default(), mechanism: "PLAIN", response, locale: "en_US" }
}

fn describe(method: Method<'_>) -> String {
    match method {
        Method::ConnectionClose { reply_code, .. } | Method::ChannelClose { reply_code, .. } => {
            format!("{} {reply_code}", method.name())
        }
        Method::BasicAck { delivery_tag, multiple } => format!("ack {delivery_tag} {multiple}"),
        Method::BasicNack { delivery_tag, multiple, .. } => format!("nack {delivery_tag} {multiple}"),
        _ => method.name().to_owned(),
    }
}

fn publish(channel: u16, queue: &str, body: &[u8], out: &mut Vec<u8>) {
    let routing_key = queue.as_bytes();
    Method::BasicPublish { exchange: "", routing_key, mandatory: false, immediate: false }.write(channel, out);
    header(channel, body.len() as u64, out);
    write_body_frame(channel, body, out);
}

fn header(channel: u16, body_size: u64, out: &mut Vec<u8>) {
    ContentHeader { class_id: BASIC_CLASS_ID, body_size, properties: &[0, 0] }.write(channel, out);
}

#[test]
fn a_connection_cut_anywhere_into_pieces_says_the_same() {
    let mut input = PROTOCOL_HEADER.to_vec();
    start_ok(b"\0guest\0guest").write(0, &mut input);
    Method::ConnectionTuneOk { channel_max: 0, frame_max: 0, heartbeat: 0 }.write(0, &mut input);
    Method::ConnectionOpen { virtual_host: "/" }.write(0, &mut input);
    for cut in 0..input.len() {
        let mut session = Session::start();
        let mut answers = session.send_bytes(&input[..cut]);
        answers.extend(session.send_bytes(&input[cut..]));
        assert_eq!(answers, ["connection.start", "connection.tune", "connection.open-ok"], "cut at {cut}");
    }
}

#[test]
fn an_oversized_frame_is_refused_from_its_first_bytes() {
    let mut session = Session::open();
    // Seven bytes of a body frame that announces 100 MB.
    let answers = session.send_bytes(&[3, 0, 1, 0x06, 0, 0, 0]);
    assert_eq!(answers, ["connection.close 501"]);
    assert!(session.connection.is_finished(), "nothing after it can be read");
}

#[test]
fn a_table_nested_a_thousand_deep_before_login_costs_an_error() {
    let mut nested = Vec::new();
    for _ in 0..1_000 {
        let length = u32::try_from(nested.len()).expect("short");
        let mut outer = vec![1, b'x', b'F'];
        outer.extend_from_slice(&length.to_be_bytes());
        outer.append(&mut nested);
        nested = outer;
    }
    let mut payload = vec![0, 10, 0, 11];
    payload.extend_from_slice(&u32::try_from(nested.len()).expect("short").to_be_bytes());
    payload.extend_from_slice(&nested);
    let mut frame = vec![1, 0, 0];
    frame.extend_from_slice(&u32::try_from(payload.len()).expect("short").to_be_bytes());
    frame.extend_from_slice(&payload);
    frame.push(0xCE);

    let mut session = Session::start();
    session.send_bytes(&PROTOCOL_HEADER);
    assert_eq!(session.send_bytes(&frame), ["connection.close 502"]);
}

#[test]
fn confirms_of_one_batch_are_one_frame_and_a_refusal_comes_in_its_place() {
    let mut session = Session::open();
    let policy = QueuePolicy { max_length: Some(3), overflow: Overflow::RejectPublish, ..QueuePolicy::default() };
    session.send(|out| {
        let arguments = Table::default();
        let (passive, durable, exclusive, auto_delete, no_wait) = (false, false, false, false, false);
        Method::QueueDeclare { queue: "large", passive, durable, exclusive, auto_delete, no_wait, arguments }
            .write(1, out);
        Method::ConfirmSelect { no_wait: false }.write(1, out);
    });
    let declare = handoff_broker::core::Command::DeclareQueue {
        connection: ConnectionId(1),
        name: "small",
        passive: false,
        options: QueueOptions { policy, ..QueueOptions::default() },
    };
    session.broker.handle(session.now, declare).expect("a new queue");

    let answers = session.send(|out| (0..5).for_each(|_| publish(1, "large", b"x", out)));
    assert_eq!(answers, ["ack 5 true"]);
    let answers = session.send(|out| (0..4).for_each(|_| publish(1, "small", b"x", out)));
    assert_eq!(answers, ["ack 8 true", "nack 9 false"]);
    let answers = session.send(|out| publish(1, "large", b"x", out));
    assert_eq!(answers, ["ack 10 false"]);
}

#[test]
fn content_that_does_not_fit_its_announcement_ends_the_connection() {
    let begin = |out: &mut Vec<u8>| {
        Method::BasicPublish { exchange: "", routing_key: b"q", mandatory: false, immediate: false }.write(1, out);
    };
    type Write = fn(&mut Vec<u8>);
    let cases: [(&str, Write, &str); 4] = [
        ("a body without its header", |out| write_body_frame(1, b"x", out), "connection.close 505"),
        ("a method in between", |out| Method::ChannelOpen.write(1, out), "connection.close 505"),
        (
            "more than announced",
            |out| {
                header(1, 2, out);
                write_body_frame(1, b"xyz", out);
            },
            "connection.close 501",
        ),
        (
            "two headers",
            |out| {
                header(1, 2, out);
                header(1, 2, out);
            },
            "connection.close 505",
        ),
    ];
    for (case, write, expected) in cases {
        let mut session = Session::open();
        let answers = session.send(|out| {
            begin(out);
            write(out);
        });
        assert_eq!(answers, [expected], "{case}");
    }
}

#[test]
fn a_channel_that_is_closing_ignores_everything_but_the_end() {
    let mut session = Session::open();
    let answers = session.send(|out| Method::BasicAck { delivery_tag: 7, multiple: false }.write(1, out));
    assert_eq!(answers, ["channel.close 406"]);
    // Sent before the client saw the close: late acknowledgements and a whole message.
    let answers = session.send(|out| {
        Method::BasicAck { delivery_tag: 8, multiple: false }.write(1, out);
        publish(1, "q", b"late", out);
    });
    assert_eq!(answers, Vec::<String>::new());
    let answers = session.send(|out| {
        Method::ChannelCloseOk.write(1, out);
        Method::ChannelOpen.write(1, out);
    });
    assert_eq!(answers, ["channel.open-ok"], "the number can be used again");
}

#[test]
fn errors_have_the_scope_of_their_code() {
    let prefetch =
        |out: &mut Vec<u8>| Method::BasicQos { prefetch_size: 5, prefetch_count: 1, global: false }.write(1, out);
    assert_eq!(Session::open().send(prefetch), ["connection.close 540"]);
    let not_open = |out: &mut Vec<u8>| Method::BasicQosOk.write(3, out);
    assert_eq!(Session::open().send(not_open), ["connection.close 504"]);
    let beyond = |out: &mut Vec<u8>| Method::ChannelOpen.write(11, out);
    assert_eq!(Session::open().send(beyond), ["connection.close 530"]);
    let immediate = |out: &mut Vec<u8>| {
        Method::BasicPublish { exchange: "", routing_key: b"q", mandatory: false, immediate: true }.write(1, out);
    };
    assert_eq!(Session::open().send(immediate), ["connection.close 540"]);
    let nowhere = |out: &mut Vec<u8>| {
        Method::QueuePurge { queue: "nowhere", no_wait: false }.write(1, out);
    };
    assert_eq!(Session::open().send(nowhere), ["channel.close 404"]);
}

#[test]
fn what_a_client_asks_for_beyond_the_offer_is_refused() {
    for (channel_max, frame_max) in [(0, 1_000_000), (60_000, 0), (0, 100)] {
        let mut session = Session::start();
        let answers = session.send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            start_ok(b"\0guest\0guest").write(0, out);
            Method::ConnectionTuneOk { channel_max, frame_max, heartbeat: 0 }.write(0, out);
        });
        assert_eq!(answers.last().map(String::as_str), Some("connection.close 530"), "{channel_max} {frame_max}");
    }
}

#[test]
fn a_wrong_login_is_refused() {
    for response in [&b"\0guest\0wrong"[..], b"\0nobody\0guest", b"\0guest\0guest2"] {
        let mut session = Session::start();
        let mut capabilities = TableBuilder::new();
        capabilities.insert("authentication_failure_close", Value::Boolean(true));
        let mut properties = TableBuilder::new();
        properties.insert("capabilities", Value::Table(capabilities.as_table()));
        let start_ok = Method::ConnectionStartOk {
            client_properties: properties.as_table(),
            mechanism: "PLAIN",
            response,
            locale: "en_US",
        };
        let answers = session.send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            start_ok.write(0, out);
        });
        assert_eq!(answers, ["connection.start"], "{response:?}: the answer takes its time");
        assert_eq!(session.pass(Duration::from_secs(1)), ["connection.close 403"], "{response:?}");
    }
}

#[test]
fn a_silent_client_is_given_up_after_two_heartbeats_and_a_living_one_is_not() {
    let mut session = Session::open();
    let mut beats = 0;
    for _ in 0..3 {
        beats += session.pass(Duration::from_secs(5)).len();
        assert!(!session.connection.is_finished());
    }
    assert!(beats >= 2, "we say that we live: {beats}");
    session.pass(Duration::from_secs(5));
    assert!(session.connection.is_finished(), "twenty seconds without a sign of life");

    let mut session = Session::open();
    for _ in 0..10 {
        session.pass(Duration::from_secs(5));
        session.send(codec::write_heartbeat);
    }
    assert!(!session.connection.is_finished());
}

#[test]
fn a_client_that_does_not_answer_our_close_is_cut_off() {
    let mut session = Session::open();
    session.connection.shut_down(session.now, &mut session.broker, &mut session.output);
    assert_eq!(session.answers(), ["connection.close 320"]);
    session.pass(Duration::from_secs(4));
    assert!(!session.connection.is_finished());
    session.pass(Duration::from_secs(1));
    assert!(session.connection.is_finished());
}
