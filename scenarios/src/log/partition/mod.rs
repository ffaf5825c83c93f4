//! One partition: an append-only log of record batches. No I/O and no clock: whoever appends says what time it is.
//!
//! ```text
//!    start offset                                              end offset
//!         |                                                         |
//!     [ segment: batch batch batch ][ segment: batch batch ][ batch   <- appends go to the last segment
//!         ^ retention drops whole segments, the oldest first
//! ```
//!
//! Reading does not remove anything: that is retention's work alone. There is one replica, so what is appended is
//! committed: the high watermark is the end offset.

mod segment;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use handoff_broker::Timestamp;
use thiserror::Error;

use super::batch::Batch;
use segment::Segment;

/// How a partition keeps and drops its records. The names and their meaning are Kafka's; the defaults are smaller,
/// since Kafka's log is on disk and this one is in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// How long a record is kept at least, by the time it was appended. `None` is for ever.
    pub retention_ms: Option<u64>,
    /// How many bytes of the newest records are kept at least, whatever their age. `None` is all.
    pub retention_bytes: Option<u64>,
    /// The most bytes in a segment, unless one batch alone is larger.
    pub segment_bytes: u64,
    /// The most time between the first and the last append to a segment.
    pub segment_ms: u64,
}

impl Default for LogOptions {
    /// Seven days, 256 MiB, in segments of 16 MiB or seven days.
    fn default() -> Self {
        const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;
        LogOptions {
            retention_ms: Some(WEEK_MS),
            retention_bytes: Some(256 << 20),
            segment_bytes: 16 << 20,
            segment_ms: WEEK_MS,
        }
    }
}

/// The offset asked for is not in the log: before its start, since retention dropped it, or after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("offset {offset} is not between {start} and {end}")]
pub struct OutOfRange {
    /// What was asked for.
    pub offset: i64,
    /// The log's start offset.
    pub start: i64,
    /// The log's end offset.
    pub end: i64,
}

/// A record's offset and creation time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The offset.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp_ms: i64,
}

/// An append-only log of record batches.
#[derive(Debug, Default)]
pub struct Partition {
    /// Oldest first; only the last is appended to.
    segments: VecDeque<Segment>,
    start_offset: i64,
    end_offset: i64,
    /// Bytes ever appended: the position of the next batch.
    end_position: u64,
    /// Bytes ever dropped: the position of the first batch.
    start_position: u64,
}

impl Partition {
    /// The offset of the oldest record that is still there; the end offset if none is.
    pub fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset that the next record gets.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// The bytes of all batches that are kept.
    pub fn bytes(&self) -> u64 {
        self.end_position - self.start_position
    }

    /// Appends `batch` and returns the offset of its first record. Amortized O(1).
    pub fn append(&mut self, batch: &Batch, now: Timestamp, options: &LogOptions) -> i64 {
        let base_offset = self.end_offset;
        let batch = batch.placed_at(base_offset);
        self.end_offset = batch.end_offset();
        let position = self.end_position;
        self.end_position += batch.bytes().len() as u64;
        match self.segments.back_mut() {
            Some(last) if last.has_room(batch.bytes().len(), now, options) => last.append(batch, position, now),
            _ => self.segments.push_back(Segment::new(batch, position, now)),
        }
        base_offset
    }

    /// Whole batches from the one that holds `offset` on, as many as fit into `max_bytes`; nothing at the end of the
    /// log. With `at_least_one`, the first batch is read even if it is larger. O(log n) to find the first.
    pub fn read(&self, offset: i64, max_bytes: usize, at_least_one: bool) -> Result<Bytes, OutOfRange> {
        let mut batches = self.batches_from(offset)?.peekable();
        let Some(first) = batches.next_if(|first| at_least_one || first.len() <= max_bytes) else {
            return Ok(Bytes::new());
        };
        let mut length = first.len();
        let fits = |batch: &&Bytes| {
            length += batch.len();
            length <= max_bytes
        };
        let rest: Vec<_> = batches.take_while(fits).collect();
        if rest.is_empty() {
            return Ok(first.clone());
        }
        let mut read = BytesMut::with_capacity(first.len() + rest.iter().map(|batch| batch.len()).sum::<usize>());
        read.extend_from_slice(first);
        rest.into_iter().for_each(|batch| read.extend_from_slice(batch));
        Ok(read.freeze())
    }

    /// How many bytes there are to read from `offset` on. O(log n).
    pub fn available(&self, offset: i64) -> Result<u64, OutOfRange> {
        let index = self.segment_of(offset)?;
        let position = self.segments.get(index).and_then(|segment| segment.position_of(offset));
        Ok(position.map_or(0, |position| self.end_position - position))
    }

    /// The first record created at `timestamp_ms` or later, by its producer's clock; `None` if there is none.
    /// Within a compressed batch, the batch's first record stands for it.
    pub fn first_since(&self, timestamp_ms: i64) -> Option<Place> {
        let segment = self.segments.iter().find(|segment| segment.max_timestamp() >= timestamp_ms)?;
        segment.first_since(timestamp_ms)
    }

    /// The first of the records with the latest creation time; `None` if the log is empty.
    pub fn latest_created(&self) -> Option<Place> {
        self.first_since(self.segments.iter().map(Segment::max_timestamp).max()?)
    }

    /// Drops the oldest segments that neither time nor size keeps. Kafka's rule: by size, the last segment is never
    /// dropped; by time, it is, when its last record is too old.
    pub fn retain(&mut self, now: Timestamp, options: &LogOptions) {
        while let Some(oldest) = self.segments.front() {
            let is_old = options
                .retention_ms
                .is_some_and(|retention_ms| now.since(oldest.last_appended_at()) > Duration::from_millis(retention_ms));
            let is_beyond_size = self.segments.len() > 1
                && options.retention_bytes.is_some_and(|retained| self.bytes() - oldest.bytes() >= retained);
            if !is_old && !is_beyond_size {
                return;
            }
            self.start_position += oldest.bytes();
            self.start_offset = oldest.end_offset();
            self.segments.pop_front();
        }
    }

    fn batches_from(&self, offset: i64) -> Result<impl Iterator<Item = &Bytes>, OutOfRange> {
        let index = self.segment_of(offset)?;
        Ok(self.segments.range(index..).flat_map(move |segment| segment.batches_from(offset)))
    }

    /// The index of the segment that holds `offset`; the number of segments for the end offset.
    fn segment_of(&self, offset: i64) -> Result<usize, OutOfRange> {
        if offset < self.start_offset || offset > self.end_offset {
            return Err(OutOfRange { offset, start: self.start_offset, end: self.end_offset });
        }
        Ok(self.segments.partition_point(|segment| segment.end_offset() <= offset))
    }
}

#[cfg(test)]
mod tests;
