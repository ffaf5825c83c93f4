//! Frames, methods, field tables and properties, as bytes.
//!
//! What is read borrows from the read buffer, and is checked before it is handed out; what is written is appended to
//! a `Vec<u8>`. Both ends use it: the server's connections and the client. It keeps no state: which frame may follow
//! which is the business of whoever holds the connection.

mod frame;
mod method;
mod properties;
mod reply_code;
mod table;
mod table_builder;
mod value;
mod wire;

pub(crate) use frame::write_frame;
pub use frame::{
    FRAME_END, FRAME_MIN_SIZE, FRAME_OVERHEAD_BYTES, FRAME_START_BYTES, Frame, FrameError, FrameKind, PROTOCOL_HEADER,
    body_payloads, parse_frame, write_body_frame, write_body_frame_start, write_heartbeat,
};
pub use method::{Method, MethodError};
pub use properties::{BASIC_CLASS_ID, ContentHeader, Properties, PropertiesBuilder};
pub use reply_code::ReplyCode;
pub use table::{Array, MAX_TABLE_DEPTH, Table};
pub use table_builder::{ArrayBuilder, TableBuilder};
pub use value::Value;
pub use wire::{SHORT_STRING_MAX_BYTES, SyntaxError};
