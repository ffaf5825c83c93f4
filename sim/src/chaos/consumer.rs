//! A consumer: works on one delivery after the other, and answers each as its message wants.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_broker::client::{ClientError, Consumer, Delivery};

use super::client::{Client, Session};
use super::scene::Scene;
use super::workload::Answer;
use crate::fault::{ConsumerPlan, Moment};
use crate::history::{ConsumerId, QueueId, identify_body};
use crate::world::{SimulatedRuntime, Sleep};

/// Consumes as `plan` says, in one life of its node.
pub(super) async fn consume(scene: Arc<Scene>, runtime: SimulatedRuntime, plan: ConsumerPlan) {
    let client = Client::new(&scene, runtime, &plan.name);
    loop {
        if let Ok(session) = client.open(&plan.queue).await {
            // However it ends, the next thing is to connect again.
            let _ = subscribe(&client, &session, &plan).await;
        }
        client.wait().await;
    }
}

/// Ends when the connection does, or is to.
async fn subscribe(client: &Client, session: &Session, plan: &ConsumerPlan) -> Result<(), ClientError> {
    let Session { channel, log, .. } = session;
    let asked = log.ask();
    let set = channel.set_prefetch(plan.prefetch).await;
    asked.ended(&set);
    set.inspect_err(|_| log.lost())?;
    let queue = client.scene.queues[&plan.queue];
    let (consumer_id, consuming) = log.consume(queue, plan.prefetch, false);
    let started = channel.consume(&plan.queue, &plan.name).await;
    consuming.ended(&started);
    let consumer = started.inspect_err(|_| log.lost())?;
    let work =
        Work { client, session, plan, queue, consumer_id, waiting: VecDeque::new(), timer: None, ignores: false };
    work.run(consumer).await;
    Ok(())
}

/// Working over one connection.
struct Work<'a> {
    client: &'a Client,
    session: &'a Session,
    plan: &'a ConsumerPlan,
    queue: QueueId,
    consumer_id: ConsumerId,
    /// What was delivered and is not worked on yet, but for the first, which is.
    waiting: VecDeque<Delivery>,
    /// When the work on the first is done.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether it holds something that it does not answer.
    ignores: bool,
}

impl Work<'_> {
    async fn run(mut self, mut consumer: Consumer) {
        loop {
            let is_done = async {
                match &mut self.timer {
                    Some(timer) => timer.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                delivery = consumer.next() => match delivery {
                    Some(delivery) => self.receive(delivery).await,
                    None => return self.session.log.lost(),
                },
                () = is_done => self.finish().await,
                // Closing the connection gives back what it would never answer.
                () = self.client.scene.healed(), if self.ignores => return self.session.close(),
                () = self.client.asked_to_restart() => return self.session.close(),
            }
        }
    }

    async fn receive(&mut self, delivery: Delivery) {
        self.session.log.delivered(self.queue, Some(self.consumer_id), &delivery);
        self.waiting.push_back(delivery);
        self.client.scene.on_client(&self.client.name, |client| client.in_hand += 1);
        self.client.scene.moments.reach(Moment::AfterDelivery, &self.client.name).await;
        self.begin();
    }

    /// Begins to work on the first delivery, unless that has begun.
    fn begin(&mut self) {
        if self.timer.is_some() || self.waiting.is_empty() {
            return;
        }
        let (now, service) = (self.client.runtime.now(), Duration::from_micros(self.plan.service_us));
        let done_at = self.client.scene.on_client(&self.client.name, |client| {
            let factor = client.slow.filter(|(_, until)| *until > now).map_or(1, |(factor, _)| factor);
            let begins_at = now.max(client.hung_until);
            client.held_up += u64::from(begins_at > now || factor > 1);
            client.due_at = begins_at + service * factor;
            client.due_at
        });
        self.timer = Some(Box::pin(self.client.runtime.sleep_until(done_at)));
    }

    /// Whether it hangs with the work all but done; then it goes on later.
    fn is_hung(&mut self) -> bool {
        let (name, now) = (&self.client.name, self.client.runtime.now());
        let hung_until = self.client.scene.on_client(name, |client| {
            client.held_up += u64::from(client.hung_until > now);
            client.hung_until
        });
        let is_hung = hung_until > now;
        if is_hung {
            self.timer = Some(Box::pin(self.client.runtime.sleep_until(hung_until)));
        }
        is_hung
    }

    async fn finish(&mut self) {
        self.timer = None;
        if self.is_hung() {
            return;
        }
        let Some(delivery) = self.waiting.pop_front() else { return };
        let scene = &self.client.scene;
        let answer = scene.lock().workload.answer(self.queue, identify_body(&delivery.body));
        scene.moments.reach(Moment::BeforeAck, &self.client.name).await;
        if answer == Answer::Crash && scene.suicides.send(self.client.name.clone()).is_ok() {
            // The crash comes before this does.
            return std::future::pending().await;
        }
        self.answer(delivery.delivery_tag, answer);
        if answer != Answer::Nothing {
            scene.on_client(&self.client.name, |client| client.in_hand -= 1);
        }
        self.begin();
    }

    fn answer(&mut self, tag: u64, answer: Answer) {
        let Session { channel, log, .. } = self.session;
        let acknowledge = || {
            let operation = log.acknowledge(tag, self.plan.multiple);
            (operation, channel.acknowledge(tag, self.plan.multiple))
        };
        let reject = |requeue| (log.reject(tag, false, requeue), channel.reject(tag, requeue));
        let (operation, sent) = match answer {
            Answer::Ack => acknowledge(),
            Answer::AckTwice => {
                drop(acknowledge());
                acknowledge()
            }
            Answer::Requeue => reject(true),
            Answer::Reject => reject(false),
            Answer::Crash | Answer::Nothing => {
                self.ignores = true;
                return;
            }
        };
        // What was sent has no answer, so it never ends; what was not is known to have failed.
        if sent.is_err() {
            operation.ended(&sent);
        }
    }
}
