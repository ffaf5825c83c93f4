//! Putting load on a target: closed loop or open loop.
//!
//! The same for every target: the same windows, batches and prefetch, the same audit of what arrives. All of it runs on
//! one thread, so that a broker beside it has a core of its own.

mod consuming;
mod load;
mod producing;
mod run;
mod session;
mod ticker;

pub use load::{Limits, Load, Pace};
pub use run::{Figures, run};
