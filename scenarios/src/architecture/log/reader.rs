//! A worker's side: one record after the other, and a commit for what was done.

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::Runtime;

use super::operator::job_of;
use super::options::Options;
use super::source::Station;
use super::{DEAD_LETTERS, REPLIES, RETRIES, retries};
use crate::architecture::worker::{WorkFailed, Worker};
use crate::job::Jobs;
use crate::log::Record;
use crate::log::client::{ClientError, ConsumedRecord};
use crate::scenario::Acknowledge;

/// How long to wait before connecting again.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Reader<R: Runtime> {
    pub(super) runtime: R,
    pub(super) log: SocketAddr,
    pub(super) worker: Worker<R>,
    pub(super) number: u32,
    pub(super) jobs: Jobs,
    pub(super) options: Options,
}

impl<R: Runtime> Reader<R> {
    /// Reads until the worker is asked to stop, and connects again when the log was gone.
    pub(super) async fn run(self, first: Station<R>) {
        let mut station = first;
        loop {
            match self.read(&mut station).await {
                Ok(()) => {
                    // Should it fail, the group misses this member's heartbeats.
                    let _ = station.source.leave().await;
                    return;
                }
                Err(error) => tracing::debug!(%error, "a worker lost the log"),
            }
            drop(station);
            station = loop {
                self.runtime.sleep(RECONNECT_PAUSE).await;
                if let Ok(station) = self.options.connect(&self.runtime, self.log, self.number).await {
                    break station;
                }
            };
        }
    }

    /// Does one record after the other, and commits after each poll's, or before it.
    async fn read(&self, station: &mut Station<R>) -> Result<(), ClientError> {
        loop {
            let records = tokio::select! {
                biased;
                () = self.worker.asked_to_stop() => return Ok(()),
                records = station.source.poll() => records?,
            };
            if records.is_empty() {
                continue;
            }
            if self.options.acknowledge == Acknowledge::OnReceipt {
                commit(station, &records).await?;
            }
            for read in &records {
                self.settle(station, read).await?;
            }
            if self.options.acknowledge == Acknowledge::AfterWork {
                commit(station, &records).await?;
            }
        }
    }

    /// Tries a record until it is done, or set aside after as many attempts as are allowed; without a dead-letter topic
    /// it is tried for ever. Or it is written to a topic from which it comes back later. Replies if the front end waits for it.
    async fn settle(&self, station: &Station<R>, read: &ConsumedRecord) -> Result<(), ClientError> {
        let Some(job) = job_of(&self.jobs, &read.record) else {
            return Ok(());
        };
        let mut failures = retries::failures(&read.record);
        while let Err(WorkFailed) = self.worker.work(job).await {
            failures += 1;
            let may_be_set_aside = failures >= self.options.max_attempts;
            if may_be_set_aside && self.options.has_dead_letters() {
                return station.producer.produce(DEAD_LETTERS, read.record.clone()).await.map(drop);
            }
            if self.options.retry_delay.is_some() {
                return station.producer.produce(RETRIES, retries::failed(&read.record, failures)).await.map(drop);
            }
        }
        if self.options.has_replies {
            station.producer.produce(REPLIES, Record::keyless(job.message())).await?;
        }
        Ok(())
    }
}

/// A group that has gone on without this worker refuses its commit: then others do the records again.
async fn commit<R: Runtime>(station: &Station<R>, records: &[ConsumedRecord]) -> Result<(), ClientError> {
    match station.source.commit(records).await {
        Err(error) if !error.is_fatal() => {
            tracing::debug!(%error, "a commit was refused");
            Ok(())
        }
        committed => committed,
    }
}
