//! Which faults may strike, and those that a seed draws of them.

use std::fmt;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::host::BROKER;

/// Faults that may strike a world. Each seed draws its own: of every kind from none to as many as are allowed, each at
/// any time [within](Faults::within) the first 100 ms.
#[derive(Clone, Debug)]
pub struct Faults {
    allowed: Vec<Allowed>,
    within: Duration,
}

#[derive(Clone, Debug)]
struct Allowed {
    kind: FaultKind,
    node: String,
    at_most: u32,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    Crash,
    ConnectionReset,
    Partition,
    Pause,
}

/// A fault that a seed has drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    pub node: String,
    pub at: Duration,
    /// How long the node is away. A connection is reset in an instant.
    pub lasts: Duration,
}

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Faults { allowed: Vec::new(), within: Duration::from_millis(100) }
    }

    /// The node's process is killed at most this often, and started again up to 50 ms later. What it wrote to its
    /// sockets before still arrives.
    pub fn crashes(self, node: &str, at_most: u32) -> Self {
        self.allow(FaultKind::Crash, node, at_most)
    }

    /// All connections of the node are reset at most this often. What is on its way is lost.
    pub fn connection_resets(self, node: &str, at_most: u32) -> Self {
        self.allow(FaultKind::ConnectionReset, node, at_most)
    }

    /// The node and the broker cannot reach each other, at most this often, for up to 5 s: longer than two heartbeats,
    /// if the application asks for one of a second.
    pub fn partitions(self, node: &str, at_most: u32) -> Self {
        self.allow(FaultKind::Partition, node, at_most)
    }

    /// The node's tasks stand still at most this often, for up to 5 s, as in a long garbage collection. Its work may
    /// have been given to others when it goes on.
    pub fn pauses(self, node: &str, at_most: u32) -> Self {
        self.allow(FaultKind::Pause, node, at_most)
    }

    /// The broker is killed at most this often, and comes back empty: what was queued is lost, as a broker in memory
    /// loses it.
    pub fn broker_restarts(self, at_most: u32) -> Self {
        self.allow(FaultKind::Crash, BROKER, at_most)
    }

    /// Faults strike within this time from the start. It should be about as long as the work takes.
    pub fn within(self, within: Duration) -> Self {
        Faults { within, ..self }
    }

    fn allow(mut self, kind: FaultKind, node: &str, at_most: u32) -> Self {
        self.allowed.push(Allowed { kind, node: node.to_owned(), at_most });
        self
    }

    /// The nodes that faults may strike.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(|allowed| &*allowed.node)
    }

    /// Those of a seed, in the order in which they were drawn.
    pub(super) fn draw(&self, seed: u64) -> Vec<Fault> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let latest_us = u64::try_from(self.within.as_micros()).unwrap_or(u64::MAX);
        let mut faults = Vec::new();
        for Allowed { kind, node, at_most } in &self.allowed {
            for _ in 0..random.random_range(0..=*at_most) {
                let at = Duration::from_micros(random.random_range(0..=latest_us));
                let lasts = Duration::from_micros(random.random_range(kind.lasts_us()));
                faults.push(Fault { kind: *kind, node: node.clone(), at, lasts });
            }
        }
        faults
    }
}

impl Default for Faults {
    fn default() -> Self {
        Faults::new()
    }
}

impl FaultKind {
    fn lasts_us(self) -> std::ops::RangeInclusive<u64> {
        match self {
            FaultKind::Crash => 1_000..=50_000,
            FaultKind::ConnectionReset => 0..=0,
            FaultKind::Partition | FaultKind::Pause => 1_000..=5_000_000,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { node, lasts, .. } = self;
        match self.kind {
            FaultKind::Crash => write!(formatter, "{node} is killed, and started again after {lasts:?}"),
            FaultKind::ConnectionReset => write!(formatter, "the connections of {node} are reset"),
            FaultKind::Partition => write!(formatter, "{node} and the broker cannot reach each other for {lasts:?}"),
            FaultKind::Pause => write!(formatter, "{node} stands still for {lasts:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_faults_each_time_and_no_more_than_are_allowed() {
        let faults = Faults::new().crashes("a", 2).pauses("b", 1).within(Duration::from_millis(7));
        let drawn: Vec<Vec<Fault>> = (0..200).map(|seed| faults.draw(seed)).collect();
        assert_eq!(drawn, (0..200).map(|seed| faults.draw(seed)).collect::<Vec<_>>());
        let counts: Vec<usize> = drawn.iter().map(Vec::len).collect();
        assert!((0..=3).all(|count| counts.contains(&count)) && counts.iter().all(|count| *count <= 3));
        for faults in drawn {
            assert!(faults.iter().all(|fault| fault.at <= Duration::from_millis(7)));
        }
    }
}
