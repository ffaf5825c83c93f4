//! Field tables, written and read by both sides.

use amq_protocol::types::{AMQPValue, FieldTable};
use handoff_broker::amqp::codec::{Table, TableBuilder, Value};
use proptest::prelude::*;

use crate::ingredients::{short_string, table, value, with_ours};
use crate::oracle;

/// A table's bytes with the length before them, as a method has them.
fn with_length(table: Table<'_>) -> Vec<u8> {
    let length = u32::try_from(table.as_bytes().len()).unwrap();
    [&length.to_be_bytes(), table.as_bytes()].concat()
}

proptest! {
    #[test]
    fn a_sorted_table_has_the_same_bytes_on_both_sides(twin in table()) {
        let bytes = oracle::write_table(&twin.theirs);
        prop_assert_eq!(&with_length(twin.ours.as_table()), &bytes);
        prop_assert_eq!(oracle::parse_table(&bytes), twin.theirs);
        prop_assert_eq!(Table::parse(&bytes[4..]), Ok(twin.ours.as_table()));
    }

    /// Reading every entry and writing it again gives the same bytes: no value is lost or altered on the way.
    #[test]
    fn what_is_read_and_written_again_is_the_same(twin in table()) {
        let mut copy = TableBuilder::new();
        for (name, value) in twin.ours.as_table().iter() {
            copy.insert(std::str::from_utf8(name).unwrap(), value);
        }
        prop_assert_eq!(copy, twin.ours);
    }

    /// The oracle sorts entries and keeps the last of each name; here order and repetition stay. So the two agree once
    /// ours is treated like that.
    #[test]
    fn an_unsorted_table_agrees_as_a_map(entries in proptest::collection::vec((short_string(), value()), 0..8)) {
        let (mut ours, mut theirs) = (TableBuilder::new(), FieldTable::default());
        for (name, value) in &entries {
            with_ours(value, &mut |value| { ours.insert(name, value); });
            theirs.insert(name.as_str().into(), value.clone());
        }
        let ours = ours.as_table();
        prop_assert_eq!(oracle::parse_table(&with_length(ours)), theirs);
        let names: Vec<&[u8]> = ours.iter().map(|(name, _)| name).collect();
        let expected: Vec<&[u8]> = entries.iter().map(|(name, _)| name.as_bytes()).collect();
        prop_assert_eq!(names, expected);
    }
}

/// `L` is a signed 64-bit integer to RabbitMQ, to the oracle and here; but only here does it stay an `L` when forwarded.
#[test]
fn an_upper_case_l_is_read_alike_and_forwarded_unchanged() {
    let bytes = b"\0\0\0\x0B\x01nL\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    let theirs = oracle::parse_table(bytes);
    assert_eq!(theirs.inner().get("n"), Some(&AMQPValue::LongLongInt(-1)));
    assert_eq!(oracle::write_table(&theirs)[6], b'l');
    let ours = Table::parse(&bytes[4..]).unwrap();
    assert_eq!(ours.get("n"), Some(Value::LongLongInt(-1)));
    assert_eq!(ours.as_bytes(), &bytes[4..]);
}

/// The oracle takes the specification's `U`; RabbitMQ does not know it, and neither do we.
#[test]
fn an_upper_case_u_is_refused_as_by_rabbitmq() {
    let bytes = b"\0\0\0\x05\x01nU\0\x01";
    assert_eq!(oracle::parse_table(bytes).inner().get("n"), Some(&AMQPValue::ShortInt(1)));
    assert!(Table::parse(&bytes[4..]).is_err());
}
