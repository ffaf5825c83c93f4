//! The reference broker: producers publish, queues keep order, ready messages are pushed to consumers with credit,
//! acknowledged messages are gone.
//!
//! Five rooms, inside out:
//!
//! - [`core`]: the state machine. No I/O, no clock, no randomness, no async.
//! - [`access`]: users, virtual hosts and permissions.
//! - [`amqp`]: AMQP 0-9-1. Bytes in, core commands and bytes out.
//! - [`runtime`]: the only door to time, tasks and sockets, and its Tokio implementation.
//! - [`server`]: the shell around core and protocol; [`client`]: a small client for the other end.
//!
//! It knows nothing of simulation, scenarios or reports. It keeps messages in memory only: a restart loses them.

pub mod access;
pub mod amqp;
pub mod client;
pub mod core;
pub mod runtime;
pub mod server;
pub mod time;
mod transport;

pub use runtime::{Listener, Runtime, Task, TokioRuntime};
pub use time::Timestamp;
