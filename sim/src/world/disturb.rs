//! What can be done to a node that goes on living: it stands still, does not read, loses its connections, or finds its
//! links slower.

use super::delay::Delay;
use super::lock;
use super::node::{Death, Traffic};
use super::stage::SimulatedStage;

impl SimulatedStage {
    /// All tasks of the node called `name` stand still until it is [resumed](Self::resume) or killed, as in a long
    /// garbage collection. Its connections stay. False if it does not run.
    pub fn pause(&self, name: &str) -> bool {
        self.kernel.set_paused(name, true)
    }

    /// Ends a pause. False if the node does not run.
    pub fn resume(&self, name: &str) -> bool {
        self.kernel.set_paused(name, false)
    }

    /// The node called `name` reads nothing from any connection until it [reads again](Self::read_again): what is sent
    /// to it fills its windows. It notices nothing of it, the end of a connection included.
    pub fn stop_reading(&self, name: &str) {
        self.kernel.set_deaf(name, true);
    }

    /// Ends what [`stop_reading`](Self::stop_reading) began.
    pub fn read_again(&self, name: &str) {
        self.kernel.set_deaf(name, false);
    }

    /// Ends all connections of the node called `name` as `death` says, and lets the node live. Its own tasks find them
    /// aborted. The number of connections.
    pub fn cut(&self, name: &str, death: Death) -> usize {
        self.kernel.cut(name, death)
    }

    /// Changes how long segments take from one node to another, on connections that stand too. Those on their way are
    /// not affected. The delay has to be one that [options](super::LinkOptions) can have.
    pub fn set_delay(&self, from: &str, to: &str, delay: &Delay) {
        self.kernel.change_links(from, to, |link| link.delay = delay.clone());
    }

    /// Changes how fast bytes leave one node for another, on connections that stand too; `None`: at once. More than 0.
    pub fn set_bandwidth(&self, from: &str, to: &str, bytes_per_s: Option<u64>) {
        self.kernel.change_links(from, to, |link| link.bandwidth_bytes_per_s = bytes_per_s);
    }

    /// How many segments all nodes have sent so far.
    pub fn segments_sent(&self) -> u64 {
        let network = lock(&self.kernel.network);
        network.nodes.values().map(|node| node.vitals.traffic().segments_sent).sum()
    }

    /// What the connections of the node called `name` have done so far.
    pub fn traffic(&self, name: &str) -> Traffic {
        lock(&self.kernel.network).node(name).vitals.traffic()
    }
}
