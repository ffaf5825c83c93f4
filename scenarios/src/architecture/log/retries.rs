//! The topic of what failed and is to be tried again later. A header counts the failures, since the log does not.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use handoff_broker::{Runtime, Timestamp};

use super::operator::watch;
use super::reader::RECONNECT_PAUSE;
use super::{JOBS, RETRIES};
use crate::log::Record;
use crate::log::client::{Acks, ClientError, ConsumerOptions, Producer, ProducerOptions};

/// The header's name; its value is a number in four bytes, most significant first.
const FAILURES: &str = "failures";

/// How often the work on a record has failed so far.
pub(super) fn failures(record: &Record) -> u32 {
    let header = record.headers.iter().rev().find(|(name, _)| name == FAILURES);
    let count = header.and_then(|(_, value)| value.as_ref()?.first_chunk().copied());
    count.map_or(0, u32::from_be_bytes)
}

/// The record again, with so many failures.
pub(super) fn failed(record: &Record, failures: u32) -> Record {
    let mut again = record.clone();
    again.headers.retain(|(name, _)| name != FAILURES);
    again.headers.push((FAILURES.to_owned(), Some(Bytes::copy_from_slice(&failures.to_be_bytes()))));
    again
}

/// Appends what was set aside to the jobs again once it is due, and connects again when the log was gone. What had been
/// appended and not committed then is appended twice.
pub(super) async fn bring_back<R: Runtime>(runtime: R, log: SocketAddr, options: ConsumerOptions, delay: Duration) {
    loop {
        if let Err(error) = bring_all_back(&runtime, log, &options, delay).await {
            tracing::debug!(%error, "the retries lost the log");
        }
        runtime.sleep(RECONNECT_PAUSE).await;
    }
}

async fn bring_all_back<R: Runtime>(
    runtime: &R,
    log: SocketAddr,
    options: &ConsumerOptions,
    delay: Duration,
) -> Result<(), ClientError> {
    let mut consumer = watch(runtime, log, options, RETRIES).await?;
    let producer_options = ProducerOptions { acks: Acks::Leader, linger: Duration::ZERO, ..ProducerOptions::default() };
    let producer = Producer::connect(runtime, log, producer_options).await?;
    loop {
        let records = consumer.poll().await?;
        for read in &records {
            let set_aside_at = Timestamp::from_nanoseconds(u64::try_from(read.timestamp_ms).unwrap_or(0) * 1_000_000);
            runtime.sleep_until(set_aside_at + delay).await;
            producer.produce(JOBS, read.record.clone()).await?;
        }
        if !records.is_empty() {
            consumer.commit(&consumer.positions()).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_in_a_header_that_is_there_once() {
        let record = Record::keyless(&b"job"[..]);
        assert_eq!(failures(&record), 0);
        let again = failed(&failed(&record, 1), 2);
        assert_eq!((failures(&again), again.headers.len(), again.value), (2, 1, record.value));
    }
}
