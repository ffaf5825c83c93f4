//! The task behind a producer: it decides what is sent when, and tells each record what became of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use handoff_broker::{Runtime, Timestamp};
use kafka_protocol::ResponseError;
use tokio::sync::mpsc;

use super::accumulator::Accumulator;
use super::{Command, ProducerOptions, Sending, request};
use crate::log::client::connection::Connection;
use crate::log::client::error::ClientError;
use crate::log::client::partitioner::Partitioner;
use crate::log::client::topic_partition::partition_count;

/// The most bytes of records in a request (`max.request.size`).
const MAX_REQUEST_BYTES: usize = 1 << 20;

type InFlight = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Sender<R: Runtime> {
    runtime: R,
    connection: Connection<R>,
    options: ProducerOptions,
    partitioner: Partitioner,
    /// The number of partitions of each topic that was asked for.
    partitions: BTreeMap<String, i32>,
    accumulator: Accumulator,
    in_flight: FuturesUnordered<InFlight>,
    /// Everything is to be sent now, until nothing is left.
    is_flushing: bool,
    /// The one timer, and what it is set to.
    alarm: (Timestamp, Pin<Box<R::Sleep>>),
}

impl<R: Runtime> Sender<R> {
    pub(super) fn new(runtime: R, connection: Connection<R>, options: ProducerOptions) -> Self {
        let options = ProducerOptions { max_in_flight: options.max_in_flight.max(1), ..options };
        let accumulator = Accumulator::new(options.batch_bytes, options.linger);
        let alarm = (Timestamp::NEVER, Box::pin(runtime.sleep_until(Timestamp::NEVER)));
        Sender {
            runtime,
            connection,
            options,
            partitioner: Partitioner::default(),
            partitions: BTreeMap::new(),
            accumulator,
            in_flight: FuturesUnordered::new(),
            is_flushing: false,
            alarm,
        }
    }

    /// Runs until every producer handle is dropped and everything handed over is done.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut is_open = true;
        while is_open || !self.is_idle() {
            self.set_alarm();
            let may_send = self.in_flight.len() < self.options.max_in_flight;
            tokio::select! {
                biased;
                Some(()) = self.in_flight.next() => {}
                command = commands.recv(), if is_open => match command {
                    Some(command) => {
                        self.obey(command).await;
                        // what is there already shares batches, even without lingering
                        while let Ok(command) = commands.try_recv() {
                            self.obey(command).await;
                        }
                    }
                    None => is_open = false,
                },
                () = &mut self.alarm.1, if may_send && self.alarm.0 != Timestamp::NEVER => {
                    self.alarm.0 = Timestamp::NEVER;
                }
            }
            self.is_flushing |= !is_open;
            self.send_ready();
        }
    }

    fn is_idle(&self) -> bool {
        self.accumulator.is_empty() && self.in_flight.is_empty()
    }

    /// Sets the timer to when the next batch has lingered; it is touched only if that has become earlier.
    fn set_alarm(&mut self) {
        let ready_at = self.accumulator.ready_at().unwrap_or(Timestamp::NEVER);
        if ready_at < self.alarm.0 {
            self.alarm = (ready_at, Box::pin(self.runtime.sleep_until(ready_at)));
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Flush => self.is_flushing = true,
            Command::Send(sending) => match self.partition_for(&sending).await {
                Ok(partition) => self.accumulate(partition, sending),
                Err(error) => drop(sending.reply.send(Err(error))),
            },
        }
    }

    async fn partition_for(&mut self, sending: &Sending) -> Result<i32, ClientError> {
        let partitions = match self.partitions.get(&sending.topic) {
            Some(partitions) => *partitions,
            None => {
                let partitions = partition_count(&self.connection, &sending.topic).await?;
                self.partitions.insert(sending.topic.clone(), partitions);
                partitions
            }
        };
        match sending.partition {
            Some(partition) if (0..partitions).contains(&partition) => Ok(partition),
            Some(_) => Err(ResponseError::UnknownTopicOrPartition.into()),
            None => Ok(self.partitioner.partition(&sending.topic, sending.record.key.as_deref(), partitions)),
        }
    }

    fn accumulate(&mut self, partition: i32, sending: Sending) {
        let topic = sending.topic.clone();
        if self.accumulator.add(partition, sending, self.runtime.now()) {
            self.batch_closed(&topic, partition);
        }
    }

    fn batch_closed(&mut self, topic: &str, partition: i32) {
        let partitions = self.partitions.get(topic).copied().unwrap_or(1);
        self.partitioner.batch_closed(topic, partition, partitions);
    }

    /// Sends what is ready, as long as more requests may be in flight.
    fn send_ready(&mut self) {
        while self.in_flight.len() < self.options.max_in_flight {
            let now = if self.is_flushing { Timestamp::NEVER } else { self.runtime.now() };
            let batches = self.accumulator.take_ready(now, MAX_REQUEST_BYTES);
            if batches.is_empty() {
                break;
            }
            for batch in &batches {
                self.batch_closed(&batch.topic, batch.partition);
            }
            self.in_flight.push(Box::pin(request::send(&self.connection, batches, self.options.acks)));
        }
        self.is_flushing &= !self.is_idle();
    }
}
