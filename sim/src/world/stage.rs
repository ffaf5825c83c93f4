//! The simulated stage: nodes by name, and the faults that can be done to them.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_scenarios::Stage;

use super::clock::Sleep;
use super::kernel::Kernel;
use super::lock;
use super::node::Death;
use super::random::derived_seed;
use super::runtime::SimulatedRuntime;
use super::trace::Event;

/// The name under which what the stage itself says stands in the trace.
pub(super) const STAGE: &str = "stage";

/// The hand of whoever directs a world. Cheap to clone; clones are the same stage.
#[derive(Clone)]
pub struct SimulatedStage {
    pub(super) kernel: Arc<Kernel>,
}

impl SimulatedStage {
    pub(super) fn new(kernel: Arc<Kernel>) -> Self {
        SimulatedStage { kernel }
    }

    /// The time now, the same on all nodes.
    pub fn now(&self) -> Timestamp {
        self.kernel.clock.now()
    }

    /// Completes at `deadline`, or at once if that has passed.
    pub fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.kernel.clock.sleep_until(deadline)
    }

    /// Completes `duration` from now.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.kernel.clock.sleep(duration)
    }

    /// A seed for a generator of one's own, derived from the world's seed. Different labels give independent seeds.
    pub fn random_seed(&self, label: &str) -> u64 {
        derived_seed(self.kernel.seed, label)
    }

    /// Adds a line to the world's trace.
    pub fn note(&self, text: impl Display) {
        self.kernel.record(STAGE, &Event::Note { text: &text.to_string() });
    }

    /// Ends every task of the node called `name`; its peers see `death`. No error if it does not run.
    pub fn kill(&self, name: &str, death: Death) {
        self.kernel.crash(name, death);
    }

    /// Cuts the two nodes off from each other until they are healed. What is in flight between them, the end of a
    /// stream and a reset included, waits; connecting waits too. Nodes are cut off over all of their lives.
    pub fn partition(&self, first: &str, second: &str) {
        self.kernel.partition(first, second);
        self.kernel.partition(second, first);
    }

    /// As [`partition`](Self::partition), but only for what is sent from `from` to `to`.
    pub fn partition_one_way(&self, from: &str, to: &str) {
        self.kernel.partition(from, to);
    }

    /// Ends a partition between the two nodes, in both directions. What it held arrives after one more delay.
    pub fn heal(&self, first: &str, second: &str) {
        self.kernel.heal(first, second);
        self.kernel.heal(second, first);
    }
}

impl Stage for SimulatedStage {
    type Runtime = SimulatedRuntime;

    fn node(&self, name: &str) -> SimulatedRuntime {
        SimulatedRuntime::new(self.kernel.clone(), self.kernel.start(name))
    }

    /// The node's own address and port 0.
    fn listen_address(&self, name: &str) -> SocketAddr {
        SocketAddr::from((lock(&self.kernel.network).node(name).ip, 0))
    }

    fn crash(&self, name: &str) {
        self.kill(name, Death::Eof);
    }

    fn silence(&self, name: &str) -> bool {
        self.kill(name, Death::Silence);
        true
    }

    fn pause(&self, name: &str) -> bool {
        self.kernel.set_paused(name, true)
    }

    fn resume(&self, name: &str) {
        self.kernel.set_paused(name, false);
    }
}
