//! The front end's side: one channel in confirm mode for all threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use handoff_broker::Runtime;
use handoff_broker::amqp::codec::PropertiesBuilder;
use handoff_broker::client::{Certainty, Channel, ClientError};
use tokio::sync::Mutex;

use super::topology::{REPLIES, Session, Topology};
use crate::architecture::HandOver;
use crate::architecture::replies::{self, Replies};
use crate::job::{Job, Jobs};
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
    jobs: Jobs,
    /// `None` if callers do not want to know the outcome.
    replies: Option<Replies>,
}

impl<R: Runtime> Publisher<R> {
    pub(super) async fn connect(runtime: R, topology: Topology, jobs: Jobs) -> Result<Self, NodeError> {
        let replies = topology.has_replies().then(Replies::default);
        let session = Mutex::new(open(&runtime, &topology, &jobs, replies.as_ref()).await?);
        let properties = PropertiesBuilder::new().build();
        Ok(Publisher { runtime, topology, session, properties, turn: AtomicUsize::new(0), jobs, replies })
    }

    async fn channel(&self) -> Result<Channel, NodeError> {
        let mut session = self.session.lock().await;
        if !session.connection.is_open() {
            *session = open(&self.runtime, &self.topology, &self.jobs, self.replies.as_ref()).await?;
        }
        Ok(session.channel.clone())
    }

    /// Publishes `job` into the queue of its key, or in turn if it has none, and waits for the confirm.
    async fn publish(&self, job: &Job) -> Answer {
        let Ok(channel) = self.channel().await else {
            return Answer::Failed;
        };
        let number = job.key.map_or_else(|| self.turn.fetch_add(1, Ordering::Relaxed), |key| key as usize);
        let (exchange, routing_key) = self.topology.route(job, number);
        let sent = channel.publish(exchange, routing_key, &self.properties, &job.message());
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

impl<R: Runtime> HandOver for Publisher<R> {
    async fn hand_over(&self, job: &Job) -> Answer {
        let expected = self.replies.as_ref().map(|replies| replies.expect(job.id));
        replies::outcome(self.publish(job).await, expected).await
    }
}

/// A session in confirm mode, and a task that takes the replies for as long as it lasts.
async fn open(
    runtime: &impl Runtime,
    topology: &Topology,
    jobs: &Jobs,
    replies: Option<&Replies>,
) -> Result<Session, NodeError> {
    let session = topology.open(runtime).await?;
    session.channel.select_confirms().await?;
    if let Some(replies) = replies.cloned() {
        let mut messages = session.channel.consume(REPLIES, "front").await?;
        let (channel, jobs) = (session.channel.clone(), jobs.clone());
        runtime.spawn(async move {
            while let Some(reply) = messages.next().await {
                if let Some(job) = jobs.read(&reply.body) {
                    replies.came(job.id);
                }
                if channel.acknowledge(reply.delivery_tag, false).is_err() {
                    return;
                }
            }
        });
    }
    Ok(session)
}
