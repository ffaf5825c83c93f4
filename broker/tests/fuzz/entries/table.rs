//! The field table: read to its last leaf, and written again.

use handoff_broker::amqp::codec::{Array, ArrayBuilder, MAX_TABLE_DEPTH, Table, TableBuilder, Value};

/// The bytes are a table without its length. What is taken is not nested too deep, and means the same when it is
/// written and read again.
pub fn table(bytes: &[u8]) {
    let Ok(table) = Table::parse(bytes) else { return };
    let (again, depth) = rebuilt(table);
    assert!(depth <= MAX_TABLE_DEPTH, "nested {depth} deep");
    // Names need not be UTF-8; the builder takes only those that are.
    let Some(again) = again else { return };
    let again = Table::parse(again.as_table().as_bytes()).expect("what we write can be read");
    assert_eq!(again.as_bytes().len(), bytes.len(), "every entry is there");
    // A type that has two letters is written with one of them, so only the second writing must be the same bytes.
    let (third, _) = rebuilt(again);
    assert_eq!(third.expect("the same names").as_table(), again, "written again");
}

/// The table built again from what is in it, if that can be, and how deep it is nested.
fn rebuilt(table: Table<'_>) -> (Option<TableBuilder>, usize) {
    let (mut builder, mut deepest) = (Some(TableBuilder::new()), 0);
    for (name, value) in table.iter() {
        let depth = with_rebuilt(value, |value| match (&mut builder, std::str::from_utf8(name)) {
            (Some(builder), Ok(name)) => {
                builder.insert(name, value);
            }
            _ => builder = None,
        });
        deepest = deepest.max(depth);
    }
    (builder, deepest + 1)
}

fn rebuilt_array(array: Array<'_>) -> (ArrayBuilder, usize) {
    let (mut builder, mut deepest) = (ArrayBuilder::new(), 0);
    for value in array.iter() {
        let depth = with_rebuilt(value, |value| {
            builder.push(value);
        });
        deepest = deepest.max(depth);
    }
    (builder, deepest + 1)
}

/// Calls `take` with the value, rebuilt if it has values in it; returns how deep they are nested.
fn with_rebuilt(value: Value<'_>, take: impl FnOnce(Value<'_>)) -> usize {
    match value {
        Value::Table(inner) => {
            let (again, depth) = rebuilt(inner);
            match again {
                Some(again) => take(Value::Table(again.as_table())),
                None => take(value),
            }
            depth
        }
        Value::Array(inner) => {
            let (again, depth) = rebuilt_array(inner);
            take(Value::Array(again.as_array()));
            depth
        }
        _ => {
            take(value);
            0
        }
    }
}
