//! Plays a scenario in the deterministic world.
//!
//! What is played is the scenario's own code (handoff-scenarios); here is only what the world has to know for it: the
//! links, the seed and how long it may take.

use std::time::Duration;

use handoff_scenarios::architecture::{log, queue, worker};
use handoff_scenarios::distribution::{Distribution, Shape};
use handoff_scenarios::play::PlayError;
use handoff_scenarios::{Architecture, Jobs, Journal, Scenario, arrivals, play};
use thiserror::Error;

use crate::world::{self, Delay, LinkOptions, NetworkOptions, WorldError, WorldOptions};

/// Beyond the load and the drain: setting up, and the quiet at the end.
const MARGIN: Duration = Duration::from_secs(60);

/// A scenario that was played to its end.
#[derive(Clone, Debug)]
pub struct Played {
    /// What happened to each job.
    pub journal: Journal,
    /// The hash of everything that happened in the world: equal hashes are equal runs.
    pub hash: u64,
}

/// Why a scenario could not be played to its end.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The world stopped.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A node could not be started.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Plays `scenario` on one architecture. The same scenario, architecture and seed give the same journal and hash; the
/// same scenario and seed give the same jobs on every architecture.
///
/// # Errors
/// If the world deadlocks, a task panics, or a node cannot be started.
pub fn play(scenario: &Scenario, architecture: Architecture, seed: u64) -> Result<Played, SimulationError> {
    play_jobs(scenario, &arrivals::draw(scenario, seed), architecture, seed)
}

/// As [`play`], with `jobs` of one's own: those that the scenario's load describes are not drawn. Jobs arrive before
/// the load ends.
pub fn play_jobs(
    scenario: &Scenario,
    jobs: &Jobs,
    architecture: Architecture,
    seed: u64,
) -> Result<Played, SimulationError> {
    let options = WorldOptions {
        seed,
        network: network(scenario),
        time_limit: scenario.load.duration() + scenario.drain_limit() + MARGIN,
        keep_trace: false,
    };
    let (scenario, jobs) = (scenario.clone(), jobs.clone());
    let outcome =
        world::run(options, move |stage| async move { play::play(&stage, &scenario, &jobs, architecture).await });
    Ok(Played { journal: outcome.value??, hash: outcome.hash })
}

fn network(scenario: &Scenario) -> NetworkOptions {
    let options = |delay_us| LinkOptions { delay: delay(delay_us), ..LinkOptions::default() };
    let mut network = NetworkOptions { link: options(scenario.network.delay_us()), ..NetworkOptions::default() };
    for link in &scenario.network.links {
        let [ones, others] = link.between.each_ref().map(|end| nodes(end, scenario));
        for (one, other) in ones.iter().flat_map(|one| others.iter().map(move |other| (one, other))) {
            for (from, to) in [(one, other), (other, one)] {
                network.links.insert((from.clone(), to.clone()), options(link.delay_us()));
            }
        }
    }
    network
}

/// The nodes that a link's end stands for.
fn nodes(end: &str, scenario: &Scenario) -> Vec<String> {
    match end {
        "workers" => (1..=scenario.work.workers).map(worker::name).collect(),
        "broker" => vec![queue::BROKER.to_owned(), log::LOG.to_owned()],
        one => vec![one.to_owned()],
    }
}

fn delay(delay_us: Distribution) -> Delay {
    let mean_us = delay_us.mean.round() as u64;
    match (delay_us.shape, delay_us.log_normal()) {
        (Shape::Exponential, _) => Delay::Exponential { mean_us },
        (Shape::LogNormal, Some((mu, sigma))) => Delay::LogNormal { median_us: mu.exp().round() as u64, sigma },
        (Shape::Constant | Shape::LogNormal, _) => Delay::constant(mean_us),
    }
}
