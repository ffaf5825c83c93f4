//! How much memory the messages of a broker hold: each is counted once, from the first queue that takes it until
//! nobody holds it any more, be it a queue, a channel or an effect; and so is each of its places in a queue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What a message takes in each queue that has it, waiting or unacknowledged, and what it may have beside itself there.
const PLACE_BYTES: u64 = 64;

/// Counts bytes. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<AtomicU64>);

/// What one message holds. Given back to the meter, if there is one, when it is dropped.
#[derive(Debug)]
pub(super) struct Footprint {
    bytes: u64,
    meter: OnceLock<Meter>,
}

impl Meter {
    /// How many bytes are held.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Footprint {
    /// A footprint that nobody counts yet.
    pub fn new(bytes: usize) -> Self {
        Footprint { bytes: bytes as u64, meter: OnceLock::new() }
    }

    /// Counts it, unless it is counted already.
    pub fn count(&self, meter: &Meter) {
        self.meter.get_or_init(|| {
            meter.0.fetch_add(self.bytes, Ordering::Relaxed);
            meter.clone()
        });
    }
}

impl Footprint {
    /// One more queue has it.
    pub fn add_place(&self) {
        if let Some(meter) = self.meter.get() {
            meter.0.fetch_add(PLACE_BYTES, Ordering::Relaxed);
        }
    }

    /// One queue less has it.
    pub fn remove_place(&self) {
        if let Some(meter) = self.meter.get() {
            meter.0.fetch_sub(PLACE_BYTES, Ordering::Relaxed);
        }
    }
}

impl Drop for Footprint {
    fn drop(&mut self) {
        if let Some(meter) = self.meter.get() {
            meter.0.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_given_back_once() {
        let meter = Meter::default();
        let footprint = Footprint::new(100);
        assert_eq!(meter.bytes(), 0, "nobody holds it yet");
        footprint.count(&meter);
        footprint.count(&meter);
        assert_eq!(meter.bytes(), 100);
        drop(footprint);
        assert_eq!(meter.bytes(), 0);
        drop(Footprint::new(7));
        assert_eq!(meter.bytes(), 0);
    }
}
