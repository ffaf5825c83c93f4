//! What is fuzzed: each entry takes arbitrary bytes and panics if something does not hold that must hold.
//!
//! The fuzz targets (fuzz/) and the plain test next to this folder both call them.

mod connection;
mod frames;
mod table;

pub use connection::connection;
pub use frames::frames;
pub use table::table;
