//! What everybody in a run shares.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handoff_broker::client::ConnectionOptions;
use handoff_broker::core::{QueueOptions, QueuePolicy};
use handoff_broker::{Timestamp, core, server};
use handoff_scenarios::Stage;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::host::Host;
use super::moments::Moments;
use super::silence::Silence;
use super::sometimes::{Sightings, Sometimes};
use super::workload::Workload;
use crate::fault::{OverflowPlan, Plan, QueuePlan};
use crate::history::{Overflow, Queue, QueueId, Recorder};
use crate::world::SimulatedStage;

/// The port on which the broker listens in each of its lives.
const PORT: u16 = 5672;
/// How long connecting may take. Short, so that whoever asked a machine that is gone finds its successor soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A run in progress.
pub(super) struct Scene {
    pub stage: SimulatedStage,
    pub plan: Plan,
    pub recorder: Recorder,
    pub address: SocketAddr,
    /// By name.
    pub queues: BTreeMap<String, QueueId>,
    pub moments: Arc<Moments>,
    pub silence: Arc<Silence>,
    /// Nodes that ask to be crashed.
    pub suicides: mpsc::UnboundedSender<String>,
    /// By name: clients that are asked to stop in good order and start again.
    restarts: BTreeMap<String, Notify>,
    /// Never has a permit; closed when the faults stop. Unlike tokio's watch, which spreads its waiters at random, it
    /// wakes them in the order in which they came.
    healed: Semaphore,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    pub workload: Workload,
    /// The broker's current life.
    pub host: Option<Host>,
    pub clients: BTreeMap<String, ClientState>,
    pub sightings: Sightings,
}

/// What is known of a client node beside its own tasks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClientState {
    pub connections: u64,
    /// Deliveries that it got and has not answered.
    pub in_hand: u64,
    /// Publishes that were sent and not yet answered.
    pub unconfirmed: u64,
    /// How many faults keep it from running.
    pub down: u32,
    /// Until when it does not work, though it lives.
    pub hung_until: Timestamp,
    /// How many times slower it works, and until when.
    pub slow: Option<(u32, Timestamp)>,
    /// Deliveries whose work came later by that.
    pub held_up: u64,
    /// When it publishes next, or has worked off a delivery; in the past if it waits for others.
    pub due_at: Timestamp,
    /// Until when it stays away, after it was asked to stop.
    pub away_until: Timestamp,
}

impl Scene {
    pub fn new(stage: SimulatedStage, plan: Plan, suicides: mpsc::UnboundedSender<String>) -> Self {
        let clock = stage.clone();
        let recorder = Recorder::new(move || clock.now());
        let queues = record_queues(&plan, &recorder);
        let workload = Workload::new(&plan, &queues);
        let address = SocketAddr::new(stage.listen_address(Plan::BROKER).ip(), PORT);
        let producers = plan.producers.iter().map(|producer| producer.name.clone());
        let consumers = plan.consumers.iter().map(|consumer| consumer.name.clone());
        let restarts = producers.chain(consumers).map(|name| (name, Notify::new())).collect();
        let state = State { workload, host: None, clients: BTreeMap::new(), sightings: Sightings::new() };
        Scene {
            stage,
            plan,
            recorder,
            address,
            queues,
            moments: Arc::default(),
            silence: Arc::default(),
            suicides,
            restarts,
            healed: Semaphore::new(0),
            state: Mutex::new(state),
        }
    }

    /// A world has one thread, so this never waits; a panic ends the run.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a client.
    pub fn on_client<T>(&self, name: &str, change: impl FnOnce(&mut ClientState) -> T) -> T {
        let clients = &mut self.lock().clients;
        match clients.get_mut(name) {
            Some(client) => change(client),
            None => change(clients.entry(name.to_owned()).or_default()),
        }
    }

    /// Asks a client to stop in good order.
    pub fn ask_to_restart(&self, name: &str) {
        // Only its own task waits, so there is no order among those that are woken.
        self.restarts.get(name).into_iter().for_each(Notify::notify_one);
    }

    /// Completes when the client is asked to stop.
    pub async fn asked_to_restart(&self, name: &str) {
        match self.restarts.get(name) {
            Some(restart) => restart.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Something happened that has to happen sometimes.
    pub fn saw(&self, sometimes: Sometimes) {
        *self.lock().sightings.entry(sometimes).or_default() += 1;
    }

    /// The faults stop.
    pub fn heal(&self) {
        self.healed.close();
    }

    /// Completes when the faults stop.
    pub async fn healed(&self) {
        // Closing is the only way in which this ends.
        let _ = self.healed.acquire().await;
    }

    /// How clients log in.
    pub fn connection_options(&self) -> ConnectionOptions {
        ConnectionOptions {
            heartbeat_s: Some(self.plan.heartbeat_s),
            timeout: CONNECT_TIMEOUT,
            ..ConnectionOptions::default()
        }
    }

    /// How the broker serves them.
    pub fn server_options(&self) -> server::ServerOptions {
        let mut options = server::ServerOptions::trusting();
        options.settings.heartbeat = Duration::from_secs(self.plan.heartbeat_s.into());
        options
    }

    /// A queue and before it, where there is one, the queue for its dead letters, with what they are declared with.
    pub fn declarations(&self, queue: &str) -> Vec<(String, QueueOptions)> {
        let find = |name: &str| self.plan.queues.iter().find(|queue| queue.name == name);
        let queue = find(queue);
        let dead = queue.and_then(|queue| queue.dead_letter_queue.as_deref()).and_then(find);
        dead.into_iter().chain(queue).map(|queue| (queue.name.clone(), queue_options(queue))).collect()
    }
}

fn queue_options(queue: &QueuePlan) -> QueueOptions {
    let dead_letter_queue = queue.dead_letter_queue.as_ref();
    let policy = QueuePolicy {
        max_length: queue.max_length,
        overflow: match queue.overflow {
            OverflowPlan::DropHead => core::Overflow::DropHead,
            OverflowPlan::RejectPublish => core::Overflow::RejectPublish,
        },
        delivery_limit: queue.delivery_limit,
        dead_letter_exchange: dead_letter_queue.map(|_| String::new()),
        dead_letter_routing_key: dead_letter_queue.map(|name| name.clone().into_bytes()),
        max_length_bytes: queue.max_length_bytes,
        message_ttl: queue.message_ttl_us.map(Duration::from_micros),
        max_priority: queue.max_priority,
        single_active_consumer: queue.single_active_consumer,
        ..QueuePolicy::default()
    };
    QueueOptions { policy, ..QueueOptions::default() }
}

/// Makes the plan's queues known to the history.
fn record_queues(plan: &Plan, recorder: &Recorder) -> BTreeMap<String, QueueId> {
    let mut queues = BTreeMap::new();
    for planned in &plan.queues {
        let mut queue = Queue::new(&planned.name);
        queue.delivery_limit = planned.delivery_limit;
        queue.max_length = planned.max_length;
        queue.max_length_bytes = planned.max_length_bytes;
        queue.message_ttl = planned.message_ttl_us.map(Duration::from_micros);
        queue.max_priority = planned.max_priority;
        queue.single_active_consumer = planned.single_active_consumer;
        queue.overflow = match planned.overflow {
            OverflowPlan::DropHead => Overflow::DropHead,
            OverflowPlan::RejectPublish => Overflow::RejectPublish,
        };
        queues.insert(planned.name.clone(), recorder.queue(queue));
    }
    for planned in &plan.queues {
        if let Some(dead) = &planned.dead_letter_queue {
            recorder.dead_letters(queues[&planned.name], queues[dead]);
        }
    }
    queues
}
