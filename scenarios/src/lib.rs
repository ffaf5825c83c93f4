//! What is compared: scenarios, their workload, and three architectures that each do the same jobs.
//!
//! A [`Scenario`] says what is asked, which load arrives, what breaks and what is claimed. [`arrivals::draw`] makes one
//! trace of jobs from it and a seed. [`play::play`] sends that trace through one [`Architecture`] on any [`Stage`],
//! simulated or real, and writes a [`Journal`]. An [`Outcome`] is what the journal amounts to, and the scenario's
//! [claims](claim) are judged by it; [guarantees](guarantee) are judged by the [`path`] of each job.
//!
//! Nothing here knows in which world it runs: time, tasks and sockets come from the stage's runtimes.

pub mod architecture;
pub mod arrivals;
pub mod claim;
pub mod distribution;
pub mod document;
pub mod guarantee;
pub mod http;
pub mod job;
pub mod journal;
pub mod log;
pub mod outcome;
pub mod path;
pub mod play;
pub mod scenario;
pub mod stage;
pub mod subscribers;
pub mod theory;

pub use architecture::Architecture;
pub use job::{Job, Jobs};
pub use journal::Journal;
pub use outcome::Outcome;
pub use scenario::Scenario;
pub use stage::Stage;
pub use subscribers::Subscribers;
