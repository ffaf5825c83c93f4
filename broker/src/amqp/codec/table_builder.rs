//! Writing field tables and arrays. Entries stay in the order in which they were given; nothing is looked for or
//! replaced.

use super::table::{Array, Table};
use super::value::Value;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_neither_sorted_nor_replaced() {
        let mut table = TableBuilder::new();
        table.insert("b", Value::Void).insert("a", Value::Boolean(true)).insert("b", Value::ShortInt(1));
        assert_eq!(table.as_table().as_bytes(), b"\x01bV\x01at\x01\x01bs\0\x01");
        assert_eq!(Table::parse(table.as_table().as_bytes()), Ok(table.as_table()));
    }

    #[test]
    fn tables_and_arrays_nest() {
        let mut routing_keys = ArrayBuilder::new();
        routing_keys.push(Value::LongString(b"jobs"));
        let mut death = TableBuilder::new();
        death
            .insert("count", Value::LongLongInt(1))
            .insert("time", Value::Timestamp(7))
            .insert("routing-keys", Value::Array(routing_keys.as_array()));
        let mut deaths = ArrayBuilder::new();
        deaths.push(Value::Table(death.as_table()));
        let mut headers = TableBuilder::new();
        headers.insert("x-death", Value::Array(deaths.as_array()));

        let headers = Table::parse(headers.as_table().as_bytes()).unwrap();
        let Some(Value::Array(deaths)) = headers.get("x-death") else { panic!("x-death is an array") };
        let Some(Value::Table(death)) = deaths.iter().next() else { panic!("a death is a table") };
        assert_eq!(death.get("time"), Some(Value::Timestamp(7)));
        let Some(Value::Array(keys)) = death.get("routing-keys") else { panic!("routing keys are an array") };
        assert_eq!(keys.iter().collect::<Vec<_>>(), [Value::LongString(b"jobs")]);
    }
}
