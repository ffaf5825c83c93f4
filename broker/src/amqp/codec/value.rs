//! The values of field tables and arrays, each with the letter of its type on the wire.
//!
//! The types are those that RabbitMQ knows (its "AMQP 0-9-1 errata", field types): `s` is a signed 16-bit integer, `l`
//! and `L` are both signed 64-bit integers, and `U`, which the specification has and RabbitMQ has not, is unknown.

use super::table::{Array, Table};
use super::wire::{Reader, SyntaxError, Writer};

/// A value of a [`Table`] or an [`Array`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `t`
    Boolean(bool),
    /// `b`
    ShortShortInt(i8),
    /// `B`
    ShortShortUint(u8),
    /// `s`
    ShortInt(i16),
    /// `u`
    ShortUint(u16),
    /// `I`
    LongInt(i32),
    /// `i`
    LongUint(u32),
    /// `l`, and `L` when read
    LongLongInt(i64),
    /// `f`
    Float(f32),
    /// `d`
    Double(f64),
    /// `D`: `value` / 10^`scale`
    #[allow(missing_docs, reason = "said above")]
    Decimal { scale: u8, value: u32 },
    /// `S`: text by custom, but any bytes are allowed
    LongString(&'a [u8]),
    /// `A`
    Array(Array<'a>),
    /// `T`: seconds since the Unix epoch
    Timestamp(u64),
    /// `F`
    Table(Table<'a>),
    /// `V`: no value
    Void,
    /// `x`
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The number, if it is an integer of any width. Timestamps are not.
    pub fn as_integer(self) -> Option<i64> {
        match self {
            Value::ShortShortInt(value) => Some(value.into()),
            Value::ShortShortUint(value) => Some(value.into()),
            Value::ShortInt(value) => Some(value.into()),
            Value::ShortUint(value) => Some(value.into()),
            Value::LongInt(value) => Some(value.into()),
            Value::LongUint(value) => Some(value.into()),
            Value::LongLongInt(value) => Some(value),
            _ => None,
        }
    }

    /// The type's name as RabbitMQ's error texts have it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Value::Boolean(_) => "bool",
            Value::ShortShortInt(_) => "byte",
            Value::ShortShortUint(_) => "unsignedbyte",
            Value::ShortInt(_) => "short",
            Value::ShortUint(_) => "unsignedshort",
            Value::LongInt(_) => "signedint",
            Value::LongUint(_) => "unsignedint",
            Value::LongLongInt(_) => "long",
            Value::Float(_) => "float",
            Value::Double(_) => "double",
            Value::Decimal { .. } => "decimal",
            Value::LongString(_) => "longstr",
            Value::Array(_) => "array",
            Value::Timestamp(_) => "timestamp",
            Value::Table(_) => "table",
            Value::Void => "void",
            Value::Bytes(_) => "binary",
        }
    }

    /// The text, if it is a long string in UTF-8.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::LongString(value) => str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// The truth, if it is a boolean.
    pub fn as_boolean(self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(value),
            _ => None,
        }
    }
}

impl<'a> Reader<'a> {
    /// A type and a value. What is nested in the value is not checked.
    pub(super) fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
        Ok(match self.octet()? {
            b't' => Value::Boolean(self.octet()? != 0),
            b'b' => Value::ShortShortInt(i8::from_be_bytes(self.array()?)),
            b'B' => Value::ShortShortUint(self.octet()?),
            b's' => Value::ShortInt(i16::from_be_bytes(self.array()?)),
            b'u' => Value::ShortUint(self.short()?),
            b'I' => Value::LongInt(i32::from_be_bytes(self.array()?)),
            b'i' => Value::LongUint(self.long()?),
            b'l' | b'L' => Value::LongLongInt(i64::from_be_bytes(self.array()?)),
            b'f' => Value::Float(f32::from_be_bytes(self.array()?)),
            b'd' => Value::Double(f64::from_be_bytes(self.array()?)),
            b'D' => Value::Decimal { scale: self.octet()?, value: self.long()? },
            b'S' => Value::LongString(self.long_string()?),
            b'A' => Value::Array(Array::from_valid(self.long_string()?)),
            b'T' => Value::Timestamp(self.long_long()?),
            b'F' => Value::Table(Table::from_valid(self.long_string()?)),
            b'V' => Value::Void,
            b'x' => Value::Bytes(self.long_string()?),
            unknown => return Err(SyntaxError::UnknownFieldType(unknown)),
        })
    }
}

