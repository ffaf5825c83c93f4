//! Where a worker's records come from: partitions of its own, or those that its group gives it.

use std::net::SocketAddr;

use handoff_broker::Runtime;

use super::JOBS;
use super::options::Options;
use crate::log::client::{ClientError, ConsumedRecord, Consumer, Event, GroupConsumer, Producer, TopicPartition};
use crate::scenario::Assignment;

/// A worker's connections.
pub(super) struct Station<R: Runtime> {
    pub(super) source: Source<R>,
    /// For dead letters and replies.
    pub(super) producer: Producer<R>,
}

/// What a worker reads.
pub(super) enum Source<R: Runtime> {
    Static(Box<Consumer<R>>),
    Group(Box<GroupConsumer<R>>),
}

impl<R: Runtime> Source<R> {
    pub(super) async fn connect(
        runtime: &R,
        log: SocketAddr,
        worker: u32,
        options: &Options,
    ) -> Result<Self, ClientError> {
        match options.assignment {
            Assignment::Static => {
                let mut consumer = Consumer::connect(runtime, log, options.worker_consumer(worker)).await?;
                consumer.assign(&options.partitions_of(worker)).await?;
                Ok(Source::Static(Box::new(consumer)))
            }
            Assignment::Group => {
                let consumer = GroupConsumer::connect(runtime, log, &[JOBS], options.group_consumer(worker)).await?;
                Ok(Source::Group(Box::new(consumer)))
            }
        }
    }

    /// The next records; none if none came in time, or the group shares the partitions anew.
    pub(super) async fn poll(&mut self) -> Result<Vec<ConsumedRecord>, ClientError> {
        match self {
            Source::Static(consumer) => consumer.poll().await,
            Source::Group(consumer) => match consumer.poll().await? {
                Event::Records(records) => Ok(records),
                Event::Assigned(_) | Event::Revoked(_) | Event::Lost(_) => Ok(Vec::new()),
            },
        }
    }

    /// Commits everything up to the last of these records of each partition.
    pub(super) async fn commit(&self, records: &[ConsumedRecord]) -> Result<(), ClientError> {
        let mut offsets: Vec<(TopicPartition, i64)> = Vec::new();
        for record in records {
            match offsets.iter_mut().find(|(partition, _)| *partition == record.from) {
                Some((_, offset)) => *offset = record.offset + 1,
                None => offsets.push((record.from.clone(), record.offset + 1)),
            }
        }
        match self {
            Source::Static(consumer) => consumer.commit(&offsets).await,
            Source::Group(consumer) => consumer.commit(&offsets).await,
        }
    }

    /// Leaves the group, so that the others need not wait.
    pub(super) async fn leave(self) -> Result<(), ClientError> {
        match self {
            Source::Static(_) => Ok(()),
            Source::Group(consumer) => consumer.leave().await,
        }
    }
}
