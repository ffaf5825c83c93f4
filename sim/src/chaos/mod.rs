//! Chaos: plays fault plans in the deterministic world and has the histories judged.
//!
//! A run has three parts. **Chaos**: the workload runs under its faults. **Heal**: faults stop, partitions mend, nodes
//! restart. **Drain**: within a bounded simulated time, everything that was promised for "eventually" must have come
//! true. [`play`] runs one plan, [`replay`] one that was written down, and [`shrink`] makes a failing one small.

mod client;
mod consumer;
mod director;
mod drain;
mod host;
mod injected;
mod injection;
mod matrix;
mod moments;
mod nodes;
mod play;
mod producer;
mod run;
mod scene;
mod shrink;
mod silence;
mod sometimes;
mod stranger;
mod sweep;
mod workload;

pub use injected::{Change, Injected};
pub use matrix::{DefectResult, catch, defects};
pub use play::{PlayOptions, play};
pub use run::{Failure, Run};
pub use shrink::{Shrunk, shrink};
pub use sometimes::{Sightings, Sometimes};
pub use sweep::{FaultTally, Found, Progress, Shard, Sweep, SweepOptions, sweep};
