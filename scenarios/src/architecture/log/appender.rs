//! The front end's side: one producer for all threads.

use std::net::SocketAddr;

use bytes::Bytes;
use handoff_broker::Runtime;
use tokio::sync::Mutex;

use super::JOBS;
use crate::architecture::HandOver;
use crate::job::Job;
use crate::journal::Answer;
use crate::log::Record;
use crate::log::client::{ClientError, Producer, ProducerOptions};

/// Appends jobs, and connects again when the log was gone.
pub struct Appender<R: Runtime> {
    runtime: R,
    log: SocketAddr,
    options: ProducerOptions,
    producer: Mutex<Producer<R>>,
}

impl<R: Runtime> Appender<R> {
    pub(super) async fn connect(runtime: R, log: SocketAddr, options: ProducerOptions) -> Result<Self, ClientError> {
        let producer = Mutex::new(Producer::connect(&runtime, log, options.clone()).await?);
        Ok(Appender { runtime, log, options, producer })
    }

    async fn producer(&self) -> Result<Producer<R>, ClientError> {
        let mut producer = self.producer.lock().await;
        if producer.is_closed() {
            *producer = Producer::connect(&self.runtime, self.log, self.options.clone()).await?;
        }
        Ok(producer.clone())
    }

    async fn append(&self, record: Record) -> Result<(), ClientError> {
        self.producer().await?.produce(JOBS, record).await.map(drop)
    }
}

impl<R: Runtime> HandOver for Appender<R> {
    async fn hand_over(&self, job: &Job) -> Answer {
        let record = match job.key {
            Some(key) => Record::new(Bytes::copy_from_slice(&key.to_be_bytes()), job.message()),
            None => Record::keyless(job.message()),
        };
        match self.append(record).await {
            Ok(()) => Answer::Accepted,
            Err(error) if error.may_have_happened() => Answer::TimedOut,
            Err(_) => Answer::Failed,
        }
    }
}
