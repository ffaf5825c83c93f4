//! A record, and record batches from the producing side.

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType,
};

use super::wire::WireError;

/// What is written to a log and read from it again: an event, and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What the record is about. Records with equal keys go to the same partition and so keep their order.
    pub key: Option<Bytes>,
    /// The payload.
    pub value: Option<Bytes>,
    /// Names with values, in order; of equal names the last counts.
    pub headers: Vec<(String, Option<Bytes>)>,
}

impl Record {
    /// A record of a key and a value.
    pub fn new(key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Record { key: Some(key.into()), value: Some(value.into()), headers: Vec::new() }
    }

    /// A record without a key, which may go to any partition.
    pub fn keyless(value: impl Into<Bytes>) -> Self {
        Record { key: None, value: Some(value.into()), headers: Vec::new() }
    }

    /// What the record adds to a batch, in bytes, give or take a few for its lengths.
    pub fn size(&self) -> usize {
        let size = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + size(value) + 4).sum();
        size(&self.key) + size(&self.value) + headers + 16
    }
}

/// Encodes records, each with its creation time in milliseconds since the epoch, as one batch with base offset 0.
pub fn encode_batch(records: &[(i64, Record)]) -> Result<Bytes, WireError> {
    let records: Vec<_> =
        (0..).zip(records).map(|(offset, (time, record))| with_offset(offset, *time, record)).collect();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    let mut batch = BytesMut::new();
    RecordBatchEncoder::encode(&mut batch, &records, &options)
        .map_err(|error| WireError::Unencodable(error.to_string()))?;
    Ok(batch.freeze())
}

fn with_offset(offset: i32, timestamp_ms: i64, record: &Record) -> kafka_protocol::records::Record {
    let headers = record.headers.iter().map(|(name, value)| (StrBytes::from_string(name.clone()), value.clone()));
    kafka_protocol::records::Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        timestamp_type: TimestampType::Creation,
        offset: offset.into(),
        sequence: offset,
        timestamp: timestamp_ms,
        key: record.key.clone(),
        value: record.value.clone(),
        headers: headers.collect(),
    }
}
