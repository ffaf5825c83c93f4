//! Batches as they are written, moved, damaged and forged.

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
    (0..1_i64 << 45, any_bytes(), any_bytes(), headers)
        .prop_map(|(time, key, value, headers)| (time, Record { key, value, headers: headers.into_iter().collect() }))
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
