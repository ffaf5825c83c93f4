//! The texts of errors in framing, content and order of methods: RabbitMQ's, word for word.

use handoff_broker::amqp::codec::{
    ContentHeader, FRAME_END, Method, PROTOCOL_HEADER, write_body_frame, write_heartbeat,
};

use crate::session::{Session, header, start_ok};

fn text_of(write: impl FnOnce(&mut Vec<u8>)) -> String {
    Session::open().refused(write)
}

fn begin_publish(out: &mut Vec<u8>) {
    Method::BasicPublish { exchange: "", routing_key: b"q", mandatory: false, immediate: false }.write(1, out);
}

/// A frame of any type with any payload.
fn frame(kind: u8, channel: u8, payload: &[u8], out: &mut Vec<u8>) {
    let size = u8::try_from(payload.len()).expect("short");
    out.extend_from_slice(&[kind, 0, channel, 0, 0, 0, size]);
    out.extend_from_slice(payload);
    out.push(FRAME_END);
}

#[test]
fn broken_frames_are_shown_as_they_came() {
    let cases: [(&[u8], &str); 5] = [
        (
            b"\x01\0\x01\0\0\0\x04\0\x14\0\x0a\xcd",
            "FRAME_ERROR - type 1, all octets = <<0,20,0,10>>: {invalid_frame_end_marker,205}",
        ),
        (b"\x07\0\x01\0\0\0\x04\0\x14\0\x0a\xce", "FRAME_ERROR - type 7, all octets = <<0,20,0,10>>: unknown_frame"),
        (b"\x03\0\x01\x00\x01\x86\xa0x", "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,100000,4088}"),
        (b"\x08\0\x01\0\0\0\0\xce", "UNEXPECTED_FRAME - type 8, all octets = <<>>"),
        (b"\x08\0\0\0\0\0\x01x\xce", "FRAME_ERROR - type 8, all octets = <<\"x\">>: unknown_frame"),
    ];
    for (bytes, text) in cases {
        assert_eq!(text_of(|out| out.extend_from_slice(bytes)), text);
    }
}

#[test]
fn what_is_no_method_says_so() {
    let short = "FRAME_ERROR - type 1, all octets = <<0,60>>: unknown_frame";
    assert_eq!(text_of(|out| frame(1, 1, &[0, 60], out)), short);
    let cut_off = "FRAME_ERROR - cannot decode <<0,0,5,97,98>>";
    assert_eq!(text_of(|out| frame(1, 1, b"\0\x32\0\x0a\0\0\x05ab", out)), cut_off);
    let too_long = "FRAME_ERROR - cannot decode <<0,0,0,0,0,1,0,122>>";
    assert_eq!(text_of(|out| frame(1, 1, b"\0\x3c\0\x0a\0\0\0\0\0\x01\0z", out)), too_long);
}

#[test]
fn content_out_of_order_names_what_had_to_come() {
    let no_method = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
    assert_eq!(text_of(|out| write_body_frame(1, b"x", out)), no_method);
    assert_eq!(text_of(|out| header(1, 1, out)), no_method);
    let no_header = "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead";
    let method_for_header = |out: &mut Vec<u8>| {
        begin_publish(out);
        Method::ChannelOpen {}.write(1, out);
    };
    assert_eq!(text_of(method_for_header), no_header);
    let no_body = "UNEXPECTED_FRAME - expected content body, got non content body frame instead";
    let method_for_body = |out: &mut Vec<u8>| {
        begin_publish(out);
        header(1, 5, out);
        Method::ChannelOpen {}.write(1, out);
    };
    assert_eq!(text_of(method_for_body), no_body);
    let other_class = |out: &mut Vec<u8>| {
        begin_publish(out);
        ContentHeader { class_id: 50, body_size: 2, properties: &[0, 0] }.write(1, out);
    };
    let wrong_class = "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead";
    assert_eq!(text_of(other_class), wrong_class);
}

#[test]
fn methods_in_the_wrong_place_are_told_so() {
    let channel_0 = "CHANNEL_ERROR - unexpected method in connection state running";
    let open = Method::ConnectionOpen { virtual_host: "/" };
    assert_eq!(text_of(|out| open.write(0, out)), channel_0);
    assert_eq!(text_of(|out| Method::ConnectionCloseOk {}.write(0, out)), channel_0);
    assert_eq!(text_of(|out| Method::ConnectionBlocked { reason: "" }.write(0, out)), channel_0);
    let unimplemented = "COMMAND_INVALID - unimplemented method";
    assert_eq!(text_of(|out| open.write(1, out)), unimplemented);
    assert_eq!(text_of(|out| Method::BasicConsumeOk { consumer_tag: "x" }.write(1, out)), unimplemented);
    assert_eq!(text_of(|out| Method::ChannelOpen {}.write(1, out)), "CHANNEL_ERROR - second 'channel.open' seen");
    assert_eq!(text_of(|out| Method::BasicQosOk {}.write(7, out)), "CHANNEL_ERROR - expected 'channel.open'");
    let early = Session::start().refused(|out| {
        out.extend_from_slice(&PROTOCOL_HEADER);
        Method::ChannelOpen {}.write(1, out);
    });
    assert_eq!(early, "CHANNEL_ERROR - unexpected method in connection state starting");
}

#[test]
fn more_channels_than_agreed_end_the_connection() {
    let all_ten = |out: &mut Vec<u8>| (2..=11).for_each(|number| Method::ChannelOpen {}.write(number, out));
    let text = "NOT_ALLOWED - number of channels opened (10) has reached the negotiated channel_max (10)";
    assert_eq!(text_of(all_ten), text);
    let beyond = |out: &mut Vec<u8>| Method::ChannelOpen {}.write(11, out);
    assert_eq!(text_of(beyond), "NOT_ALLOWED - channel number 11 is beyond the negotiated channel_max (10)");
}

#[test]
fn what_is_asked_for_beyond_the_offer_is_named() {
    let tune = |channel_max, frame_max| {
        Session::start().refused(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            start_ok(b"\0guest\0guest").write(0, out);
            Method::ConnectionTuneOk { channel_max, frame_max, heartbeat: 0 }.write(0, out);
        })
    };
    let channels = "NOT_ALLOWED - negotiated channel_max = 3000 is higher than the maximum allowed value (2047)";
    assert_eq!(tune(3000, 0), channels);
    let frames = "NOT_ALLOWED - negotiated frame_max = 131073 is higher than the maximum allowed value (131072)";
    assert_eq!(tune(0, 131_073), frames);
    assert_eq!(tune(0, 100), "NOT_ALLOWED - negotiated frame_max = 100 is lower than the minimum allowed value (4096)");
    assert_eq!((tune(0, 0), tune(1, 4096)), (String::new(), String::new()));
}

#[test]
fn a_closing_connection_ignores_what_was_on_its_way() {
    let mut session = Session::open();
    session.send(|out| Method::ConnectionOpen { virtual_host: "/" }.write(0, out));
    let answers = session.send(|out| {
        Method::BasicAck { delivery_tag: 1, multiple: false }.write(1, out);
        begin_publish(out);
        header(1, 1, out);
        write_body_frame(1, b"x", out);
        write_heartbeat(out);
        Method::ChannelOpen {}.write(99, out);
    });
    assert_eq!(answers, Vec::<String>::new());
    assert!(!session.connection.is_finished());
    session.send(|out| Method::ConnectionCloseOk {}.write(0, out));
    assert!(session.connection.is_finished());
}
