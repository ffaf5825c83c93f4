//! Records that wait to be sent, in batches by partition. No I/O and no clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use handoff_broker::Timestamp;

use super::Sending;

/// The records of one partition for one request.
pub(super) struct PendingBatch {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) records: Vec<Sending>,
    size: usize,
    /// When it is sent even if it is not full.
    lingers_until: Timestamp,
}

/// All records that wait.
pub(super) struct Accumulator {
    batch_bytes: usize,
    linger: Duration,
    /// For each partition its batches in order; only the last is still added to. Never empty.
    batches: BTreeMap<(String, i32), VecDeque<PendingBatch>>,
}

impl Accumulator {
    pub(super) fn new(batch_bytes: usize, linger: Duration) -> Self {
        Accumulator { batch_bytes, linger, batches: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Adds a record to its partition's last batch. True if that closed a batch.
    pub(super) fn add(&mut self, partition: i32, sending: Sending, now: Timestamp) -> bool {
        let (topic, size) = (sending.topic.clone(), sending.record.size());
        let batches = self.batches.entry((topic.clone(), partition)).or_default();
        if let Some(last) = batches.back_mut()
            && last.size + size <= self.batch_bytes
        {
            last.size += size;
            last.records.push(sending);
            return false;
        }
        let lingers_until = now + self.linger;
        batches.push_back(PendingBatch { topic, partition, records: vec![sending], size, lingers_until });
        batches.len() > 1
    }

    /// The earliest instant at which a batch is ready; none if nothing waits.
    pub(super) fn ready_at(&self) -> Option<Timestamp> {
        let ready_at = |batches: &VecDeque<PendingBatch>| match batches.front() {
            Some(front) if batches.len() == 1 && front.size < self.batch_bytes => front.lingers_until,
            _ => Timestamp::EPOCH,
        };
        self.batches.values().map(ready_at).min()
    }

    /// The first batch of each partition where it is full, or has lingered long enough at `now`, together at most
    /// about `max_bytes`.
    pub(super) fn take_ready(&mut self, now: Timestamp, max_bytes: usize) -> Vec<PendingBatch> {
        let mut size = 0;
        let mut ready = Vec::new();
        for batches in self.batches.values_mut() {
            let Some(front) = batches.front() else { continue };
            let is_ready = batches.len() > 1 || front.size >= self.batch_bytes || front.lingers_until <= now;
            if is_ready && (size == 0 || size + front.size <= max_bytes) {
                size += front.size;
                ready.extend(batches.pop_front());
            }
        }
        self.batches.retain(|_, batches| !batches.is_empty());
        ready
    }
}
