//! The log.
pub mod batch;
pub mod partition;
pub mod record;
pub mod wire;
