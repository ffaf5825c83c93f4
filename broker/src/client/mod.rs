//! A small AMQP client on any [`Runtime`](crate::Runtime), for the simulated world, the scenarios and the benchmarks.
//!
//! Existing clients start threads of their own and read the real clock, so none runs inside a simulation. This one
//! does what the project needs and no more: connect, channels, declarations, publishing with confirms, consuming,
//! acknowledgements. It does not reconnect, retry or pool. Every error says whether the operation definitely failed
//! or may have happened ([`Certainty`]), because a history that confuses the two proves nothing.
//!
//! One driver task a connection owns the socket; handles write into its output and wait for its answers. Dropping the
//! [`Connection`] closes the socket at once, as the death of a process does.

mod channel;
mod connection;
mod delivery;
mod driver;
mod error;
mod handshake;
mod shared;

pub use channel::{Channel, Confirmation, Consumer, QueueState};
pub use connection::{Connection, ConnectionOptions};
pub use delivery::Delivery;
pub use error::{Certainty, ClientError};
