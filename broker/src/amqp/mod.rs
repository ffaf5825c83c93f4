//! AMQP 0-9-1: bytes in, core commands and bytes out.
//!
//! - [`codec`]: frames, methods, field tables and properties, as bytes.
//! - [`Connection`]: the server's end of one connection, as a state machine.
//! - [`Output`]: the bytes that wait for one client.
//!
//! No sockets and no clock: those are the shell's ([`server`](crate::server)).

mod arguments;
pub mod codec;
mod connection;
mod delivery;
mod description;
mod fault;
mod heartbeat;
mod octets;
mod output;
mod settings;
mod stencil;

pub use arguments::queue_arguments;
pub use connection::Connection;
pub use description::{ClientDescription, ConnectionState};
pub(crate) use heartbeat::Heartbeat;
pub use output::Output;
pub use settings::Settings;
