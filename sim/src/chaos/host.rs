//! The broker's node: one life after the other, each with nothing in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use handoff_broker::core::{Command, Effect, Machine, QueueCounts, Refusal, Reply};
use handoff_broker::server::Server;
use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;

use super::moments::Moments;
use super::scene::Scene;
use super::silence::Silence;
use crate::defect::Defective;
use crate::fault::{Moment, Plan};
use crate::history::Observed;

/// One life of the broker.
pub(super) struct Host {
    server: Server<Watched>,
    is_over: Arc<AtomicBool>,
}

impl Host {
    /// Starts a new, empty broker.
    pub fn start(scene: &Arc<Scene>) {
        let is_over = Arc::new(AtomicBool::new(false));
        let machine = Watched {
            observed: Observed::new(Defective::new(scene.plan.defect), &scene.recorder),
            moments: scene.moments.clone(),
            silence: scene.silence.clone(),
            is_over: is_over.clone(),
        };
        let server = Server::new(machine, scene.server_options());
        scene.lock().host = Some(Host { server: server.clone(), is_over });
        let (runtime, address) = (scene.stage.node(Plan::BROKER), scene.address);
        scene.stage.node(Plan::BROKER).spawn(async move {
            let listener = runtime.listen(address).await.expect("the broker's port is free in a new life");
            server.serve(runtime, listener).await;
        });
    }

    /// Its life is about to end: what its tasks do while they are taken down is nobody's business.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// All queues and their counts.
    pub fn counts(&self) -> Vec<(String, QueueCounts)> {
        let owned = |(name, counts): (&str, QueueCounts)| (name.to_owned(), counts);
        self.server.inspect(|machine: &Watched| machine.counts().map(owned).collect())
    }
}

/// The observed broker, until the end of its life.
struct Watched {
    observed: Observed<Defective>,
    moments: Arc<Moments>,
    silence: Arc<Silence>,
    is_over: Arc<AtomicBool>,
}

impl Watched {
    fn counts(&self) -> impl Iterator<Item = (&str, QueueCounts)> {
        self.observed.machine().broker().queues()
    }

    /// How many messages consumers hold.
    fn held(&self) -> u64 {
        self.counts().map(|(_, counts)| counts.unacknowledged).sum()
    }
}

impl Machine for Watched {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(Reply::Done);
        }
        match command {
            Command::Consume { channel, consumer_tag, .. } => {
                self.silence.consumer_started(channel.connection, consumer_tag);
            }
            Command::CloseConnection { connection } => self.silence.connection_closed(connection),
            _ => {}
        }
        let requeues = match command {
            Command::Reject { requeue, .. } => requeue,
            Command::CloseConnection { .. } | Command::CloseChannel { .. } => true,
            _ => false,
        };
        let held = if requeues { self.held() } else { 0 };
        let reply = self.observed.handle(now, command);
        if requeues && self.held() < held {
            self.moments.pass(Moment::DuringRequeue);
        }
        reply
    }

    fn next_effect(&mut self) -> Option<Effect> {
        if self.is_over.load(Ordering::Relaxed) { None } else { self.observed.next_effect() }
    }

    fn has_urgent_effects(&self) -> bool {
        self.observed.has_urgent_effects()
    }

    fn memory_bytes(&self) -> u64 {
        self.observed.memory_bytes()
    }

    fn deadline(&self) -> Option<Timestamp> {
        if self.is_over.load(Ordering::Relaxed) { None } else { self.observed.deadline() }
    }

    fn expire(&mut self, now: Timestamp) {
        if !self.is_over.load(Ordering::Relaxed) {
            self.observed.expire(now);
        }
    }
}
