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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Semaphore, oneshot};

    use super::*;
    use crate::log::record::Record;

    fn at_ms(milliseconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_millis(milliseconds)
    }

    fn sending(value: &'static str) -> Sending {
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (reply, _) = oneshot::channel();
        let record = Record::keyless(value);
        Sending { topic: "t".to_owned(), partition: None, timestamp_ms: 0, record, reply, permit }
    }

    /// Each batch's partition and values.
    fn contents(batches: Vec<PendingBatch>) -> Vec<(i32, Vec<bytes::Bytes>)> {
        let values = |batch: PendingBatch| batch.records.into_iter().filter_map(|one| one.record.value).collect();
        batches.into_iter().map(|batch| (batch.partition, values(batch))).collect()
    }

    /// Room for two records of one byte.
    fn accumulator() -> Accumulator {
        let size = Record::keyless("x").size();
        Accumulator::new(2 * size, Duration::from_millis(5))
    }

    #[test]
    fn a_batch_lingers_from_its_first_record_on() {
        let mut accumulator = accumulator();
        assert_eq!(accumulator.ready_at(), None);
        accumulator.add(0, sending("a"), at_ms(1));
        assert_eq!(accumulator.ready_at(), Some(at_ms(6)));
        assert!(accumulator.take_ready(at_ms(5), 1_000).is_empty());
        assert_eq!(contents(accumulator.take_ready(at_ms(6), 1_000)), [(0, vec!["a".into()])]);
        assert!(accumulator.is_empty());
    }

    #[test]
    fn a_full_batch_is_ready_at_once_and_the_rest_waits_for_its_turn() {
        let mut accumulator = accumulator();
        assert!(!accumulator.add(0, sending("a"), at_ms(0)));
        assert!(!accumulator.add(0, sending("b"), at_ms(1)));
        assert_eq!(accumulator.ready_at(), Some(Timestamp::EPOCH));
        assert!(accumulator.add(0, sending("c"), at_ms(2)), "the third closes the first batch");
        assert_eq!(contents(accumulator.take_ready(at_ms(2), 1_000)), [(0, vec!["a".into(), "b".into()])]);
        assert_eq!(accumulator.ready_at(), Some(at_ms(7)));
        assert!(accumulator.take_ready(at_ms(6), 1_000).is_empty());
    }

    #[test]
    fn a_request_holds_one_batch_of_each_partition_and_not_too_much() {
        let mut accumulator = accumulator();
        for (partition, value) in [(1, "a"), (0, "b"), (2, "c"), (0, "d"), (0, "e")] {
            accumulator.add(partition, sending(value), at_ms(0));
        }
        let most = 3 * Record::keyless("x").size();
        let first = contents(accumulator.take_ready(at_ms(9), most));
        assert_eq!(first, [(0, vec!["b".into(), "d".into()]), (1, vec!["a".into()])]);
        let second = contents(accumulator.take_ready(at_ms(9), most));
        assert_eq!(second, [(0, vec!["e".into()]), (2, vec!["c".into()])]);
    }
}
