//! A record batch as it lies in the log: bytes, checked once, and handed out as they are.
//!
//! Format: magic 2 of <https://kafka.apache.org/documentation/#recordbatch>. Only the base offset and the leader epoch
//! are rewritten when a batch is appended; the checksum does not cover them. Compressed batches are kept and handed
//! out, but not looked into. Transactions and idempotent producers are not known here.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::records::{Compression, RecordBatchDecoder};
use thiserror::Error;

use super::record::Record;

/// Where fields are in a batch's header.
mod at {
    pub const LEADER_EPOCH: usize = 12;
    pub const MAGIC: usize = 16;
    pub const LAST_OFFSET_DELTA: usize = 23;
    pub const MAX_TIMESTAMP: usize = 35;
    pub const RECORDS: usize = 61;
}

/// Why bytes are not a batch that can be appended or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// Cut short, or the checksum does not match.
    #[error("corrupt batch")]
    Corrupt,
    /// A message format before magic 2.
    #[error("message format before magic 2")]
    OldFormat,
    /// More or less than one batch, transactional or control records, or records that do not fit its header.
    #[error("invalid records")]
    Invalid,
    /// Its records are compressed, and had to be looked into.
    #[error("compressed batch")]
    Compressed,
}

/// One batch of at least one record.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Bytes,
    base_offset: i64,
    base_timestamp: i64,
    max_timestamp: i64,
    record_count: i32,
    compressed: bool,
}

/// A record found in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its offset in the partition.
    pub offset: i64,
    /// When it was created, by its producer's clock, in milliseconds since the epoch; -1 if it does not say.
    pub timestamp_ms: i64,
    /// The record.
    pub record: Record,
}

impl Batch {
    /// Takes the batch at the front of `bytes`, checks its header and its checksum. Its records are not looked at.
    pub fn take(bytes: &mut Bytes) -> Result<Batch, BatchError> {
        let length = (bytes.get(8..12).ok_or(BatchError::Corrupt)?).get_i32();
        let end = usize::try_from(length).ok().and_then(|length| length.checked_add(12)).ok_or(BatchError::Corrupt)?;
        if end < at::RECORDS || end > bytes.len() {
            return Err(BatchError::Corrupt);
        }
        match bytes[at::MAGIC] {
            2 => Self::check_header(bytes.split_to(end)),
            0 | 1 => Err(BatchError::OldFormat),
            _ => Err(BatchError::Corrupt),
        }
    }

    fn check_header(bytes: Bytes) -> Result<Batch, BatchError> {
        let info = RecordBatchDecoder::decode_batch_info(&mut bytes.clone()).map_err(|_| BatchError::Corrupt)?;
        let [info] = &info[..] else { return Err(BatchError::Corrupt) };
        let last_offset_delta = (&bytes[at::LAST_OFFSET_DELTA..]).get_i32();
        if info.record_count < 1 || last_offset_delta != info.record_count - 1 || info.transactional || info.control {
            return Err(BatchError::Invalid);
        }
        Ok(Batch {
            base_offset: info.min_offset,
            base_timestamp: info.min_timestamp,
            max_timestamp: (&bytes[at::MAX_TIMESTAMP..]).get_i64(),
            record_count: info.record_count,
            compressed: info.compression != Compression::None,
            bytes,
        })
    }

    /// Reads what a producer sent for one partition: exactly one batch, whose records can be read and have dense
    /// offsets.
    pub fn from_producer(mut bytes: Bytes) -> Result<Batch, BatchError> {
        let batch = Batch::take(&mut bytes)?;
        if !bytes.is_empty() {
            return Err(BatchError::Invalid);
        }
        if !batch.compressed {
            batch.records().try_for_each(|record| record.map(|_| ()))?;
        }
        Ok(batch)
    }

    /// A copy with memory of its own, its first record at `base_offset`.
    pub fn placed_at(&self, base_offset: i64) -> Batch {
        let mut bytes = BytesMut::from(&self.bytes[..]);
        bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
        bytes[at::LEADER_EPOCH..at::MAGIC].copy_from_slice(&0_i32.to_be_bytes());
        Batch { bytes: bytes.freeze(), base_offset, ..*self }
    }

    /// The batch as it goes over the wire.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The offset of its first record.
    pub fn base_offset(&self) -> i64 {
        self.base_offset
    }

    /// The offset after its last record.
    pub fn end_offset(&self) -> i64 {
        self.base_offset.saturating_add(self.record_count.into())
    }

    /// The latest creation time of its records, in milliseconds since the epoch, as its producer says.
    pub fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// Whether its records are compressed.
    pub fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// Its records in order. Ends after the first that cannot be read.
    pub fn records(&self) -> impl Iterator<Item = Result<Stored, BatchError>> {
        let mut rest = self.bytes.slice(at::RECORDS..);
        let mut failed = false;
        (0..self.record_count).map_while(move |delta| {
            if failed {
                return None;
            }
            let record = self.read_record(&mut rest, delta, delta + 1 == self.record_count);
            failed = record.is_err();
            Some(record)
        })
    }

    fn read_record(&self, rest: &mut Bytes, delta: i32, is_last: bool) -> Result<Stored, BatchError> {
        if self.compressed {
            return Err(BatchError::Compressed);
        }
        let invalid = BatchError::Invalid;
        let length = usize::try_from(varint(rest).ok_or(invalid)?).map_err(|_| invalid)?;
        let mut body = split(rest, length).ok_or(invalid)?;
        let stored = self.read_body(&mut body, delta).ok_or(invalid)?;
        if body.is_empty() && (rest.is_empty() || !is_last) { Ok(stored) } else { Err(invalid) }
    }

    fn read_body(&self, body: &mut Bytes, delta: i32) -> Option<Stored> {
        let _attributes = body.try_get_u8().ok()?;
        let timestamp_ms = self.base_timestamp.checked_add(varint(body)?)?;
        if varint(body)? != i64::from(delta) {
            return None;
        }
        let (key, value) = (nullable(body)?, nullable(body)?);
        let mut headers = Vec::new();
        for _ in 0..u32::try_from(varint(body)?).ok()? {
            let name = String::from_utf8(nullable(body)??.into()).ok()?;
            headers.push((name, nullable(body)?));
        }
        let offset = self.base_offset.checked_add(delta.into())?;
        Some(Stored { offset, timestamp_ms, record: Record { key, value, headers } })
    }
}

/// A byte string with its length before it; -1 is null. `None` if it cannot be read.
fn nullable(bytes: &mut Bytes) -> Option<Option<Bytes>> {
    match varint(bytes)? {
        -1 => Some(None),
        length => split(bytes, usize::try_from(length).ok()?).map(Some),
    }
}

fn split(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

/// A number of up to 64 bits, seven in a byte, its sign folded in (zigzag).
fn varint(bytes: &mut Bytes) -> Option<i64> {
    let mut folded = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.try_get_u8().ok()?;
        folded |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((folded >> 1) as i64 ^ -((folded & 1) as i64));
        }
    }
    None
}

#[cfg(test)]
mod tests;
