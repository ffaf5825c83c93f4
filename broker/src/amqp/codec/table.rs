//! Field tables: typed names and values, as arguments, headers and capabilities carry them (AMQP 0-9-1, 4.2.5.5).
//!
//! A [`Table`] is bytes that were checked once and are read in place; whoever forwards it forwards those bytes.

use std::fmt;

use super::value::Value;
use super::wire::{Reader, SyntaxError, Writer};

/// How deep tables and arrays may be nested, the outermost table included.
pub const MAX_TABLE_DEPTH: usize = 32;

/// A field table, borrowed and known to be well-formed. Entries keep their order; a name may occur twice.
/// Tables are equal when their bytes are.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Table<'a> {
    bytes: &'a [u8],
}

/// An array of values without names, borrowed and known to be well-formed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Array<'a> {
    bytes: &'a [u8],
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
    pub(crate) const fn from_valid(bytes: &'a [u8]) -> Table<'a> {
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

    /// The bytes of the entries for which `keeps` says so of their names, in their order.
    pub(crate) fn filtered(self, keeps: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let kept = self.entries().filter(|entry| keeps(entry.name)).map(|entry| entry.bytes);
        kept.collect::<Vec<_>>().concat()
    }

    /// The bytes of the entries in the order of their names: equal for tables that differ only in their order.
    pub(crate) fn sorted(self) -> Vec<u8> {
        let mut entries: Vec<Entry<'_>> = self.entries().collect();
        entries.sort_by_key(|entry| entry.name);
        entries.into_iter().map(|entry| entry.bytes).collect::<Vec<_>>().concat()
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

impl Value<'_> {
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
}

impl Writer<'_> {
    /// A table with its length.
    pub(super) fn table(&mut self, table: Table<'_>) {
        self.long_string(table.bytes);
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

#[cfg(test)]
mod tests {
    use super::super::table_builder::{ArrayBuilder, TableBuilder};
    use super::*;

    /// A table that is `depth` tables deep.
    fn nested_tables(depth: usize) -> Vec<u8> {
        let mut inner = Vec::new();
        for _ in 1..depth {
            let mut outer = b"\x01kF".to_vec();
            outer.extend_from_slice(&u32::try_from(inner.len()).unwrap().to_be_bytes());
            outer.append(&mut inner);
            inner = outer;
        }
        inner
    }

    /// A table with an array in it, `depth` deep together.
    fn nested_arrays(depth: usize) -> Vec<u8> {
        let mut array = ArrayBuilder::new();
        for _ in 2..depth {
            let mut outer = ArrayBuilder::new();
            outer.push(Value::Array(array.as_array()));
            array = outer;
        }
        TableBuilder::new().insert("a", Value::Array(array.as_array())).as_table().as_bytes().to_vec()
    }

    #[test]
    fn entries_keep_their_order_and_repeat() {
        let bytes = b"\x01zt\x01\x01aS\0\0\0\x02hi\x01zV";
        let table = Table::parse(bytes).unwrap();
        let entries: Vec<_> = table.iter().collect();
        let expected =
            [(&b"z"[..], Value::Boolean(true)), (&b"a"[..], Value::LongString(b"hi")), (&b"z"[..], Value::Void)];
        assert_eq!(entries, expected);
        assert_eq!(table.get("z"), Some(Value::Boolean(true)), "the first one counts");
        assert_eq!(table.get("missing"), None);
        assert_eq!(table.as_bytes(), bytes);
        assert_eq!(format!("{table:?}"), r#"{"z": Boolean(true), "a": LongString([104, 105]), "z": Void}"#);
    }

    #[test]
    fn nesting_is_bounded() {
        for nested in [nested_tables, nested_arrays] {
            assert!(Table::parse(&nested(MAX_TABLE_DEPTH)).is_ok());
            assert_eq!(Table::parse(&nested(MAX_TABLE_DEPTH + 1)), Err(SyntaxError::TooDeep));
            assert_eq!(Table::parse(&nested(1000)), Err(SyntaxError::TooDeep));
            assert_eq!(Table::parse(&nested(100_000 / 7)), Err(SyntaxError::TooDeep));
        }
    }

    #[test]
    fn a_table_cut_anywhere_inside_an_entry_is_an_error() {
        let whole = b"\x04nameF\0\0\0\x0B\x01aA\0\0\0\x04s\0\x01V";
        assert!(Table::parse(whole).is_ok());
        for length in 1..whole.len() {
            assert_eq!(Table::parse(&whole[..length]), Err(SyntaxError::Truncated), "{length} bytes");
        }
    }

    #[test]
    fn lengths_of_nested_values_are_checked() {
        let array_longer_than_its_table = b"\x01tF\0\0\0\x07\x01aA\0\0\0\x01V";
        assert_eq!(Table::parse(array_longer_than_its_table), Err(SyntaxError::Truncated));
        let value_cut_by_its_array = b"\x01aA\0\0\0\x02s\0\x01tV";
        assert_eq!(Table::parse(value_cut_by_its_array), Err(SyntaxError::Truncated));
        assert_eq!(Table::parse(b"\x01aA\0\0\0\x01U"), Err(SyntaxError::UnknownFieldType(b'U')));
    }
}
