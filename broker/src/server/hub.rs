//! What all connections share: the virtual hosts with their machines, each connection's output, and the memory that
//! all of it takes.
//!
//! The lock is held while the frames of one read are carried through the core, never while anything is awaited.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::Semaphore;

use super::options::ServerOptions;
use super::peer::{Addresses, Peer};
use super::snapshot::{ConnectionTotals, MemorySnapshot};
use super::timekeeper::TimerState;
use crate::amqp::{Connection, Output};
use crate::core::{ChannelId, Command, ConnectionId, Effect, Machine};
use crate::time::Timestamp;

/// When this much waits for a client that does not read, its deliveries stay in their queues.
const PAUSE_ABOVE_BYTES: usize = 256 * 1024;
/// How many logins are checked at the same time.
const LOGIN_CHECKS: usize = 1;

/// The shared state of a server.
pub(super) struct Hub<M> {
    pub hosts: Vec<VirtualHost<M>>,
    pub peers: BTreeMap<ConnectionId, Peer>,
    pub totals: ConnectionTotals,
    pub memory: MemorySnapshot,
    pub alarms: u64,
    /// Bytes of bodies that are not whole.
    pub unfinished_bytes: u64,
    pub max_connections: usize,
    stopping: bool,
    /// Who waits for the server to stop, or to be empty.
    waiting: Vec<Waker>,
    pub timer: TimerState,
}

/// A virtual host: its name, and its core or what stands around it.
pub(super) struct VirtualHost<M> {
    pub name: Arc<str>,
    pub machine: M,
}

impl<M: Machine> Hub<M> {
    /// The machine of the virtual host in this place.
    pub fn machine(&self, host: usize) -> &M {
        &self.hosts[host].machine
    }

    /// The machine and the output of connection `id`, if both are still here.
    pub fn parts(&mut self, id: ConnectionId) -> Option<(&mut M, &mut Peer)> {
        let peer = self.peers.get_mut(&id)?;
        let host = self.hosts.get_mut(peer.host)?;
        Some((&mut host.machine, peer))
    }

    /// Carries out what the core of connection `id` wants done: writes deliveries, wakes those who have something to
    /// send.
    pub fn route_effects(&mut self, now: Timestamp, id: ConnectionId) {
        if let Some(host) = self.peers.get(&id).map(|peer| peer.host) {
            self.route_effects_of(now, host);
        }
    }

    /// The same for the core in this place.
    pub fn route_effects_of(&mut self, now: Timestamp, host: usize) {
        self.carry_out(now, host);
        self.note_deadline(host);
    }

    /// The same without a look at the core's deadline.
    pub fn carry_out(&mut self, now: Timestamp, host: usize) {
        let Hub { hosts, peers, .. } = self;
        let Some(VirtualHost { machine, .. }) = hosts.get_mut(host) else { return };
        loop {
            let effect = machine.next_effect();
            // Looked at where it is: moving it costs as much as writing the delivery.
            match &effect {
                None => return,
                Some(Effect::Deliver { channel, consumer_tag, delivery }) => {
                    write(now, machine, peers, *channel, |output| {
                        output.deliver(channel.number, consumer_tag, delivery);
                    });
                }
                Some(Effect::ConsumerCancelled { channel, consumer_tag }) => {
                    write(now, machine, peers, *channel, |output| {
                        output.consumer_cancelled(channel.number, consumer_tag);
                    });
                }
                Some(Effect::Died { .. } | Effect::QueueExpired { .. }) => {}
            }
        }
    }

    /// Everything that waited for `connection` was taken to be sent: deliveries may go on.
    pub fn drained(&mut self, now: Timestamp, connection: ConnectionId) {
        if let Some((machine, peer)) = self.parts(connection)
            && !peer.writable
        {
            set_writable(machine, now, connection, peer, true);
            self.route_effects(now, connection);
        }
    }

    /// How many bytes wait to be sent to connection `id`.
    pub fn waiting_bytes(&self, id: ConnectionId) -> usize {
        self.peers.get(&id).map_or(0, |peer| peer.output.pending_bytes())
    }

