//! The front end's side: one channel in confirm mode for all threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use handoff_broker::Runtime;
use handoff_broker::amqp::codec::PropertiesBuilder;
use handoff_broker::client::{Certainty, Channel, ClientError};
use tokio::sync::Mutex;

use super::topology::{Session, Topology};
use crate::architecture::HandOver;
use crate::job::Job;
use crate::journal::Answer;
use crate::play::NodeError;

/// Publishes jobs, and connects again when the broker was gone.
pub struct Publisher<R> {
    runtime: R,
    topology: Topology,
    session: Mutex<Session>,
    properties: Vec<u8>,
    /// Counts jobs without a key.
    turn: AtomicUsize,
}

impl<R: Runtime> Publisher<R> {
    pub(super) async fn connect(runtime: R, topology: Topology) -> Result<Self, NodeError> {
        let session = Mutex::new(open(&runtime, &topology).await?);
        let properties = PropertiesBuilder::new().build();
        Ok(Publisher { runtime, topology, session, properties, turn: AtomicUsize::new(0) })
    }

    async fn channel(&self) -> Result<Channel, NodeError> {
        let mut session = self.session.lock().await;
        if !session.connection.is_open() {
            *session = open(&self.runtime, &self.topology).await?;
        }
        Ok(session.channel.clone())
    }

    /// The queue for `job`: by its key, or in turn if it has none.
    fn queue(&self, job: &Job) -> &str {
        let queues = self.topology.queues();
        let number = job.key.map_or_else(|| self.turn.fetch_add(1, Ordering::Relaxed), |key| key as usize);
        &queues[number % queues.len()]
    }
}

async fn open(runtime: &impl Runtime, topology: &Topology) -> Result<Session, NodeError> {
    let session = topology.open(runtime).await?;
    session.channel.select_confirms().await?;
    Ok(session)
}

impl<R: Runtime> HandOver for Publisher<R> {
    async fn hand_over(&self, job: &Job) -> Answer {
        let Ok(channel) = self.channel().await else {
            return Answer::Failed;
        };
        let sent = channel.publish("", self.queue(job).as_bytes(), &self.properties, &job.message());
        let confirmed = match sent {
            Ok(confirmation) => confirmation.await,
            Err(error) => Err(error),
        };
        match confirmed {
            Ok(()) => Answer::Accepted,
            Err(ClientError::Nacked) => Answer::Rejected,
            Err(error) => match error.certainty() {
                Certainty::Failed => Answer::Failed,
                Certainty::Unknown => Answer::TimedOut,
            },
        }
    }
}
