//! Whoever looks after the log: takes the dead letters, and sets a group's offsets back.

use std::net::SocketAddr;

use handoff_broker::{Runtime, Timestamp};

use super::reader::RECONNECT_PAUSE;
use super::{DEAD_LETTERS, JOBS};
use crate::job::{Job, Jobs};
use crate::journal::Recorder;
use crate::log::Record;
use crate::log::client::{ClientError, Consumer, ConsumerOptions, TopicPartition};

/// A consumer of everything in a topic.
pub(super) async fn watch<R: Runtime>(
    runtime: &R,
    log: SocketAddr,
    options: &ConsumerOptions,
    topic: &str,
) -> Result<Consumer<R>, ClientError> {
    let mut consumer = Consumer::connect(runtime, log, options.clone()).await?;
    // Topics are created when they are first asked for.
    consumer.partition_count(JOBS).await?;
    let partitions = partitions_of(&consumer, topic).await?;
    consumer.assign(&partitions).await?;
    Ok(consumer)
}

async fn partitions_of<R: Runtime>(consumer: &Consumer<R>, topic: &str) -> Result<Vec<TopicPartition>, ClientError> {
    let count = consumer.partition_count(topic).await?;
    Ok((0..count).map(|number| TopicPartition::new(topic, number)).collect())
}

/// Writes down which jobs were set aside, and connects again when the log was gone.
pub(super) async fn take_dead_letters<R: Runtime>(
    runtime: R,
    log: SocketAddr,
    options: ConsumerOptions,
    first: Consumer<R>,
    jobs: Jobs,
    recorder: Recorder,
) {
    let mut consumer = first;
    loop {
        while let Ok(letters) = consumer.poll().await {
            for job in letters.iter().filter_map(|letter| job_of(&jobs, &letter.record)) {
                recorder.dead_lettered(runtime.now(), job.id);
            }
            if !letters.is_empty() && consumer.commit(&consumer.positions()).await.is_err() {
                break;
            }
        }
        consumer = loop {
            runtime.sleep(RECONNECT_PAUSE).await;
            if let Ok(consumer) = watch(&runtime, log, &options, DEAD_LETTERS).await {
                break consumer;
            }
        };
    }
}

/// Has the group go on with the first record that was created at `since` or later, in each partition.
pub(super) async fn wind_back<R: Runtime>(
    runtime: &R,
    log: SocketAddr,
    options: ConsumerOptions,
    since: Timestamp,
) -> Result<(), ClientError> {
    let mut consumer = Consumer::connect(runtime, log, options).await?;
    let since_ms = (since.as_nanoseconds() / 1_000_000) as i64;
    for partition in partitions_of(&consumer, JOBS).await? {
        consumer.seek_to_time(&partition, since_ms).await?;
    }
    consumer.commit(&consumer.positions()).await
}

/// The job that a record is about, if it is one of these.
pub(super) fn job_of<'a>(jobs: &'a Jobs, record: &Record) -> Option<&'a Job> {
    jobs.read(record.value.as_ref()?)
}
