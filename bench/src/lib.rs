//! Measuring on the real clock: open-loop load on real TCP, and the statistics of it.
//!
//! What is driven is the scenarios' own code, so that what is measured here is what is simulated there. Simulated and
//! measured times are never compared.
#![allow(clippy::disallowed_methods, reason = "this room measures the real world")]

pub mod audit;
pub mod compare;
pub mod document;
pub mod drive;
pub mod figure;
pub mod latency;
pub mod load;
pub mod machine;
pub mod measured;
pub mod measurement;
pub mod own;
pub mod play;
pub mod process;
pub mod relay;
pub mod stamp;
pub mod statistics;
pub mod suite;
pub mod summary;
pub mod system;
pub mod target;
pub mod workload;
