//! AMQP 0-9-1: bytes in, core commands and bytes out.
//!
//! - [`codec`]: frames, methods, field tables and properties, as bytes.

pub mod codec;
