//! The consuming sides: a worker, and the operator who takes what was set aside.

use std::future::Future;
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_broker::amqp::codec::PropertiesBuilder;
use handoff_broker::client::{Channel, ClientError, Consumer, Delivery};
use tokio::sync::mpsc;

use super::topology::{DEAD_LETTERS, REPLIES, Session, Topology};
use crate::architecture::worker::{self, Worker};
use crate::job::{Job, Jobs};
use crate::journal::Recorder;
use crate::play::NodeError;
use crate::scenario::Acknowledge;

/// How long to wait before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// A consumer, and the session it lasts as long as.
pub(super) struct Subscription {
    session: Session,
    /// What is taken first, if there is such.
    urgent: Option<Consumer>,
    messages: Consumer,
}

impl Subscription {
    /// The next message; `None` when a consumer has ended. Cancel safe.
    async fn next(&mut self) -> Option<Delivery> {
        let Some(urgent) = &mut self.urgent else { return self.messages.next().await };
        tokio::select! {
            biased;
            message = urgent.next() => message,
            message = self.messages.next() => message,
        }
    }
}

/// How a worker comes by jobs.
#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) number: u32,
    pub(super) topology: Topology,
    pub(super) jobs: Jobs,
    pub(super) prefetch: u16,
    pub(super) acknowledge: Acknowledge,
    pub(super) max_attempts: u32,
}

impl Subscriber {
    pub(super) async fn subscribe(&self, runtime: &impl Runtime) -> Result<Subscription, NodeError> {
        let session = self.topology.open(runtime).await?;
        session.channel.set_prefetch(self.prefetch).await?;
        if self.topology.has_replies() || self.topology.is_tried_later() {
            session.channel.select_confirms().await?;
        }
        let name = worker::name(self.number);
        let urgent = match self.topology.urgent_queue() {
            Some(queue) => Some(session.channel.consume(queue, &format!("{name}-urgent")).await?),
            None => None,
        };
        let messages = session.channel.consume(self.queue(), &name).await?;
        Ok(Subscription { session, urgent, messages })
    }

    fn queue(&self) -> &str {
        let queues = self.topology.queues();
        &queues[(self.number as usize - 1) % queues.len()]
    }

