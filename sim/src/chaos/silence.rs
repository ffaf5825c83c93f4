//! Which connections the broker hears nothing from, so that it has to find out by heartbeat.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use handoff_broker::core::ConnectionId;

/// Told by faults who falls silent, and by the broker who consumes and whose connection ends.
#[derive(Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Default)]
struct State {
    consumers: BTreeMap<ConnectionId, String>,
    silent: BTreeSet<ConnectionId>,
    found: u64,
}

impl Silence {
    /// A consumer started.
    pub fn consumer_started(&self, connection: ConnectionId, name: &str) {
        self.lock().consumers.insert(connection, name.to_owned());
    }

    /// The broker ended a connection, or was told that it ended.
    pub fn connection_closed(&self, connection: ConnectionId) {
        let mut state = self.lock();
        state.consumers.remove(&connection);
        let found = state.silent.remove(&connection);
        state.found += u64::from(found);
    }

    /// The broker forgot all connections.
    pub fn broker_restarted(&self) {
        let mut state = self.lock();
        state.consumers.clear();
        state.silent.clear();
    }

    /// From now on, nothing comes from the node called `name`.
    pub fn begin(&self, name: &str) {
        let state = &mut *self.lock();
        let of_node = state.consumers.iter().filter(|(_, consumer)| *consumer == name);
        state.silent.extend(of_node.map(|(connection, _)| *connection));
    }

    /// The node called `name` can be heard again, as far as its connections still stand.
    pub fn end(&self, name: &str) {
        let State { consumers, silent, .. } = &mut *self.lock();
        silent.retain(|connection| consumers.get(connection).is_none_or(|consumer| consumer != name));
    }

    /// How many silent connections the broker has ended.
    pub fn found(&self) -> u64 {
        self.lock().found
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
