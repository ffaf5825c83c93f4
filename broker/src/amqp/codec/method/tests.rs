//! What the property tests against another implementation do not say: exact bytes, and what is refused.

use super::*;

fn written(method: Method<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    method.write(1, &mut out);
    out
}

/// The payload of a frame that was written.
fn payload(frame: &[u8]) -> &[u8] {
    &frame[7..frame.len() - 1]
}

#[test]
fn a_method_frame_is_laid_out_as_the_specification_says() {
    let method = Method::BasicPublish { exchange: "ex", routing_key: b"\xFFk", mandatory: true, immediate: false };
    let frame = written(method);
    assert_eq!(frame, b"\x01\0\x01\0\0\0\x0D\0\x3C\0\x28\0\0\x02ex\x02\xFFk\x01\xCE");
    assert_eq!(Method::parse(payload(&frame)), Ok(method));
}

#[test]
fn bits_are_packed_from_the_lowest_on() {
    let method = Method::QueueDeclare {
        queue: "q",
        passive: false,
        durable: true,
        exclusive: false,
        auto_delete: false,
        no_wait: true,
        arguments: Table::default(),
    };
    assert_eq!(payload(&written(method)), b"\0\x32\0\x0A\0\0\x01q\x12\0\0\0\0");
}

#[test]
fn reserved_arguments_are_ignored_and_written_empty() {
    let with_reserved = b"\0\x0A\0\x28\x01/\x03cap\x01";
    let method = Method::ConnectionOpen { virtual_host: "/" };
    assert_eq!(Method::parse(with_reserved), Ok(method));
    assert_eq!(payload(&written(method)), b"\0\x0A\0\x28\x01/\0\0");
    assert_eq!(payload(&written(Method::ChannelOpenOk)), b"\0\x14\0\x0B\0\0\0\0");
    assert_eq!(Method::parse(b"\0\x3C\0\x48\x01\xFF"), Ok(Method::BasicGetEmpty), "not even UTF-8 is asked of them");
}

#[test]
fn methods_know_their_names_and_numbers() {
    let method = Method::BasicConsumeOk { consumer_tag: "" };
    assert_eq!((method.name(), method.class_and_method_id()), ("basic.consume-ok", (60, 21)));
    assert_eq!(Method::ExchangeUnbindOk.class_and_method_id(), (40, 51), "51, not 41");
    assert!(
        Method::BasicGetOk { delivery_tag: 1, redelivered: false, exchange: "", routing_key: b"", message_count: 0 }
            .has_content()
    );
    assert!(!Method::BasicGetEmpty.has_content());
}

#[test]
fn an_unknown_method_is_not_implemented() {
    for payload in [b"\0\x0A\0\x09", b"\0\x1E\0\x0A", b"\xFF\xFF\xFF\xFF"] {
        let error = Method::parse(payload).unwrap_err();
        let ids = (u16::from_be_bytes([payload[0], payload[1]]), u16::from_be_bytes([payload[2], payload[3]]));
        assert_eq!(error, MethodError::Unknown { class_id: ids.0, method_id: ids.1 });
        assert_eq!((error.reply_code(), error.class_and_method_id()), (ReplyCode::NotImplemented, ids));
    }
}

#[test]
fn malformed_arguments_are_a_syntax_error_that_names_the_method() {
    let malformed: [(&[u8], SyntaxError); 4] = [
        (b"\0\x3C\0\x50\0\0\0\0\0\0\0\x01\x01\0", SyntaxError::TrailingBytes(1)),
        (b"\0\x3C\0\x50\0\0\0\0\0\0\0\x01", SyntaxError::Truncated),
        (b"\0\x3C\0\x1E\x01\xFF\0", SyntaxError::InvalidUtf8),
        (b"\0\x32\0\x0A\0\0\0\0\0\0\0\x03\x01aQ", SyntaxError::UnknownFieldType(b'Q')),
    ];
    for (payload, error) in malformed {
        let (class_id, method_id) = (u16::from(payload[1]), u16::from(payload[3]));
        let expected = MethodError::Malformed { class_id, method_id, error };
        assert_eq!(Method::parse(payload), Err(expected));
        assert_eq!(expected.reply_code(), ReplyCode::SyntaxError);
        assert_eq!(expected.class_and_method_id(), (class_id, method_id));
    }
    assert_eq!(Method::parse(b"\0\x3C\0"), Err(MethodError::NoMethod));
    assert_eq!(MethodError::NoMethod.reply_code(), ReplyCode::SyntaxError);
}

#[test]
fn a_long_reply_text_is_cut_and_not_an_error() {
    let reply_text = "x".repeat(300);
    let frame = written(Method::ChannelClose { reply_code: 404, reply_text: &reply_text, class_id: 50, method_id: 10 });
    let Ok(Method::ChannelClose { reply_text, .. }) = Method::parse(payload(&frame)) else { panic!("a channel.close") };
    assert_eq!(reply_text.len(), 255);
    assert!(reply_text.ends_with("x..."));
}
