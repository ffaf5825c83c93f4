//! The deterministic world: nodes, a clock and a network in which the seed alone decides what happens.
//!
//! [`run`] plays a future on a [`SimulatedStage`]; what runs on its nodes uses [`SimulatedRuntime`], the simulated
//! counterpart of [`TokioRuntime`](handoff_broker::TokioRuntime). Everything that happens on the network, and every
//! note, goes into one trace, and equal hashes mean equal traces.
//!
//! This is the only place that names madsim, and it uses three things of it: its scheduler, which picks randomly among
//! the tasks that are ready; its nodes, which drop all their tasks when killed; and its clock, but only to learn that
//! no task is ready (see clock.rs). The network is our own, because madsim's departs from TCP where it matters here:
//! no backpressure, no half-close, no reset, no latency on connect.
//!
//! It does not decide which faults happen and does not judge what happened.

mod clock;
mod connect;
mod connection;
mod delay;
mod disturb;
mod error;
mod kernel;
mod link;
mod listener;
mod network;
mod node;
mod options;
mod random;
mod run;
mod runtime;
mod stage;
mod stream;
mod trace;
mod waiter;

pub use clock::Sleep;
pub use delay::Delay;
pub use error::{OptionsError, WorldError};
pub use listener::SimulatedListener;
pub use node::{Death, Traffic};
pub use options::{LinkOptions, NetworkOptions, WorldOptions};
pub(crate) use random::generator;
pub use run::{Outcome, run};
pub use runtime::SimulatedRuntime;
pub use stage::SimulatedStage;
pub use stream::SimulatedStream;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex of the world, which has one thread: it is never contended, and a panic inside one of its tasks ends
/// the whole world, so that poisoning says nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
