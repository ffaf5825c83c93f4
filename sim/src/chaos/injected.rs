//! What the faults of a run changed: a fault that changed nothing proves nothing.

use std::ops::AddAssign;

use serde::Serialize;

use super::scene::ClientState;

/// What became of one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injected {
    /// Its place among the plan's faults.
    pub fault: usize,
    /// Its kind.
    pub kind: &'static str,
    /// The node it happened to.
    pub node: String,
    /// When, in microseconds from the start; `None` if its moment never came.
    pub at_us: Option<u64>,
    /// What it changed.
    pub changed: Change,
}

/// What faults changed, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Connections that ended by it.
    pub connections_cut: u64,
    /// Deliveries that a consumer had, and whose answer the broker now will not get, or later.
    pub deliveries_orphaned: u64,
    /// Publishes whose confirm the producer now will not get, or later.
    pub publishes_unconfirmed: u64,
    /// Messages that the broker lost with its memory.
    pub messages_forgotten: u64,
    /// Segments that a node sent, or was sent, while they were held or slowed down.
    pub segments_delayed: u64,
    /// Deliveries that a consumer worked on later than it would have.
    pub deliveries_delayed: u64,
    /// Publishes that a producer sent later than it would have.
    pub publishes_delayed: u64,
    /// Strangers that the broker turned away.
    pub strangers_refused: u64,
}

impl Injected {
    /// Whether it changed nothing.
    pub fn is_inert(&self) -> bool {
        self.changed == Change::default()
    }
}

impl Change {
    /// The end of all that a client has going on.
    pub(super) fn of_client(client: &ClientState) -> Self {
        Change {
            connections_cut: client.connections,
            deliveries_orphaned: client.in_hand,
            publishes_unconfirmed: client.unconfirmed,
            ..Change::default()
        }
    }
}

impl AddAssign for Change {
    fn add_assign(&mut self, other: Change) {
        self.connections_cut += other.connections_cut;
        self.deliveries_orphaned += other.deliveries_orphaned;
        self.publishes_unconfirmed += other.publishes_unconfirmed;
        self.messages_forgotten += other.messages_forgotten;
        self.segments_delayed += other.segments_delayed;
        self.deliveries_delayed += other.deliveries_delayed;
        self.publishes_delayed += other.publishes_delayed;
        self.strangers_refused += other.strangers_refused;
    }
}
