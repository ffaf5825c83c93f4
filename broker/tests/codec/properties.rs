//! Content headers, written and read by both sides.

use amq_protocol::frame::{AMQPContentHeader, AMQPFrame};
use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::FieldTable;
use handoff_broker::amqp::codec::{
    BASIC_CLASS_ID, ContentHeader, FrameKind, Properties, PropertiesBuilder, parse_frame,
};
use proptest::option;
use proptest::prelude::*;

use crate::ingredients::{short_string, table};
use crate::oracle;

/// The same properties for both sides.
#[derive(Clone, Debug, Default)]
struct TwinProperties {
    theirs: BasicProperties,
    ours: PropertiesBuilder,
}

/// Sets a property on both sides, if there is a value.
macro_rules! set {
    ($twin:ident, $value:expr, $ours:ident, $theirs:ident) => {
        if let Some(value) = $value {
            $twin.ours = $twin.ours.$ours(value.clone());
            $twin.theirs = $twin.theirs.$theirs(value.into());
        }
    };
}

fn twin_properties() -> impl Strategy<Value = TwinProperties> {
    let texts = proptest::collection::vec(option::of(short_string()), 10);
    let numbers = any::<(Option<u8>, Option<u8>, Option<u64>)>();
    (texts, option::of(table()), numbers).prop_map(|(mut texts, headers, (octet, octet_2, long_long))| {
        let mut twin = TwinProperties::default();
        let mut text = || texts.pop().flatten();
        set!(twin, text(), content_type, with_content_type);
        set!(twin, text(), content_encoding, with_content_encoding);
        if let Some(headers) = headers {
            twin.ours = twin.ours.headers(headers.ours);
            twin.theirs = twin.theirs.with_headers(headers.theirs);
        }
        set!(twin, octet, delivery_mode, with_delivery_mode);
        set!(twin, octet_2, priority, with_priority);
        set!(twin, text(), correlation_id, with_correlation_id);
        set!(twin, text(), reply_to, with_reply_to);
        set!(twin, text(), expiration, with_expiration);
        set!(twin, text(), message_id, with_message_id);
        set!(twin, long_long, timestamp, with_timestamp);
        set!(twin, text(), type_, with_type);
        set!(twin, text(), user_id, with_user_id);
        set!(twin, text(), app_id, with_app_id);
        set!(twin, text(), cluster_id, with_cluster_id);
        twin
    })
}

/// A content header frame on channel 1.
fn header_frame(properties: &[u8], body_size: u64) -> Vec<u8> {
    let mut out = Vec::new();
    ContentHeader { class_id: BASIC_CLASS_ID, body_size, properties }.write(1, &mut out);
    out
}

fn their_frame(properties: BasicProperties, body_size: u64) -> AMQPFrame {
    AMQPFrame::Header(1, AMQPContentHeader { class_id: BASIC_CLASS_ID, body_size, properties })
}

proptest! {
    #[test]
    fn both_sides_write_the_same_bytes_and_read_each_other(twin in twin_properties(), body_size: u64) {
        let properties = twin.ours.build();
        let written = header_frame(&properties, body_size);
        let theirs = their_frame(twin.theirs, body_size);
        prop_assert_eq!(&written, &oracle::write(&theirs));
        prop_assert_eq!(oracle::parse(&written), theirs);

        let (frame, _) = parse_frame(&written, u32::MAX).unwrap().unwrap();
        prop_assert_eq!(frame.kind, FrameKind::Header);
        let header = ContentHeader { class_id: BASIC_CLASS_ID, body_size, properties: &properties };
        prop_assert_eq!(ContentHeader::parse(frame.payload), Ok(header));
    }

    #[test]
    fn both_sides_read_the_same_values(twin in twin_properties()) {
        let bytes = twin.ours.build();
        let (ours, theirs) = (Properties::parse(&bytes).unwrap(), twin.theirs);
        let headers = ours.headers().map(|headers| header_table(headers.as_bytes()));
        prop_assert_eq!(&headers, theirs.headers());
        prop_assert_eq!(ours.delivery_mode(), *theirs.delivery_mode());
        prop_assert_eq!(ours.priority(), *theirs.priority());
        prop_assert_eq!(ours.timestamp(), *theirs.timestamp());
        for (ours, theirs) in [
            (ours.content_type(), theirs.content_type()),
            (ours.content_encoding(), theirs.content_encoding()),
            (ours.correlation_id(), theirs.correlation_id()),
            (ours.reply_to(), theirs.reply_to()),
            (ours.expiration(), theirs.expiration()),
            (ours.message_id(), theirs.message_id()),
            (ours.type_(), theirs.kind()),
            (ours.user_id(), theirs.user_id()),
            (ours.app_id(), theirs.app_id()),
            (ours.cluster_id(), theirs.cluster_id()),
        ] {
            prop_assert_eq!(ours, theirs.as_ref().map(|text| text.as_str()));
        }
    }

    /// To the oracle, which sees headers as a map, changing them is inserting into that map.
    #[test]
    fn changing_headers_changes_nothing_else(twin in twin_properties(), changes in table()) {
        let changed = Properties::parse(&twin.ours.build()).unwrap().with_headers(changes.ours.as_table());
        let mut headers = twin.theirs.headers().clone().unwrap_or_default();
        for (name, value) in &changes.theirs {
            headers.insert(name.clone(), value.clone());
        }
        let expected = their_frame(twin.theirs.with_headers(headers), 5);
        prop_assert_eq!(oracle::parse(&header_frame(&changed, 5)), expected);
    }
}

/// The oracle's reading of a table's bytes.
fn header_table(bytes: &[u8]) -> FieldTable {
    let length = u32::try_from(bytes.len()).unwrap();
    oracle::parse_table(&[&length.to_be_bytes(), bytes].concat())
}
