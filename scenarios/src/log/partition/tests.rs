//! The log against a plain list of records.

use proptest::prelude::*;

use super::*;
use crate::log::batch::Stored;
use crate::log::record::{Record, encode_batch};

const OPTIONS: LogOptions =
    LogOptions { retention_ms: Some(1_000), retention_bytes: Some(2_000), segment_bytes: 500, segment_ms: 300 };

fn at_ms(milliseconds: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(milliseconds)
}

fn batch(records: &[(i64, Record)]) -> Batch {
    Batch::from_producer(encode_batch(records).unwrap()).unwrap()
}

fn batch_of(count: usize, timestamp_ms: i64) -> Batch {
    batch(&vec![(timestamp_ms, Record::keyless("x".repeat(20))); count])
}

fn records_of(mut bytes: Bytes) -> Vec<Stored> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        records.extend(Batch::take(&mut bytes).unwrap().records().map(Result::unwrap));
    }
    records
}

/// Batches of records, each appended some milliseconds after the one before.
fn any_appends() -> impl Strategy<Value = Vec<(u64, Vec<(i64, Record)>)>> {
    let record = (0..1_000_i64, prop::collection::vec(any::<u8>(), 0..60))
        .prop_map(|(time, value)| (time, Record::keyless(value)));
    prop::collection::vec((0..400_u64, prop::collection::vec(record, 1..6)), 1..40)
}

/// Appends all without retention; the log and what should be in it.
fn appended(appends: &[(u64, Vec<(i64, Record)>)]) -> (Partition, Vec<Stored>, u64) {
    let (mut log, mut model, mut now) = (Partition::default(), Vec::new(), 0);
    for (pause, records) in appends {
        now += pause;
        let base = log.append(&batch(records), at_ms(now), &OPTIONS);
        assert_eq!(base, model.len() as i64);
        model.extend((base..).zip(records).map(|(offset, (timestamp_ms, record))| Stored {
            offset,
            timestamp_ms: *timestamp_ms,
            record: record.clone(),
        }));
    }
    (log, model, now)
}

proptest! {
    #[test]
    fn offsets_are_dense_and_what_was_appended_is_read(
        appends in any_appends(),
        from in any::<prop::sample::Index>(),
        max_bytes in 0..2_000_usize,
    ) {
        let (log, model, _) = appended(&appends);
        prop_assert_eq!((log.start_offset(), log.end_offset()), (0, model.len() as i64));
        let from = from.index(model.len());
        let bytes = log.read(from as i64, max_bytes, true).unwrap();
        let read = records_of(bytes.clone());
        // whole batches: the first may begin before what was asked for, and alone may be larger than asked for
        let first = read[0].offset as usize;
        prop_assert!(first <= from && from < first + read.len());
        prop_assert_eq!(&read[..], &model[first..first + read.len()]);
        let next = model.get(first + read.len()).map(|_| log.read((first + read.len()) as i64, 0, true).unwrap());
        prop_assert!(bytes.len() <= max_bytes || read.len() <= 5);
        prop_assert!(next.is_none_or(|next| bytes.len() + next.len() > max_bytes), "another batch would have fitted");
        // available counts what reading without a limit returns
        let all = log.read(from as i64, usize::MAX, true).unwrap();
        prop_assert_eq!(log.available(from as i64).unwrap(), all.len() as u64);
    }

    #[test]
    fn a_search_by_time_finds_the_first_record_since(appends in any_appends(), timestamp_ms in 0..1_100_i64) {
        let (log, model, _) = appended(&appends);
        // the log answers with the first batch that has such a record, and the first such record in it
        let expected = model.iter().find(|stored| stored.timestamp_ms >= timestamp_ms);
        let expected = expected.map(|stored| Place { offset: stored.offset, timestamp_ms: stored.timestamp_ms });
        prop_assert_eq!(log.first_since(timestamp_ms), expected);
        let latest = model.iter().map(|stored| stored.timestamp_ms).max().unwrap();
        prop_assert_eq!(log.latest_created().map(|place| place.timestamp_ms), Some(latest));
    }

    #[test]
    fn retention_drops_no_more_than_it_may_and_no_less_than_it_must(appends in any_appends(), later in 0..3_000_u64) {
        let (mut log, model, last) = appended(&appends);
        let now = last + later;
        let bytes_before = log.bytes();
        log.retain(at_ms(now), &OPTIONS);
        let start = log.start_offset() as usize;
        let mut appended_at = 0;
        let times: Vec<u64> = appends.iter().flat_map(|(pause, records)| {
            appended_at += pause;
            vec![appended_at; records.len()]
        }).collect();
        // what is gone was too old, or newer records alone fill the size
        prop_assert!(start == 0 || now - times[start - 1] > 1_000 || log.bytes() >= 2_000);
        // what is left is younger than retention and a segment, and within the size and a segment
        prop_assert!(model.is_empty() || start == model.len() || now - times[start] <= 1_000 + 300);
        prop_assert!(log.bytes() < 2_000 + 500 || bytes_before < 2_000);
        // the rest is untouched
        prop_assert_eq!(log.end_offset() as usize, model.len());
        prop_assert_eq!(records_of(log.read(start as i64, usize::MAX, true).unwrap()), &model[start..]);
        if start > 0 {
            let out_of_range = OutOfRange { offset: 0, start: start as i64, end: model.len() as i64 };
            prop_assert_eq!(log.read(0, 1, true), Err(out_of_range));
        }
    }
}

#[test]
fn reading_at_the_end_gives_nothing_and_beyond_it_an_error() {
    let mut log = Partition::default();
    assert_eq!(log.read(0, 100, true), Ok(Bytes::new()));
    log.append(&batch_of(3, 0), at_ms(0), &OPTIONS);
    assert_eq!(log.read(3, 100, true), Ok(Bytes::new()));
    assert_eq!(log.available(3), Ok(0));
    assert_eq!(log.read(4, 100, true), Err(OutOfRange { offset: 4, start: 0, end: 3 }));
    assert_eq!(log.available(-1), Err(OutOfRange { offset: -1, start: 0, end: 3 }));
}

#[test]
fn a_batch_that_does_not_fit_is_read_only_when_one_is_owed() {
    let mut log = Partition::default();
    log.append(&batch_of(3, 0), at_ms(0), &OPTIONS);
    assert_eq!(log.read(0, 10, false), Ok(Bytes::new()));
    assert_eq!(records_of(log.read(0, 10, true).unwrap()).len(), 3);
}

#[test]
fn by_time_everything_goes_and_offsets_go_on() {
    let mut log = Partition::default();
    log.append(&batch_of(3, 0), at_ms(0), &OPTIONS);
    log.retain(at_ms(1_000), &OPTIONS);
    assert_eq!((log.start_offset(), log.end_offset()), (0, 3));
    log.retain(at_ms(1_001), &OPTIONS);
    assert_eq!((log.start_offset(), log.end_offset(), log.bytes()), (3, 3, 0));
    assert_eq!(log.append(&batch_of(1, 0), at_ms(1_002), &OPTIONS), 3);
}

#[test]
fn without_limits_nothing_is_dropped() {
    let options = LogOptions { retention_ms: None, retention_bytes: None, ..OPTIONS };
    let mut log = Partition::default();
    for _ in 0..100 {
        log.append(&batch_of(5, 0), at_ms(0), &options);
    }
    log.retain(Timestamp::NEVER, &options);
    assert_eq!((log.start_offset(), log.end_offset()), (0, 500));
}
