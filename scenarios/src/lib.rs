//! What is compared: scenarios, their workload, and three architectures that each do the same jobs.

pub mod log;
pub mod stage;

pub use stage::Stage;
