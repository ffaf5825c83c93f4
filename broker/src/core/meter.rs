//! How much memory the messages of a broker hold, as [`Placed`](super::message::Placed) messages count it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts bytes. Clones count together. Anybody may look, and only the core that it belongs to changes it: since nobody
/// else has the core at that time, no addition gets lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// How many bytes are held.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// More are.
    pub fn add(&self, bytes: u64) {
        self.0.store(self.bytes() + bytes, Ordering::Relaxed);
    }

    /// Fewer are.
    pub fn remove(&self, bytes: u64) {
        self.0.store(self.bytes() - bytes, Ordering::Relaxed);
    }
}