    /// Works on one message after the other, and subscribes again when the broker was gone, until the worker is asked
    /// to stop.
    pub(super) async fn work<R: Runtime>(self, runtime: R, worker: Worker<R>, first: Subscription) {
        let mut subscription = first;
        loop {
            let ended = match self.acknowledge {
                Acknowledge::AfterWork => self.work_and_acknowledge(&worker, subscription).await,
                Acknowledge::OnReceipt => self.acknowledge_and_work(&runtime, &worker, subscription).await,
            };
            match ended {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "a worker lost the broker"),
            }
            subscription = again(&runtime, || self.subscribe(&runtime)).await;
        }
    }

    /// Until the worker is asked to stop. It then gives back what it was sent and has not begun, once the broker has
    /// taken its acknowledgements.
    async fn work_and_acknowledge<R: Runtime>(
        &self,
        worker: &Worker<R>,
        mut subscription: Subscription,
    ) -> Result<(), ClientError> {
        loop {
            let message = tokio::select! {
                biased;
                () = worker.asked_to_stop() => return subscription.session.channel.close().await,
                message = subscription.next() => message.ok_or_else(lost)?,
            };
            let channel = &subscription.session.channel;
            match self.jobs.read(&message.body) {
                Some(job) => match worker.work(job).await {
                    Ok(()) => {
                        self.reply(channel, job)?;
                        channel.acknowledge(message.delivery_tag, false)?;
                    }
                    Err(_) => self.give_back(channel, &message)?,
                },
                None => channel.reject(message.delivery_tag, false)?,
            }
        }
    }

    /// What failed is to be tried again: at once, and the broker counts; or as a dead letter that comes back, and its
    /// deaths count.
    fn give_back(&self, channel: &Channel, message: &Delivery) -> Result<(), ClientError> {
        if !self.topology.is_tried_later() {
            return channel.reject(message.delivery_tag, true);
        }
        let rejections =
            message.deaths().into_iter().filter(|(queue, reason, _)| queue == self.queue() && reason == "rejected");
        let failures = 1 + rejections.map(|(.., count)| count).sum::<u64>();
        if failures < self.max_attempts.into() {
            return channel.reject(message.delivery_tag, false);
        }
        let properties = PropertiesBuilder::new().build();
        drop(channel.publish("", DEAD_LETTERS.as_bytes(), &properties, &message.body)?);
        channel.acknowledge(message.delivery_tag, false)
    }

    /// Says that `job` is done, if the front end waits for it. Should the reply be lost, then the broker is gone, and
    /// with it whoever could wait.
    fn reply(&self, channel: &Channel, job: &Job) -> Result<(), ClientError> {
        if self.topology.has_replies() {
            drop(channel.publish("", REPLIES.as_bytes(), &PropertiesBuilder::new().build(), &job.message())?);
        }
        Ok(())
    }

    /// Everything that comes is acknowledged at once and piles up here, as with a client that acknowledges by itself.
    async fn acknowledge_and_work<R: Runtime>(
        &self,
        runtime: &R,
        worker: &Worker<R>,
        mut subscription: Subscription,
    ) -> Result<(), ClientError> {
        let channel = subscription.session.channel.clone();
        let (pile, mut piled) = mpsc::unbounded_channel::<Delivery>();
        runtime.spawn(async move {
            while let Some(message) = subscription.next().await {
                let taken = subscription.session.channel.acknowledge(message.delivery_tag, false);
                if taken.is_err() || pile.send(message).is_err() {
                    return;
                }
            }
        });
        loop {
            let message = tokio::select! {
                biased;
                () = worker.asked_to_stop() => return Ok(()),
                message = piled.recv() => message.ok_or_else(lost)?,
            };
            if let Some(job) = self.jobs.read(&message.body) {
                // What fails now has failed for good: the broker does not know it any more.
                if worker.work(job).await.is_ok() {
                    self.reply(&channel, job)?;
                }
            }
        }
    }
}

fn lost() -> ClientError {
    ClientError::Interrupted { reason: "the consumer ended".to_owned() }
}

/// Tries until it works.
async fn again<T, F: Future<Output = Result<T, NodeError>>>(runtime: &impl Runtime, connect: impl Fn() -> F) -> T {
    loop {
        runtime.sleep(RECONNECT_PAUSE).await;
        if let Ok(connected) = connect().await {
            return connected;
        }
    }
}

/// Whoever takes the dead letters, and writes down which jobs were set aside.
#[derive(Clone)]
pub(super) struct Operator {
    topology: Topology,
    jobs: Jobs,
    recorder: Recorder,
}

impl Operator {
    pub(super) fn new(topology: Topology, jobs: Jobs, recorder: Recorder) -> Self {
        Operator { topology, jobs, recorder }
    }

    pub(super) async fn subscribe(&self, runtime: &impl Runtime) -> Result<Subscription, NodeError> {
        let session = self.topology.open(runtime).await?;
        let messages = session.channel.consume(DEAD_LETTERS, "operator").await?;
        Ok(Subscription { session, urgent: None, messages })
    }

    pub(super) async fn take_all(self, runtime: impl Runtime, first: Subscription) {
        let mut subscription = first;
        loop {
            while let Some(letter) = subscription.next().await {
                if let Some(job) = self.jobs.read(&letter.body) {
                    self.recorder.dead_lettered(runtime.now(), job.id);
                }
                if subscription.session.channel.acknowledge(letter.delivery_tag, false).is_err() {
                    break;
                }
            }
            subscription = again(&runtime, || self.subscribe(&runtime)).await;
        }
    }
}
