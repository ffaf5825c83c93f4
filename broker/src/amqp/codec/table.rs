//! Field tables: typed names and values, as arguments, headers and capabilities carry them (AMQP 0-9-1, 4.2.5.5).
//!
//! A [`Table`] is bytes that were checked once and are read in place; whoever forwards it forwards those bytes. Types
//! are those that RabbitMQ knows (its "AMQP 0-9-1 errata", field types): `s` is a signed 16-bit integer, `l` and `L`
//! are both signed 64-bit integers, and `U`, which the specification has and RabbitMQ has not, is unknown.

use std::fmt;

use super::wire::{Reader, SyntaxError, Writer};

/// How deep tables and arrays may be nested, the outermost table included.
pub const MAX_TABLE_DEPTH: usize = 32;

/// A field table, borrowed and known to be well-formed. Entries keep their order; a name may occur twice.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Table<'a> {
    bytes: &'a [u8],
}

/// An array of values without names, borrowed and known to be well-formed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Array<'a> {
    bytes: &'a [u8],
}

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

impl<'a> Table<'a> {
    /// Checks a table's bytes, without the length that comes before them on the wire.
    ///
    /// # Errors
    /// A [`SyntaxError`] if an entry is cut off, has an unknown type, or is nested beyond [`MAX_TABLE_DEPTH`].
    pub fn parse(bytes: &'a [u8]) -> Result<Table<'a>, SyntaxError> {
        let table = Table { bytes };
        table.validate(1)?;
        Ok(table)
    }

    /// Takes bytes that were checked or written here.
    pub(super) const fn from_valid(bytes: &'a [u8]) -> Table<'a> {
        Table { bytes }
    }

    /// The bytes as they came, without the length before them.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there is no entry.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The names and values, in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        self.entries().map(|entry| (entry.name, entry.value))
    }

    /// The value of the first entry with this name.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// The entries, each with the bytes it is made of.
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let mut reader = Reader::new(self.bytes);
        std::iter::from_fn(move || {
            let before = reader.rest();
            let (name, value) = reader.entry().ok()?;
            Some(Entry { name, value, bytes: &before[..before.len() - reader.rest().len()] })
        })
    }

    fn validate(self, depth: usize) -> Result<(), SyntaxError> {
        if depth > MAX_TABLE_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
        let mut reader = Reader::new(self.bytes);
        while !reader.rest().is_empty() {
            reader.entry()?.1.validate(depth)?;
        }
        Ok(())
    }
}

/// An entry of a table.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    value: Value<'a>,
    /// Name, type and value as they came.
    pub(super) bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// Takes bytes that were checked or written here.
    pub(super) const fn from_valid(bytes: &'a [u8]) -> Array<'a> {
        Array { bytes }
    }

    /// The bytes as they came, without the length before them.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The values, in their order.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut reader = Reader::new(self.bytes);
        std::iter::from_fn(move || reader.value().ok())
    }

    fn validate(self, depth: usize) -> Result<(), SyntaxError> {
        if depth > MAX_TABLE_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
        let mut reader = Reader::new(self.bytes);
        while !reader.rest().is_empty() {
            reader.value()?.validate(depth)?;
        }
        Ok(())
    }
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

    /// Checks what is nested in a value that stands in a table or array of this depth.
    fn validate(self, depth: usize) -> Result<(), SyntaxError> {
        match self {
            Value::Array(array) => array.validate(depth + 1),
            Value::Table(table) => table.validate(depth + 1),
            _ => Ok(()),
        }
    }
}

impl<'a> Reader<'a> {
    /// A table with its length, checked.
    pub(super) fn table(&mut self) -> Result<Table<'a>, SyntaxError> {
        Table::parse(self.long_string()?)
    }

    /// A name and a value. What is nested in the value is not checked.
    fn entry(&mut self) -> Result<(&'a [u8], Value<'a>), SyntaxError> {
        Ok((self.short_bytes()?, self.value()?))
    }

    /// A type and a value. What is nested in the value is not checked.
    fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
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
            b'A' => Value::Array(Array { bytes: self.long_string()? }),
            b'T' => Value::Timestamp(self.long_long()?),
            b'F' => Value::Table(Table { bytes: self.long_string()? }),
            b'V' => Value::Void,
            b'x' => Value::Bytes(self.long_string()?),
            unknown => return Err(SyntaxError::UnknownFieldType(unknown)),
        })
    }
}

impl Writer<'_> {
    /// A table with its length.
    pub(super) fn table(&mut self, table: Table<'_>) {
        self.long_string(table.bytes);
    }

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
            Value::Array(array) => self.typed_string(b'A', array.bytes),
            Value::Timestamp(value) => self.typed(b'T', value.to_be_bytes()),
            Value::Table(table) => self.typed_string(b'F', table.bytes),
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

impl fmt::Debug for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter().map(|(name, value)| (String::from_utf8_lossy(name), value))).finish()
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}
