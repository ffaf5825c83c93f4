//! What methods, tables and properties are made of, generated once and converted for the codec and for the oracle.

use amq_protocol::types::{AMQPValue, DecimalValue, FieldTable, ShortString};
use handoff_broker::amqp::codec::{ArrayBuilder, Table, TableBuilder, Value};
use proptest::prelude::*;

/// A table for both sides.
#[derive(Clone, Debug)]
pub struct Twin {
    pub theirs: FieldTable,
    pub ours: TableBuilder,
}

impl<'a> From<&'a Twin> for Table<'a> {
    fn from(twin: &'a Twin) -> Self {
        twin.ours.as_table()
    }
}

impl From<&Twin> for FieldTable {
    fn from(twin: &Twin) -> Self {
        twin.theirs.clone()
    }
}

/// A routing key: bytes for us, text for the oracle.
#[derive(Clone, Copy)]
pub struct Key<'a>(pub &'a str);

impl<'a> From<Key<'a>> for &'a [u8] {
    fn from(key: Key<'a>) -> Self {
        key.0.as_bytes()
    }
}

impl From<Key<'_>> for ShortString {
    fn from(key: Key<'_>) -> Self {
        key.0.into()
    }
}

/// Text of at most 255 bytes.
pub fn short_string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z.#*-]{0,12}".boxed(),
        proptest::collection::vec(any::<char>(), 0..63).prop_map(String::from_iter).boxed(),
        Just("x".repeat(255)).boxed(),
    ]
}

/// A table as the oracle likes it: sorted, each name once. Floats are finite, since the oracle compares them.
pub fn table() -> impl Strategy<Value = Twin> {
    proptest::collection::btree_map(short_string(), value(), 0..6).prop_map(|entries| {
        let mut theirs = FieldTable::default();
        for (name, value) in entries {
            theirs.insert(name.into(), value);
        }
        Twin { ours: ours(&theirs), theirs }
    })
}

/// A value of any type that the oracle writes as it reads it, nested a few levels.
pub fn value() -> impl Strategy<Value = AMQPValue> {
    let flat = prop_oneof![
        any::<bool>().prop_map(AMQPValue::Boolean),
        any::<i8>().prop_map(AMQPValue::ShortShortInt),
        any::<u8>().prop_map(AMQPValue::ShortShortUInt),
        any::<i16>().prop_map(AMQPValue::ShortInt),
        any::<u16>().prop_map(AMQPValue::ShortUInt),
        any::<i32>().prop_map(AMQPValue::LongInt),
        any::<u32>().prop_map(AMQPValue::LongUInt),
        any::<i64>().prop_map(AMQPValue::LongLongInt),
        any::<f32>().prop_map(AMQPValue::Float),
        any::<f64>().prop_map(AMQPValue::Double),
        any::<(u8, u32)>().prop_map(|(scale, value)| AMQPValue::DecimalValue(DecimalValue { scale, value })),
        any::<Vec<u8>>().prop_map(|bytes| AMQPValue::LongString(bytes.into())),
        any::<u64>().prop_map(AMQPValue::Timestamp),
        any::<Vec<u8>>().prop_map(|bytes| AMQPValue::ByteArray(bytes.into())),
        Just(AMQPValue::Void),
    ];
    flat.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(|values| AMQPValue::FieldArray(values.into())),
            proptest::collection::btree_map(short_string().prop_map(ShortString::from), inner, 0..6)
                .prop_map(|entries| AMQPValue::FieldTable(entries.into())),
        ]
    })
}

/// The same entries in the same order, written by our builder.
fn ours(theirs: &FieldTable) -> TableBuilder {
    let mut table = TableBuilder::new();
    for (name, value) in theirs {
        with_ours(value, &mut |value| {
            table.insert(name.as_str(), value);
        });
    }
    table
}

/// Hands over our value for one of the oracle's. Nested ones are built, and live for as long as that takes.
pub fn with_ours(theirs: &AMQPValue, use_value: &mut dyn FnMut(Value<'_>)) {
    match theirs {
        AMQPValue::Boolean(value) => use_value(Value::Boolean(*value)),
        AMQPValue::ShortShortInt(value) => use_value(Value::ShortShortInt(*value)),
        AMQPValue::ShortShortUInt(value) => use_value(Value::ShortShortUint(*value)),
        AMQPValue::ShortInt(value) => use_value(Value::ShortInt(*value)),
        AMQPValue::ShortUInt(value) => use_value(Value::ShortUint(*value)),
        AMQPValue::LongInt(value) => use_value(Value::LongInt(*value)),
        AMQPValue::LongUInt(value) => use_value(Value::LongUint(*value)),
        AMQPValue::LongLongInt(value) => use_value(Value::LongLongInt(*value)),
        AMQPValue::Float(value) => use_value(Value::Float(*value)),
        AMQPValue::Double(value) => use_value(Value::Double(*value)),
        AMQPValue::DecimalValue(value) => use_value(Value::Decimal { scale: value.scale, value: value.value }),
        AMQPValue::LongString(value) => use_value(Value::LongString(value.as_bytes())),
        AMQPValue::Timestamp(value) => use_value(Value::Timestamp(*value)),
        AMQPValue::ByteArray(value) => use_value(Value::Bytes(value.as_slice())),
        AMQPValue::Void => use_value(Value::Void),
        AMQPValue::FieldTable(table) => use_value(Value::Table(ours(table).as_table())),
        AMQPValue::FieldArray(values) => {
            let mut array = ArrayBuilder::new();
            for value in values.as_slice() {
                with_ours(value, &mut |value| {
                    array.push(value);
                });
            }
            use_value(Value::Array(array.as_array()));
        }
        AMQPValue::ShortString(_) => unreachable!("has no letter on the wire and is never generated"),
    }
}

/// The arguments of methods.
#[derive(Clone, Debug)]
pub struct Ingredients {
    pub names: [String; 3],
    pub key: String,
    pub text: String,
    pub strings: [Vec<u8>; 2],
    pub table: Twin,
    pub octets: [u8; 2],
    pub shorts: [u16; 3],
    pub longs: [u32; 2],
    pub long_long: u64,
    pub bits: [bool; 5],
}

/// Arguments for every method.
pub fn ingredients() -> impl Strategy<Value = Ingredients> {
    let texts = ([short_string(), short_string(), short_string()], short_string(), short_string());
    let numbers = any::<([u8; 2], [u16; 3], [u32; 2], u64)>();
    (texts, any::<[Vec<u8>; 2]>(), table(), numbers, any::<[bool; 5]>()).prop_map(
        |((names, key, text), strings, table, (octets, shorts, longs, long_long), bits)| Ingredients {
            names,
            key,
            text,
            strings,
            table,
            octets,
            shorts,
            longs,
            long_long,
            bits,
        },
    )
}
