//! Running a world from its first instant to its last.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use handoff_broker::Timestamp;
use tokio::sync::mpsc;

use super::clock::{Clock, idle};
use super::error::WorldError;
use super::kernel::{Kernel, guard, panic_message};
use super::network::Network;
use super::options::WorldOptions;
use super::stage::{STAGE, SimulatedStage};
use super::trace::Trace;

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// What the future returned, or why it did not.
    pub value: Result<T, WorldError>,
    /// The hash of the whole trace. Runs with equal hashes did the same things at the same times.
    pub hash: u64,
    /// The number of events in the trace.
    pub events: u64,
    /// The trace as text, a line an event; empty unless it was asked for.
    pub trace: Vec<String>,
    /// How much simulated time passed.
    pub elapsed: Duration,
}

/// Plays `play` on a new world, until its future ends. Tasks that still run then are dropped.
///
/// The options, the seed among them, determine everything that happens, provided that what is played takes time,
/// randomness and tasks from the world alone. A deadlock, a panic in any task and the time limit end the run with an
/// error. It runs on a thread of its own, since the order of a `HashMap` is reproducible only on a fresh one.
pub fn run<T, Play, Played>(options: WorldOptions, play: Play) -> Outcome<T>
where
    T: Send + 'static,
    Play: FnOnce(SimulatedStage) -> Played + Send + 'static,
    Played: Future<Output = T> + 'static,
{
    let (clock, trace) = (Clock::new(), Trace::new(options.keep_trace));
    let thread = thread::Builder::new().name("world".into()).spawn({
        let (clock, trace) = (clock.clone(), trace.clone());
        move || simulate(options, clock, trace, play)
    });
    let value = match thread.map(thread::JoinHandle::join) {
        Ok(Ok(value)) => value,
        // A task's panic is caught where it happens, so this one is of no node.
        Ok(Err(panic)) => {
            Err(WorldError::Panicked { node: "world".into(), at: clock.now(), message: panic_message(&*panic) })
        }
        Err(error) => Err(WorldError::Thread(error.kind())),
    };
    let (hash, events, lines) = trace.take();
    Outcome { value, hash, events, trace: lines, elapsed: clock.now().since(Timestamp::EPOCH) }
}

fn simulate<T, Play, Played>(options: WorldOptions, clock: Clock, trace: Trace, play: Play) -> Result<T, WorldError>
where
    T: 'static,
    Play: FnOnce(SimulatedStage) -> Played + 'static,
    Played: Future<Output = T> + 'static,
{
    options.network.check()?;
    let madsim = madsim::runtime::Runtime::with_seed_and_config(options.seed, madsim::Config::default());
    let (failures, mut failed) = mpsc::unbounded_channel();
    let kernel = Arc::new(Kernel {
        seed: options.seed,
        clock,
        trace,
        network: Mutex::new(Network::new(options.network)),
        scheduler: madsim.handle().clone(),
        failures,
    });
    let limit = Timestamp::EPOCH + options.time_limit;
    madsim.block_on(async {
        let stage = SimulatedStage::new(kernel.clone());
        let played = async move { play(stage).await };
        let mut played = madsim::task::spawn_local(guard(kernel.clone(), STAGE.into(), played));
        let value = tokio::select! {
            biased;
            Some(failure) = failed.recv() => Err(failure),
            Ok(Some(value)) = &mut played => Ok(value),
            end = kernel.clock.run(limit) => Err(end),
        };
        kernel.trace.seal();
        // Tasks hold streams, streams hold wakers, wakers hold tasks: unless all are dropped, the world is never freed.
        played.abort();
        kernel.shut_down();
        idle().await;
        value
    })
}
