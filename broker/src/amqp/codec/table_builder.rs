//! Writing field tables and arrays. Entries stay in the order in which they were given; nothing is looked for or
//! replaced.

use super::table::{Array, Table, Value};
use super::wire::Writer;

/// A field table that is being written.
///
/// Nested tables and arrays are built first and then inserted: `Value::Table(inner.as_table())`. Peers of this codec
/// refuse what is nested deeper than [`MAX_TABLE_DEPTH`](super::MAX_TABLE_DEPTH).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableBuilder {
    bytes: Vec<u8>,
}

impl TableBuilder {
    /// An empty table.
    pub fn new() -> TableBuilder {
        TableBuilder::default()
    }

    /// Appends an entry, whether or not the name is there already.
    ///
    /// # Panics
    /// If `name` has more than 255 bytes.
    pub fn insert(&mut self, name: &str, value: Value<'_>) -> &mut TableBuilder {
        let mut writer = Writer::new(&mut self.bytes);
        writer.short_string(name);
        writer.value(value);
        self
    }

    /// What was written so far.
    pub fn as_table(&self) -> Table<'_> {
        Table::from_valid(&self.bytes)
    }
}

/// An array that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrayBuilder {
    bytes: Vec<u8>,
}

impl ArrayBuilder {
    /// An empty array.
    pub fn new() -> ArrayBuilder {
        ArrayBuilder::default()
    }

    /// Appends a value.
    pub fn push(&mut self, value: Value<'_>) -> &mut ArrayBuilder {
        Writer::new(&mut self.bytes).value(value);
        self
    }

    /// What was written so far.
    pub fn as_array(&self) -> Array<'_> {
        Array::from_valid(&self.bytes)
    }
}
