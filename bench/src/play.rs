//! Plays a scenario on real TCP and the real clock.
//!
//! All nodes are groups of tasks in this process, on loopback: what is measured is the architectures' own work and
//! waiting, with hardly any network in between.

use std::io;

use handoff_scenarios::play::{self, PlayError};
use handoff_scenarios::stage::TcpStage;
use handoff_scenarios::{Architecture, Journal, Scenario, arrivals};
use thiserror::Error;

/// Why a scenario could not be played to its end.
#[derive(Debug, Error)]
pub enum RealPlayError {
    /// Tokio could not be started.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] io::Error),
    /// A node could not be started.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Plays `scenario` on one architecture. The same scenario and seed give the same jobs on every architecture, and as in
/// the simulated world; how long things take is up to the machine.
///
/// # Errors
/// If a node cannot be started.
pub fn play(scenario: &Scenario, architecture: Architecture, seed: u64) -> Result<Journal, RealPlayError> {
    let jobs = arrivals::draw(scenario, seed);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let journal = tokio.block_on(play::play(&TcpStage::new(), scenario, &jobs, architecture))?;
    Ok(journal)
}