    /// Notes how far a connection has come.
    pub fn note_progress(&mut self, connection: &Connection) {
        let Some(peer) = self.peers.get_mut(&connection.id()) else { return };
        peer.state = connection.state();
        if peer.client.is_none() {
            peer.client = connection.client().cloned();
            peer.host = connection.virtual_host();
        }
    }

    /// Connection `id` has ended.
    pub fn leave(&mut self, id: ConnectionId) {
        self.note_buffers(id, 0, 0);
        if let Some(peer) = self.peers.remove(&id) {
            self.memory.buffer_bytes -= peer.buffered_bytes;
            self.totals.closed += 1;
            self.count_answers(&peer.output);
        }
        self.is_short_of_memory();
        if self.peers.is_empty() {
            self.wake_waiting();
        }
    }

    /// Whether connections are asked to close.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    fn count_answers(&mut self, output: &Output) {
        let answers = output.answers();
        self.totals.confirmed += answers.confirmed;
        self.totals.returned += answers.returned;
    }

    fn wake_waiting(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

/// Appends to the output of a channel's connection; pauses its deliveries when too much waits there.
fn write<M: Machine>(
    now: Timestamp,
    machine: &mut M,
    peers: &mut BTreeMap<ConnectionId, Peer>,
    channel: ChannelId,
    append: impl FnOnce(&mut Output),
) {
    let Some(peer) = peers.get_mut(&channel.connection) else { return };
    append(&mut peer.output);
    peer.wake();
    if peer.writable && peer.output.pending_bytes() > PAUSE_ABOVE_BYTES {
        set_writable(machine, now, channel.connection, peer, false);
    }
}

/// Lets the core deliver to a connection, or not.
fn set_writable<M: Machine>(
    machine: &mut M,
    now: Timestamp,
    connection: ConnectionId,
    peer: &mut Peer,
    writable: bool,
) {
    peer.writable = writable;
    let set = machine.handle(now, Command::SetWritable { connection, writable });
    debug_assert!(set.is_ok(), "pausing a connection is never refused");
}

/// A [`Hub`] in many hands.
pub(super) struct SharedHub<M> {
    hub: Arc<Mutex<Hub<M>>>,
    /// Has as many permits as logins may be checked at the same time.
    login_checks: Arc<Semaphore>,
}

impl<M> Clone for SharedHub<M> {
    fn clone(&self) -> Self {
        SharedHub { hub: self.hub.clone(), login_checks: self.login_checks.clone() }
    }
}

impl<M: Machine> SharedHub<M> {
    /// A hub without connections.
    pub fn new(hosts: Vec<(Arc<str>, M)>, options: &ServerOptions) -> Self {
        let memory =
            MemorySnapshot { message_bytes: 0, buffer_bytes: 0, watermark: options.memory, is_blocking: false };
        let hub = Hub {
            hosts: hosts.into_iter().map(|(name, machine)| VirtualHost { name, machine }).collect(),
            peers: BTreeMap::new(),
            totals: ConnectionTotals::default(),
            memory,
            alarms: 0,
            unfinished_bytes: 0,
            max_connections: options.max_connections,
            stopping: false,
            waiting: Vec::new(),
            timer: TimerState::default(),
        };
        let login_checks = Arc::new(Semaphore::new(LOGIN_CHECKS));
        SharedHub { hub: Arc::new(Mutex::new(hub)), login_checks }
    }

    /// A panic in one connection's task must not take the others down: what it left is whole between two commands.
    pub fn lock(&self) -> MutexGuard<'_, Hub<M>> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who wants to have a login checked takes a permit first: slow checks in great number would take all processors
    /// and much memory.
    pub fn login_checks(&self) -> Arc<Semaphore> {
        self.login_checks.clone()
    }

    /// Admits a connection, unless there are too many or the server is stopping.
    pub fn join(&self, frame_max: u32, addresses: Addresses, now: Timestamp) -> Option<ConnectionId> {
        let mut hub = self.lock();
        if hub.peers.len() >= hub.max_connections || hub.stopping {
            return None;
        }
        hub.totals.opened += 1;
        let id = ConnectionId(hub.totals.opened);
        hub.peers.insert(id, Peer::new(frame_max, addresses, now));
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
