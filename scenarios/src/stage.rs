//! Where a scenario is played: named nodes with a runtime each, and the power to crash one.
//!
//! The simulated stage lives in sim/; the one on real TCP is here.

mod tcp;

use std::net::SocketAddr;

pub use tcp::{TcpNode, TcpStage};

use handoff_broker::Runtime;

/// Named nodes on one clock and one network. Cheap to clone; clones are the same stage.
pub trait Stage: Clone + Send + Sync + 'static {
    /// What runs on a node.
    type Runtime: Runtime;

    /// The runtime of the node called `name`, which is created when first named. After a crash this is a new life of
    /// the same node: the old life's runtime must not be used any more.
    fn node(&self, name: &str) -> Self::Runtime;

    /// The address on which the node called `name` is to listen, with a port that is free (or 0).
    /// What others connect to is the listener's own [`local_address`](handoff_broker::Listener::local_address).
    fn listen_address(&self, name: &str) -> SocketAddr;

    /// Ends every task of the node called `name`; its connections close as a killed process' do. No error if it
    /// does not run.
    fn crash(&self, name: &str);

    /// As [`crash`](Stage::crash), but its peers notice nothing of it, except that nothing comes any more. False,
    /// and nothing happens, if this stage cannot do that.
    fn silence(&self, _name: &str) -> bool {
        false
    }

    /// The node called `name` stands still until it is [resumed](Stage::resume). False, and nothing happens, if this
    /// stage cannot do that.
    fn pause(&self, _name: &str) -> bool {
        false
    }

    /// Ends a pause.
    fn resume(&self, _name: &str) {}
}
