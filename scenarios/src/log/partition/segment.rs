//! A run of batches that is dropped as a whole. Knows nothing of its neighbours.

use std::time::Duration;

use bytes::Bytes;
use handoff_broker::Timestamp;

use super::{LogOptions, Place};
use crate::log::batch::Batch;

/// A batch with what is needed to find it.
#[derive(Debug)]
struct Entry {
    batch: Batch,
    /// Bytes in the partition before it, from the first ever appended.
    position: u64,
    /// The latest creation time in the segment up to and including this batch; never goes back, so that a search by
    /// time can halve.
    max_timestamp_so_far: i64,
}

/// Batches in the order of their offsets, at least one.
#[derive(Debug)]
pub(super) struct Segment {
    entries: Vec<Entry>,
    bytes: u64,
    end_offset: i64,
    max_timestamp: i64,
    first_appended_at: Timestamp,
    last_appended_at: Timestamp,
}

impl Segment {
    pub(super) fn new(batch: Batch, position: u64, now: Timestamp) -> Self {
        let mut segment = Segment {
            entries: Vec::new(),
            bytes: 0,
            end_offset: 0,
            max_timestamp: i64::MIN,
            first_appended_at: now,
            last_appended_at: now,
        };
        segment.append(batch, position, now);
        segment
    }

    /// Whether `length` more bytes may be appended now.
    pub(super) fn has_room(&self, length: usize, now: Timestamp, options: &LogOptions) -> bool {
        let age = now.since(self.first_appended_at);
        self.bytes + length as u64 <= options.segment_bytes && age <= Duration::from_millis(options.segment_ms)
    }

    pub(super) fn append(&mut self, batch: Batch, position: u64, now: Timestamp) {
        self.bytes += batch.bytes().len() as u64;
        self.end_offset = batch.end_offset();
        self.max_timestamp = self.max_timestamp.max(batch.max_timestamp());
        self.last_appended_at = now;
        self.entries.push(Entry { batch, position, max_timestamp_so_far: self.max_timestamp });
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    pub(super) fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    pub(super) fn last_appended_at(&self) -> Timestamp {
        self.last_appended_at
    }

    /// The position of the batch that holds `offset`.
    pub(super) fn position_of(&self, offset: i64) -> Option<u64> {
        self.entries.get(self.index_of(offset)).map(|entry| entry.position)
    }

    /// The bytes of each batch from the one that holds `offset` on; all, if the segment is after it.
    pub(super) fn batches_from(&self, offset: i64) -> impl Iterator<Item = &Bytes> {
        self.entries[self.index_of(offset)..].iter().map(|entry| entry.batch.bytes())
    }

    /// The first record created at `timestamp_ms` or later.
    pub(super) fn first_since(&self, timestamp_ms: i64) -> Option<Place> {
        let index = self.entries.partition_point(|entry| entry.max_timestamp_so_far < timestamp_ms);
        let batch = &self.entries.get(index)?.batch;
        let mut records = batch.records().map_while(Result::ok);
        let found = records.find(|stored| stored.timestamp_ms >= timestamp_ms);
        let first = Place { offset: batch.base_offset(), timestamp_ms: batch.max_timestamp() };
        Some(found.map_or(first, |stored| Place { offset: stored.offset, timestamp_ms: stored.timestamp_ms }))
    }

    fn index_of(&self, offset: i64) -> usize {
        self.entries.partition_point(|entry| entry.batch.end_offset() <= offset)
    }
}
