//! A producer: publishes its messages at their times, and has them confirmed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::client::{ClientError, Confirmation};
use handoff_broker::{Runtime, Timestamp};

use super::client::{Client, Session};
use super::scene::Scene;
use crate::fault::{Moment, ProducerPlan};
use crate::history::{MessageId, Operation, QueueId};
use crate::world::SimulatedRuntime;

/// Publishes what producer `number` of the plan has left, from one life of its node.
pub(super) async fn produce(scene: Arc<Scene>, runtime: SimulatedRuntime, number: usize) {
    let plan = scene.plan.producers[number].clone();
    let client = Client::new(&scene, runtime, &plan.name);
    loop {
        scene.lock().workload.restart_producer(number, plan.resends);
        if scene.lock().workload.next_message(number).is_none() {
            return;
        }
        if let Ok(session) = client.open(&plan.queue).await {
            Publishing::new(&client, &session, number, &plan).run().await;
        }
        client.wait().await;
    }
}

/// Publishing over one connection.
struct Publishing<'a> {
    client: &'a Client,
    session: &'a Session,
    number: usize,
    plan: &'a ProducerPlan,
    queue: QueueId,
    /// In the order in which they were published, which is the order in which they are confirmed.
    unconfirmed: VecDeque<(MessageId, Operation, Confirmation)>,
    last_published: Timestamp,
}

impl<'a> Publishing<'a> {
    fn new(client: &'a Client, session: &'a Session, number: usize, plan: &'a ProducerPlan) -> Self {
        Publishing {
            client,
            session,
            number,
            plan,
            queue: client.scene.queues[&plan.queue],
            unconfirmed: VecDeque::new(),
            last_published: client.runtime.now(),
        }
    }

    /// Ends when everything is published and answered, or the connection is over.
    async fn run(&mut self) {
        let selecting = self.session.log.ask();
        let selected = self.session.channel.select_confirms().await;
        selecting.ended(&selected);
        let result = if selected.is_ok() { self.publish_all().await } else { selected };
        if result.is_err() {
            self.session.log.lost();
            self.give_up().await;
        }
    }

    async fn publish_all(&mut self) -> Result<(), ClientError> {
        loop {
            let next = self.next_publish();
            if next.is_none() && self.unconfirmed.is_empty() {
                return Ok(());
            }
            let confirmed = async {
                match self.unconfirmed.front_mut() {
                    Some((_, _, confirmation)) => confirmation.await,
                    None => std::future::pending().await,
                }
            };
            let due = async {
                match &next {
                    Some((_, at)) => self.client.runtime.sleep_until(*at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                confirmed = confirmed => self.settle(confirmed)?,
                () = due => {
                    if let Some((id, _)) = next {
                        self.publish(id).await?;
                    }
                }
                () = self.client.asked_to_restart() => {
                    self.session.close();
                    self.give_up().await;
                    return Ok(());
                }
            }
        }
    }

    /// The next message and its time, unless too many wait for their confirm.
    fn next_publish(&self) -> Option<(MessageId, Timestamp)> {
        if self.unconfirmed.len() >= usize::from(self.plan.in_flight) {
            return None;
        }
        let (id, gap_us) = self.client.scene.lock().workload.next_message(self.number)?;
        let due_at = self.last_published + Duration::from_micros(gap_us);
        self.client.scene.on_client(&self.client.name, |client| client.due_at = due_at);
        Some((id, due_at))
    }

    async fn publish(&mut self, id: MessageId) -> Result<(), ClientError> {
        let scene = &self.client.scene;
        let outgoing = scene.lock().workload.send(id);
        let operation = self.session.log.publish(self.queue, outgoing.id, outgoing.digest);
        let routing_key = self.plan.queue.as_bytes();
        self.last_published = self.client.runtime.now();
        match self.session.channel.publish("", routing_key, &outgoing.properties, &outgoing.body) {
            Ok(confirmation) => {
                self.unconfirmed.push_back((id, operation, confirmation));
                scene.on_client(&self.client.name, |client| client.unconfirmed += 1);
                scene.moments.reach(Moment::AfterPublish, &self.client.name).await;
                Ok(())
            }
            Err(error) => {
                operation.ended(&Err::<(), _>(error.clone()));
                scene.lock().workload.unsend(id);
                Err(error)
            }
        }
    }

    /// The oldest publish was answered, or the connection is over.
    fn settle(&mut self, confirmed: Result<(), ClientError>) -> Result<(), ClientError> {
        let Some((id, operation, _)) = self.unconfirmed.pop_front() else { return Ok(()) };
        operation.ended(&confirmed);
        let scene = &self.client.scene;
        scene.on_client(&self.client.name, |client| client.unconfirmed -= 1);
        match confirmed {
            Err(error @ ClientError::Interrupted { .. }) => Err(error),
            // A message that was refused is the producer's loss, and it knows.
            Ok(()) | Err(_) => {
                scene.lock().workload.settle(id);
                Ok(())
            }
        }
    }

    /// The connection is over: everything that waits has ended, one way or the other.
    async fn give_up(&mut self) {
        while let Some((id, operation, confirmation)) = self.unconfirmed.pop_front() {
            let confirmed = confirmation.await;
            operation.ended(&confirmed);
            if !matches!(confirmed, Err(ClientError::Interrupted { .. })) {
                self.client.scene.lock().workload.settle(id);
            }
        }
    }
}
