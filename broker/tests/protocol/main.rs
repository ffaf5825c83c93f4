//! The connection state machine by itself: bytes in, bytes out, and the time as the test says.

mod access;
mod errors;
mod publish;
mod session;

use std::time::Duration;

use handoff_broker::amqp::codec::{self, Method, PROTOCOL_HEADER, Table, write_body_frame};
use handoff_broker::core::{ConnectionId, Machine, Overflow, QueueOptions, QueuePolicy};

use session::{Session, declare, header, publish, start_ok};

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
        declare("large", Table::default(), out);
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
fn empty_names_mean_the_last_queue_as_a_name_and_as_a_key() {
    let mut session = Session::open();
    let bind = Method::QueueBind {
        queue: "",
        exchange: "amq.direct",
        routing_key: b"",
        no_wait: false,
        arguments: Table::default(),
    };
    assert_eq!(session.send(|out| bind.write(1, out)), ["channel.close 404"], "there is no last queue");
    let mut session = Session::open();
    let answers = session.send(|out| {
        declare("last", Table::default(), out);
        bind.write(1, out);
        Method::BasicPublish { exchange: "amq.direct", routing_key: b"last", mandatory: true, immediate: false }
            .write(1, out);
        header(1, 0, out);
    });
    assert_eq!(answers, ["queue.declare-ok", "queue.bind-ok"], "the message is not returned");
    let unbind =
        Method::QueueUnbind { queue: "", exchange: "amq.direct", routing_key: b"", arguments: Table::default() };
    let answers = session.send(|out| {
        unbind.write(1, out);
        Method::BasicPublish { exchange: "amq.direct", routing_key: b"last", mandatory: true, immediate: false }
            .write(1, out);
        header(1, 0, out);
    });
    assert_eq!(answers, ["queue.unbind-ok", "basic.return", "Header"]);
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

#[test]
fn a_handshake_that_trickles_is_given_up_in_time() {
    let mut session = Session::start();
    let mut hello = PROTOCOL_HEADER.to_vec();
    start_ok(b"\0guest\0guest").write(0, &mut hello);
    for byte in hello.iter().take(9) {
        session.send_bytes(&[*byte]);
        session.pass(Duration::from_secs(1));
        assert!(!session.connection.is_finished());
    }
    session.pass(Duration::from_secs(1));
    assert!(session.connection.is_finished(), "signs of life do not prolong a handshake");
}

#[test]
fn who_is_blocked_is_not_read_and_not_given_up_and_goes_on_where_it_was() {
    let mut session = Session::open();
    session.send(|out| declare("q", Table::default(), out));
    assert!(!session.connection.take_published());
    session.send(|out| publish(1, "q", b"x", out));
    assert!(session.connection.take_published());
    assert!(!session.connection.take_published(), "once");

    session.connection.block(session.now, &mut session.output);
    assert_eq!(session.answers(), ["connection.blocked"]);
    assert_eq!(session.send(|out| publish(1, "q", b"y", out)), Vec::<String>::new());
    let mut beats = 0;
    for _ in 0..10 {
        beats += session.pass(Duration::from_secs(10)).len();
        assert!(!session.connection.is_finished(), "it could not say that it lives");
    }
    assert!(beats >= 9, "we say that we live: {beats}");
    session.connection.unblock(session.now, &mut session.output);
    assert_eq!(session.answers(), ["connection.unblocked"]);
    session.send_bytes(&[]);
    assert_eq!(session.broker.queue_counts("q").map(|counts| counts.ready), Some(2));
    session.pass(Duration::from_secs(20));
    assert!(session.connection.is_finished(), "from now on it has to");
}

#[test]
fn a_client_that_does_not_want_to_know_that_it_is_blocked_is_not_told() {
    let mut session = Session::start();
    session.send(|out| {
        out.extend_from_slice(&PROTOCOL_HEADER);
        start_ok(b"\0guest\0guest").write(0, out);
        Method::ConnectionTuneOk { channel_max: 0, frame_max: 0, heartbeat: 0 }.write(0, out);
        Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
    });
    session.connection.block(session.now, &mut session.output);
    session.connection.unblock(session.now, &mut session.output);
    assert_eq!(session.answers(), Vec::<String>::new());
}
