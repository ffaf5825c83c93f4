//! Field tables as JSON, the way RabbitMQ shows them: without the types of numbers, and with bytes as text.

use handoff_broker::amqp::codec::{Array, Table, Value};
use serde::ser::{Serialize, Serializer};

/// A table as a JSON object.
pub(super) struct TableJson<'a>(pub Table<'a>);

struct ArrayJson<'a>(Array<'a>);

struct ValueJson<'a>(Value<'a>);

impl Serialize for TableJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (text(name), ValueJson(value))))
    }
}

impl Serialize for ArrayJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ValueJson))
    }
}

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Boolean(value) => serializer.serialize_bool(value),
            Value::Float(value) => serializer.serialize_f32(value),
            Value::Double(value) => serializer.serialize_f64(value),
            Value::Decimal { scale, value } => serializer.serialize_f64(f64::from(value) / 10_f64.powi(scale.into())),
            Value::LongString(bytes) | Value::Bytes(bytes) => serializer.serialize_str(&text(bytes)),
            Value::Array(array) => ArrayJson(array).serialize(serializer),
            Value::Timestamp(seconds) => serializer.serialize_u64(seconds),
            Value::Table(table) => TableJson(table).serialize(serializer),
            Value::Void => serializer.serialize_unit(),
            integer => integer.as_integer().serialize(serializer),
        }
    }
}

/// Bytes as text; what is no UTF-8 shows as U+FFFD.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use handoff_broker::amqp::codec::{ArrayBuilder, TableBuilder};

    use super::*;

    #[test]
    fn every_type_of_value_has_its_json() {
        let mut inner = TableBuilder::new();
        inner.insert("yes", Value::Boolean(true));
        let mut list = ArrayBuilder::new();
        list.push(Value::ShortShortInt(-1)).push(Value::Void);
        let mut table = TableBuilder::new();
        table
            .insert("text", Value::LongString("a\"b".as_bytes()))
            .insert("bytes", Value::Bytes(&[0x61, 0xff]))
            .insert("limit", Value::LongLongInt(7))
            .insert("half", Value::Double(0.5))
            .insert("price", Value::Decimal { scale: 2, value: 150 })
            .insert("at", Value::Timestamp(9))
            .insert("inner", Value::Table(inner.as_table()))
            .insert("list", Value::Array(list.as_array()));
        let expected = serde_json::json!({
            "text": "a\"b", "bytes": "a\u{fffd}", "limit": 7, "half": 0.5, "price": 1.5, "at": 9,
            "inner": { "yes": true }, "list": [-1, null],
        });
        assert_eq!(serde_json::to_value(TableJson(table.as_table())).expect("JSON"), expected);
    }
}
