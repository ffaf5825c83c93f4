//! The front end's side: one producer for all threads, and a consumer of the replies if there are to be any.

use std::net::SocketAddr;

use bytes::Bytes;
use handoff_broker::Runtime;
use tokio::sync::Mutex;

use super::operator::{job_of, watch};
use super::options::Options;
use super::reader::RECONNECT_PAUSE;
use super::{JOBS, REPLIES};
use crate::architecture::HandOver;
use crate::architecture::front;
use crate::architecture::replies::{self, Replies};
use crate::job::{Job, Jobs};
use crate::journal::Answer;
use crate::log::Record;
use crate::log::client::{ClientError, Producer};

/// Appends jobs, and connects again when the log was gone.
pub struct Appender<R: Runtime> {
    runtime: R,
    log: SocketAddr,
    options: Options,
    producer: Mutex<Producer<R>>,
    /// `None` if callers do not want to know the outcome.
    replies: Option<Replies>,
}

impl<R: Runtime> Appender<R> {
    pub(super) async fn connect(
        runtime: R,
        log: SocketAddr,
        options: Options,
        jobs: Jobs,
    ) -> Result<Self, ClientError> {
        let producer = Mutex::new(Producer::connect(&runtime, log, options.front_producer()).await?);
        let replies = options.has_replies.then(Replies::default);
        if let Some(replies) = replies.clone() {
            runtime.spawn(take_replies(runtime.clone(), log, options.clone(), jobs, replies));
        }
        Ok(Appender { runtime, log, options, producer, replies })
    }

    async fn producer(&self) -> Result<Producer<R>, ClientError> {
        let mut producer = self.producer.lock().await;
        if producer.is_closed() {
            *producer = Producer::connect(&self.runtime, self.log, self.options.front_producer()).await?;
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
        let expected = self.replies.as_ref().map(|replies| replies.expect(job.id));
        let appended = match self.append(record).await {
            Ok(()) => Answer::Accepted,
            Err(error) if error.may_have_happened() => Answer::TimedOut,
            Err(_) => Answer::Failed,
        };
        replies::outcome(appended, expected).await
    }
}

/// Reads the topic of replies, and connects again when the log was gone. Replies that were read before tell nobody
/// anything.
async fn take_replies<R: Runtime>(runtime: R, log: SocketAddr, options: Options, jobs: Jobs, replies: Replies) {
    loop {
        if let Ok(mut consumer) = watch(&runtime, log, &options.consumer(front::NODE), REPLIES).await {
            while let Ok(records) = consumer.poll().await {
                records.iter().filter_map(|read| job_of(&jobs, &read.record)).for_each(|job| replies.came(job.id));
            }
        }
        runtime.sleep(RECONNECT_PAUSE).await;
    }
}