impl Writer<'_> {
    /// A type and a value.
    pub(super) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Boolean(value) => self.bytes(&[b't', u8::from(value)]),
            Value::ShortShortInt(value) => self.typed(b'b', value.to_be_bytes()),
            Value::ShortShortUint(value) => self.typed(b'B', value.to_be_bytes()),
            Value::ShortInt(value) => self.typed(b's', value.to_be_bytes()),
            Value::ShortUint(value) => self.typed(b'u', value.to_be_bytes()),
            Value::LongInt(value) => self.typed(b'I', value.to_be_bytes()),
            Value::LongUint(value) => self.typed(b'i', value.to_be_bytes()),
            Value::LongLongInt(value) => self.typed(b'l', value.to_be_bytes()),
            Value::Float(value) => self.typed(b'f', value.to_be_bytes()),
            Value::Double(value) => self.typed(b'd', value.to_be_bytes()),
            Value::Decimal { scale, value } => {
                self.typed(b'D', scale.to_be_bytes());
                self.long(value);
            }
            Value::LongString(value) => self.typed_string(b'S', value),
            Value::Array(array) => self.typed_string(b'A', array.as_bytes()),
            Value::Timestamp(value) => self.typed(b'T', value.to_be_bytes()),
            Value::Table(table) => self.typed_string(b'F', table.as_bytes()),
            Value::Void => self.octet(b'V'),
            Value::Bytes(value) => self.typed_string(b'x', value),
        }
    }

    fn typed<const N: usize>(&mut self, kind: u8, value: [u8; N]) {
        self.octet(kind);
        self.bytes(&value);
    }

    fn typed_string(&mut self, kind: u8, value: &[u8]) {
        self.octet(kind);
        self.long_string(value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::table_builder::{ArrayBuilder, TableBuilder};
    use super::*;

    fn parsed(bytes: &[u8]) -> Result<Value<'_>, SyntaxError> {
        let mut reader = Reader::new(bytes);
        let value = reader.value()?;
        reader.finish()?;
        Ok(value)
    }

    #[test]
    fn every_type_has_its_letter() {
        let array = ArrayBuilder::new().push(Value::Void).clone();
        let table = TableBuilder::new().insert("n", Value::Void).clone();
        let values: [(&[u8], Value<'_>); 17] = [
            (b"t\x01", Value::Boolean(true)),
            (b"b\xFF", Value::ShortShortInt(-1)),
            (b"B\xFF", Value::ShortShortUint(255)),
            (b"s\xFF\xFE", Value::ShortInt(-2)),
            (b"u\xFF\xFE", Value::ShortUint(65534)),
            (b"I\xFF\xFF\xFF\xFD", Value::LongInt(-3)),
            (b"i\xFF\xFF\xFF\xFD", Value::LongUint(4_294_967_293)),
            (b"l\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC", Value::LongLongInt(-4)),
            (b"f\x3F\x80\0\0", Value::Float(1.0)),
            (b"d\x3F\xF0\0\0\0\0\0\0", Value::Double(1.0)),
            (b"D\x02\0\0\0\x05", Value::Decimal { scale: 2, value: 5 }),
            (b"S\0\0\0\x01x", Value::LongString(b"x")),
            (b"A\0\0\0\x01V", Value::Array(array.as_array())),
            (b"T\0\0\0\0\0\0\0\x09", Value::Timestamp(9)),
            (b"F\0\0\0\x03\x01nV", Value::Table(table.as_table())),
            (b"V", Value::Void),
            (b"x\0\0\0\x01\0", Value::Bytes(b"\0")),
        ];
        for (bytes, value) in values {
            assert_eq!(parsed(bytes), Ok(value));
            let mut out = Vec::new();
            Writer::new(&mut out).value(value);
            assert_eq!(out, bytes, "{value:?}");
        }
    }

    #[test]
    fn letters_are_read_as_rabbitmq_reads_them() {
        assert_eq!(parsed(b"L\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), Ok(Value::LongLongInt(-1)));
        assert_eq!(parsed(b"t\x07"), Ok(Value::Boolean(true)));
        assert_eq!(parsed(b"U\0\x01"), Err(SyntaxError::UnknownFieldType(b'U')));
        assert_eq!(SyntaxError::UnknownFieldType(b'U').reply_code().code(), 502);
    }

    #[test]
    fn values_are_asked_for_by_what_they_mean() {
        assert_eq!(Value::ShortShortInt(-1).as_integer(), Some(-1));
        assert_eq!(Value::LongUint(u32::MAX).as_integer(), Some(4_294_967_295));
        assert_eq!(Value::Timestamp(1).as_integer(), None);
        assert_eq!(Value::LongString(b"dlx").as_str(), Some("dlx"));
        assert_eq!(Value::LongString(b"\xFF").as_str(), None);
        assert_eq!(Value::Bytes(b"dlx").as_str(), None);
        assert_eq!(Value::Boolean(false).as_boolean(), Some(false));
        assert_eq!(Value::ShortShortUint(1).as_boolean(), None);
    }
}
