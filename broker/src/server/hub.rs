//! What all connections share: the machine, and each connection's output.
//!
//! The lock is held while the frames of one read are carried through the core, never while anything is awaited.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::amqp::Output;
use crate::core::{ChannelId, Command, ConnectionId, Effect, Machine};
use crate::time::Timestamp;

/// When this much waits for a client that does not read, its deliveries stay in their queues.
const PAUSE_ABOVE_BYTES: usize = 256 * 1024;

/// The shared state of a server.
pub(super) struct Hub<M> {
    /// The core, or what stands around it.
    pub machine: M,
    peers: BTreeMap<ConnectionId, Peer>,
    joined: u64,
    max_connections: usize,
    stopping: bool,
    /// Who waits for the server to stop, or to be empty.
    waiting: Vec<Waker>,
    timer: TimerState,
}

/// What is known of the server's timer.
#[derive(Default)]
struct TimerState {
    is_claimed: bool,
    /// When it fires, if it is set.
    fires_at: Option<Timestamp>,
    waker: Option<Waker>,
}

/// A connection, as the others see it.
pub(super) struct Peer {
    /// What waits to be sent to it.
    pub output: Output,
    /// Its task; taken when it is woken, so that many deliveries wake it once.
    waker: Option<Waker>,
    /// Whether the core may deliver to it.
    writable: bool,
}

impl<M: Machine> Hub<M> {
    /// The machine, and the output of connection `id`, if it is still here.
    pub fn parts(&mut self, id: ConnectionId) -> Option<(&mut M, &mut Peer)> {
        self.peers.get_mut(&id).map(|peer| (&mut self.machine, peer))
    }

    /// Carries out what the core wants done: writes deliveries, wakes those who have something to send.
    pub fn route_effects(&mut self, now: Timestamp) {
        while let Some(effect) = self.machine.next_effect() {
            match effect {
                Effect::Deliver { channel, consumer_tag, delivery } => {
                    self.write(now, channel, |output| output.deliver(channel.number, &consumer_tag, &delivery));
                }
                Effect::ConsumerCancelled { channel, consumer_tag } => {
                    self.write(now, channel, |output| output.consumer_cancelled(channel.number, &consumer_tag));
                }
                Effect::Died { .. } | Effect::QueueExpired { .. } => {}
            }
        }
        self.note_deadline();
    }

    /// Wakes the timer if it would fire too late. One that would fire too early is left to do so: far fewer timers are
    /// set than if it was moved each time.
    fn note_deadline(&mut self) {
        let Some(deadline) = self.machine.deadline() else { return };
        if self.timer.fires_at.is_none_or(|fires_at| deadline < fires_at)
            && let Some(waker) = self.timer.waker.take()
        {
            waker.wake();
        }
    }

    /// Whether the caller may keep the time: the first one that asks.
    pub fn claim_timer(&mut self) -> bool {
        !std::mem::replace(&mut self.timer.is_claimed, true)
    }

    /// Lets the core do what is due.
    pub fn expire(&mut self, now: Timestamp) {
        if self.machine.deadline().is_some_and(|deadline| deadline <= now) {
            self.machine.expire(now);
            self.route_effects(now);
        }
    }

    /// Says when the timer has to fire, and remembers whom to wake if that changes.
    pub fn set_timer(&mut self, context: &Context<'_>) -> Timestamp {
        self.timer.fires_at = self.machine.deadline();
        self.timer.waker = Some(context.waker().clone());
        self.timer.fires_at.unwrap_or(Timestamp::NEVER)
    }

    /// Appends to the output of a channel's connection; pauses its deliveries when too much waits there.
    fn write(&mut self, now: Timestamp, channel: ChannelId, append: impl FnOnce(&mut Output)) {
        let Some(peer) = self.peers.get_mut(&channel.connection) else { return };
        append(&mut peer.output);
        peer.wake();
        if peer.writable && peer.output.pending_bytes() > PAUSE_ABOVE_BYTES {
            self.set_writable(now, channel.connection, false);
        }
    }

    /// Everything that waited for `connection` was taken to be sent: deliveries may go on.
    pub fn drained(&mut self, now: Timestamp, connection: ConnectionId) {
        if self.peers.get(&connection).is_some_and(|peer| !peer.writable) {
            self.set_writable(now, connection, true);
            self.route_effects(now);
        }
    }

    /// Connection `id` has ended.
    pub fn leave(&mut self, id: ConnectionId) {
        self.peers.remove(&id);
        if self.peers.is_empty() {
            self.wake_waiting();
        }
    }

    /// Whether connections are asked to close.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    fn set_writable(&mut self, now: Timestamp, connection: ConnectionId, writable: bool) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.writable = writable;
        }
        let set = self.machine.handle(now, Command::SetWritable { connection, writable });
        debug_assert!(set.is_ok(), "pausing a connection is never refused");
    }

    fn wake_waiting(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl Peer {
    /// Asks to be woken when there is something to send.
    pub fn listen(&mut self, context: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => self.waker = Some(context.waker().clone()),
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A [`Hub`] in many hands.
pub(super) struct SharedHub<M>(Arc<Mutex<Hub<M>>>);

impl<M> Clone for SharedHub<M> {
    fn clone(&self) -> Self {
        SharedHub(self.0.clone())
    }
}

impl<M: Machine> SharedHub<M> {
    /// A hub without connections.
    pub fn new(machine: M, max_connections: usize) -> Self {
        SharedHub(Arc::new(Mutex::new(Hub {
            machine,
            peers: BTreeMap::new(),
            joined: 0,
            max_connections,
            stopping: false,
            waiting: Vec::new(),
            timer: TimerState::default(),
        })))
    }

    /// A panic in one connection's task must not take the others down: what it left is whole between two commands.
    pub fn lock(&self) -> MutexGuard<'_, Hub<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a connection, unless there are too many or the server is stopping.
    pub fn join(&self, frame_max: u32) -> Option<ConnectionId> {
        let mut hub = self.lock();
        if hub.peers.len() >= hub.max_connections || hub.stopping {
            return None;
        }
        hub.joined += 1;
        let id = ConnectionId(hub.joined);
        hub.peers.insert(id, Peer { output: Output::new(frame_max), waker: None, writable: true });
        Some(id)
    }

    /// Asks every connection to close.
    pub fn stop(&self) {
        let mut hub = self.lock();
        hub.stopping = true;
        hub.peers.values_mut().for_each(Peer::wake);
        hub.wake_waiting();
    }

    /// Completes when the server is asked to stop.
    pub async fn stopping(&self) {
        self.wait_until(|hub| hub.stopping).await;
    }

    /// Completes when no connection is left.
    pub async fn empty(&self) {
        self.wait_until(|hub| hub.peers.is_empty()).await;
    }

    async fn wait_until(&self, condition: impl Fn(&Hub<M>) -> bool) {
        poll_fn(|context| {
            let mut hub = self.lock();
            if condition(&hub) {
                return Poll::Ready(());
            }
            if !hub.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                hub.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
