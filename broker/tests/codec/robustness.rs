//! Bytes that nobody meant to send: cut, altered, nested, arbitrary. Nothing may panic, and nothing that is not whole may
//! pass.

use handoff_broker::amqp::codec::{
    ContentHeader, FRAME_OVERHEAD_BYTES, FRAME_START_BYTES, FrameKind, Method, Properties, SyntaxError, Table, Value,
    parse_frame,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::ingredients::{ingredients, table};
use crate::methods::twins;

/// Reads all there is in a table, whatever the levels.
fn read_table(table: Table<'_>) {
    for (_, value) in table.iter() {
        read_value(value);
    }
}

fn read_value(value: Value<'_>) {
    match value {
        Value::Table(table) => read_table(table),
        Value::Array(array) => array.iter().for_each(read_value),
        _ => {}
    }
}

/// Reads bytes as everything they could be.
fn read_as_anything(bytes: &[u8]) {
    if let Ok(Some((frame, taken))) = parse_frame(bytes, 131_072) {
        assert_eq!(taken, frame.payload.len() + FRAME_OVERHEAD_BYTES);
    }
    if let Ok(method) = Method::parse(bytes) {
        let mut written = Vec::new();
        method.write(1, &mut written);
        assert_eq!(Method::parse(&written[FRAME_START_BYTES..written.len() - 1]), Ok(method));
    }
    if let Ok(header) = ContentHeader::parse(bytes) {
        read_as_properties(header.properties);
    }
    if let Ok(table) = Table::parse(bytes) {
        assert_eq!(table.iter().count() == 0, bytes.is_empty());
        read_table(table);
    }
    read_as_properties(bytes);
}

fn read_as_properties(bytes: &[u8]) {
    let Ok(properties) = Properties::parse(bytes) else { return };
    properties.headers().into_iter().for_each(read_table);
    let _ = (properties.content_type(), properties.timestamp(), properties.cluster_id());
    assert!(Properties::parse(&properties.with_headers(Table::default())).is_ok());
}

/// Bytes that begin like a method, with what often goes wrong inside.
fn almost_a_method() -> impl Strategy<Value = Vec<u8>> {
    let ids = (prop_oneof![Just(10u8), Just(20), Just(40), Just(50), Just(60), Just(85), Just(90)], 0..121u8);
    let byte = prop_oneof![Just(0u8), Just(1), Just(4), Just(0xFF), Just(b'F'), Just(b'A'), Just(b'S'), any::<u8>()];
    (ids, proptest::collection::vec(byte, 0..64))
        .prop_map(|((class_id, method_id), rest)| [&[0, class_id, 0, method_id], &rest[..]].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        read_as_anything(&bytes);
    }

    #[test]
    fn almost_methods_never_panic(bytes in almost_a_method()) {
        read_as_anything(&bytes);
    }
}

proptest! {
    #[test]
    fn altered_methods_and_tables_never_panic(with in ingredients(), at: Index, octet: u8) {
        for (method, _) in twins(&with) {
            let mut frame = Vec::new();
            method.write(1, &mut frame);
            let position = at.index(frame.len());
            frame[position] = octet;
            read_as_anything(&frame);
            read_as_anything(&frame[FRAME_START_BYTES..]);
        }
        let mut table = with.table.ours.as_table().as_bytes().to_vec();
        if !table.is_empty() {
            let position = at.index(table.len());
            table[position] = octet;
            read_as_anything(&table);
        }
    }

    #[test]
    fn a_cut_frame_is_no_frame_and_a_cut_method_no_method(with in ingredients(), at: Index) {
        for (method, _) in twins(&with) {
            let mut frame = Vec::new();
            method.write(1, &mut frame);
            let cut = &frame[..at.index(frame.len())];
            prop_assert_eq!(parse_frame(cut, u32::MAX), Ok(None), "{} of {} bytes", cut.len(), frame.len());
            let payload = &frame[FRAME_START_BYTES..frame.len() - 1];
            prop_assert!(Method::parse(&payload[..at.index(payload.len())]).is_err(), "{}", method.name());
        }
    }

    /// Entries may be missing from the end, but what is left of a cut entry is never taken for one.
    #[test]
    fn a_cut_table_is_an_error_or_has_only_whole_entries(twin in table(), at: Index) {
        let whole = twin.ours.as_table();
        let cut = &whole.as_bytes()[..at.index(whole.as_bytes().len() + 1)];
        if let Ok(table) = Table::parse(cut) {
            prop_assert!(whole.iter().zip(table.iter()).all(|(expected, found)| expected == found));
        }
    }

    #[test]
    fn frame_max_is_enforced_before_the_payload(size: u32, frame_max: u32, channel: u16) {
        let mut start = vec![FrameKind::Body as u8];
        start.extend_from_slice(&channel.to_be_bytes());
        start.extend_from_slice(&size.to_be_bytes());
        let fits = u64::from(size) + FRAME_OVERHEAD_BYTES as u64 <= u64::from(frame_max);
        prop_assert_eq!(parse_frame(&start, frame_max).is_ok(), fits);
    }
}

#[test]
fn every_frame_cut_at_every_byte_is_no_frame() {
    let mut frame = Vec::new();
    ContentHeader { class_id: 60, body_size: 3, properties: b"\x20\0\0\0\0\x03\x01aV" }.write(9, &mut frame);
    for length in 0..frame.len() {
        assert_eq!(parse_frame(&frame[..length], 4096), Ok(None), "{length} bytes");
    }
    assert!(matches!(parse_frame(&frame, 4096), Ok(Some(_))));
}

/// 8 KB are enough to overflow the stack of a parser that recurses without limit.
#[test]
fn a_table_nested_a_thousand_deep_is_an_error_wherever_it_comes() {
    let mut table = Vec::new();
    for _ in 0..1000 {
        let length = u32::try_from(table.len()).unwrap();
        table = [b"\x01kF", &length.to_be_bytes()[..], &table].concat();
    }
    let length = u32::try_from(table.len()).unwrap().to_be_bytes();
    assert_eq!(Table::parse(&table), Err(SyntaxError::TooDeep));
    let start_ok = [b"\0\x0A\0\x0B", &length[..], &table, b"\x05PLAIN\0\0\0\0\x05en_US"].concat();
    assert_eq!(Method::parse(&start_ok).unwrap_err().reply_code().code(), 502);
    let properties = [b"\x20\0", &length[..], &table].concat();
    assert_eq!(Properties::parse(&properties), Err(SyntaxError::TooDeep));
}
