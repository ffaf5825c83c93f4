//! The oracle's writing and parsing, without its combinators.

use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame, parse_frame};
use amq_protocol::types::FieldTable;
use amq_protocol::types::generation::gen_field_table;
use amq_protocol::types::parsing::parse_field_table;

/// The bytes of a frame as the oracle writes it.
pub fn write(frame: &AMQPFrame) -> Vec<u8> {
    let written = gen_frame(frame)(WriteContext::from(Vec::new())).expect("a vector takes every frame");
    written.into_inner().0
}

/// The one frame that the oracle finds in these bytes.
pub fn parse(bytes: &[u8]) -> AMQPFrame {
    let (rest, frame) = parse_frame(bytes).expect("the oracle takes the frame");
    assert!(rest.is_empty(), "the oracle leaves nothing over");
    frame
}

/// A table's bytes, with the length before them, as the oracle writes it.
pub fn write_table(table: &FieldTable) -> Vec<u8> {
    let written = gen_field_table(table)(WriteContext::from(Vec::new())).expect("a vector takes every table");
    written.into_inner().0
}

/// The table that the oracle finds in these bytes, which start with its length.
pub fn parse_table(bytes: &[u8]) -> FieldTable {
    let (rest, table) = parse_field_table(bytes).expect("the oracle takes the table");
    assert!(rest.is_empty(), "the oracle leaves nothing over");
    table
}
