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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::record::encode_batch;

    fn batch(records: &[(i64, Record)]) -> Bytes {
        encode_batch(records).unwrap()
    }

    /// Puts a valid checksum over whatever was changed.
    fn seal(bytes: &mut [u8]) -> Bytes {
        let checksum = crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        Bytes::copy_from_slice(bytes)
    }

    /// CRC-32C, bit by bit.
    fn crc32c(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
        })
    }

    fn any_bytes() -> impl Strategy<Value = Option<Bytes>> {
        prop::option::of(prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from))
    }

    fn any_record() -> impl Strategy<Value = (i64, Record)> {
        let headers = prop::collection::btree_map("[a-z]{0,8}", any_bytes(), 0..4);
        (0..1_i64 << 45, any_bytes(), any_bytes(), headers).prop_map(|(time, key, value, headers)| {
            (time, Record { key, value, headers: headers.into_iter().collect() })
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_at_its_new_place(
            records in prop::collection::vec(any_record(), 1..20),
            base in 0..1_i64 << 60,
        ) {
            let placed = Batch::from_producer(batch(&records)).unwrap().placed_at(base);
            let again = Batch::take(&mut placed.bytes().clone()).unwrap();
            let read: Vec<_> = again.records().collect::<Result<_, _>>().unwrap();
            let expected: Vec<_> = (base..).zip(&records).map(|(offset, (timestamp_ms, record))| {
                Stored { offset, timestamp_ms: *timestamp_ms, record: record.clone() }
            }).collect();
            prop_assert_eq!(read, expected);
            prop_assert_eq!(again.end_offset(), base + records.len() as i64);
            prop_assert_eq!(again.max_timestamp(), records.iter().map(|(time, _)| *time).max().unwrap());
            // the library that wrote it agrees
            let oracle = RecordBatchDecoder::decode(&mut placed.bytes().clone()).unwrap().records;
            prop_assert_eq!(oracle.len(), records.len());
            prop_assert!(oracle.iter().zip(base..).all(|(record, offset)| record.offset == offset));
        }

        #[test]
        fn a_changed_byte_is_noticed(
            records in prop::collection::vec(any_record(), 1..5),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let mut bytes = batch(&records).to_vec();
            let at = 21 + at.index(bytes.len() - 21);
            bytes[at] ^= flip;
            prop_assert_eq!(Batch::from_producer(bytes.into()).unwrap_err(), BatchError::Corrupt);
        }

        #[test]
        fn nonsense_under_a_valid_checksum_is_refused_or_read(
            records in prop::collection::vec(any_record(), 1..5),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = batch(&records).to_vec();
            for (at, byte) in changes {
                let at = 21 + at.index(bytes.len() - 21);
                bytes[at] = byte;
            }
            if let Ok(batch) = Batch::from_producer(seal(&mut bytes)) {
                prop_assert!(batch.is_compressed() || batch.records().all(|record| record.is_ok()));
            }
        }
    }

    #[test]
    fn a_header_that_claims_more_than_there_is_is_refused() {
        let mut bytes = batch(&[(5, Record::keyless("x"))]).to_vec();
        bytes[23..27].copy_from_slice(&(i32::MAX - 1).to_be_bytes());
        bytes[57..61].copy_from_slice(&i32::MAX.to_be_bytes());
        assert_eq!(Batch::from_producer(seal(&mut bytes)).unwrap_err(), BatchError::Invalid);
    }

    #[test]
    fn only_one_whole_batch_of_the_new_format_is_taken() {
        let one = batch(&[(5, Record::keyless("x"))]);
        assert_eq!(Batch::from_producer([&one[..], &one[..]].concat().into()).unwrap_err(), BatchError::Invalid);
        assert_eq!(Batch::from_producer(one.slice(..one.len() - 1)).unwrap_err(), BatchError::Corrupt);
        assert_eq!(Batch::from_producer(Bytes::new()).unwrap_err(), BatchError::Corrupt);
        let mut old = one.to_vec();
        old[16] = 1;
        assert_eq!(Batch::from_producer(old.into()).unwrap_err(), BatchError::OldFormat);
    }

    #[test]
    fn compressed_records_are_kept_but_not_looked_into() {
        let mut bytes = batch(&[(5, Record::keyless("x"))]).to_vec();
        bytes[22] |= 1;
        let batch = Batch::from_producer(seal(&mut bytes)).unwrap();
        assert!(batch.is_compressed());
        assert_eq!(batch.records().next(), Some(Err(BatchError::Compressed)));
    }
}
