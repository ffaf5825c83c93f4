//! What all nodes of a world share: the seed, the clock, the trace, the network and the scheduler.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tokio::sync::mpsc;

use super::clock::Clock;
use super::connection::{Connection, ConnectionId, Side};
use super::error::WorldError;
use super::listener::Backlog;
use super::lock;
use super::network::Network;
use super::node::{Death, Life, Node, NodeState};
use super::options::LinkOptions;
use super::trace::{Event, Trace};

/// One for each world. Locks are taken in the order network, connection or backlog, clock or trace.
pub(super) struct Kernel {
    pub(super) seed: u64,
    pub(super) clock: Clock,
    pub(super) trace: Trace,
    pub(super) network: Mutex<Network>,
    pub(super) scheduler: madsim::runtime::Handle,
    /// Where a task's panic is reported; the first one ends the world.
    pub(super) failures: mpsc::UnboundedSender<WorldError>,
}

impl Kernel {
    /// Adds an event to the trace.
    pub(super) fn record(&self, node: &str, event: &Event<'_>) {
        self.trace.record(self.clock.now(), node, event);
    }

    /// The current life of the node called `name`; a new one if it has none.
    pub(super) fn start(&self, name: &str) -> Arc<Life> {
        let mut network = lock(&self.network);
        let node = network.node(name);
        if let Some(life) = node.life() {
            return life.clone();
        }
        let tasks = self.scheduler.create_node().name(name).build();
        let life = Arc::new(Life { name: node.name.clone(), ip: node.ip, tasks, vitals: node.vitals.clone() });
        node.lives += 1;
        node.state = NodeState::Running(life.clone());
        self.record(name, &Event::Started { life: node.lives });
        life
    }

    /// Ends the life of the node called `name`, if it has one.
    pub(super) fn crash(&self, name: &str, death: Death) {
        let mut network = lock(&self.network);
        let Some(node) = network.nodes.get_mut(name) else { return };
        let Some(life) = node.life().cloned() else { return };
        node.state = NodeState::Dead(death);
        let listeners = std::mem::take(&mut node.listeners);
        let connections: Vec<_> = network.connections.values().cloned().collect();
        drop(network);

        self.record(name, &Event::Crashed { death });
        self.end_tasks(&life);
        for connection in connections {
            for side in [Side::Client, Side::Server] {
                if Arc::ptr_eq(&connection.lives[side as usize], &life) {
                    connection.close(self, side, death);
                }
            }
        }
        listeners.into_values().for_each(|backlog| backlog.close());
    }

    /// Takes a port for `life`; 0 takes a free one.
    pub(super) fn listen(&self, life: &Arc<Life>, port: u16) -> io::Result<(u16, Arc<Backlog>)> {
        let mut network = lock(&self.network);
        if !network.lives(life) {
            return Err(io::ErrorKind::NetworkDown.into());
        }
        let backlog = Arc::new(Backlog::new(network.options.backlog));
        let node = network.node(&life.name);
        let port = if port == 0 { node.free_port() } else { Some(port) };
        let Some(port) = port.filter(|port| !node.listeners.contains_key(port)) else {
            return Err(io::ErrorKind::AddrInUse.into());
        };
        node.listeners.insert(port, backlog.clone());
        self.record(&life.name, &Event::Listening { address: SocketAddr::from((life.ip, port)) });
        Ok((port, backlog))
    }

    /// Gives a port back, if it is still this backlog that has it.
    pub(super) fn stop_listening(&self, name: &str, port: u16, backlog: &Arc<Backlog>) {
        let mut network = lock(&self.network);
        let Some(node) = network.nodes.get_mut(name) else { return };
        if node.listeners.get(&port).is_some_and(|current| Arc::ptr_eq(current, backlog)) {
            node.listeners.remove(&port);
        }
    }

    /// Forgets a connection that neither end holds any more.
    pub(super) fn forget(&self, id: &ConnectionId) {
        lock(&self.network).connections.remove(id);
    }

    /// Holds what is sent from one node to another.
    pub(super) fn partition(&self, from: &str, to: &str) {
        let mut network = lock(&self.network);
        if network.partition(from, to) {
            self.record(from, &Event::Partitioned { to });
            self.each_link(&network, from, to, |connection, side| connection.hold(self, side));
        }
    }

    /// Lets through what is sent, and was sent, from one node to another.
    pub(super) fn heal(&self, from: &str, to: &str) {
        let mut network = lock(&self.network);
        if network.heal(from, to) {
            self.record(from, &Event::Healed { to });
            self.each_link(&network, from, to, |connection, side| connection.release(self, side));
        }
    }

    /// Kills all nodes, so that every task is dropped.
    pub(super) fn shut_down(&self) {
        let network = lock(&self.network);
        for life in network.nodes.values().filter_map(Node::life) {
            self.end_tasks(life);
        }
        self.clock.clear();
    }

    /// Drops a life's tasks, those that are paused too.
    fn end_tasks(&self, life: &Life) {
        self.scheduler.resume(life.tasks.id());
        self.scheduler.kill(life.tasks.id());
    }

    /// Stops the clock of all tasks of the node called `name`, or lets them go on. False if it has no life.
    pub(super) fn set_paused(&self, name: &str, paused: bool) -> bool {
        let life = lock(&self.network).nodes.get(name).and_then(Node::life).cloned();
        let Some(life) = life else { return false };
        self.record(name, &if paused { Event::Paused } else { Event::Resumed });
        if paused {
            self.scheduler.pause(life.tasks.id());
        } else {
            self.scheduler.resume(life.tasks.id());
        }
        true
    }

    /// The node called `name` reads nothing from now on, or reads again.
    pub(super) fn set_deaf(&self, name: &str, deaf: bool) {
        let mut network = lock(&self.network);
        network.node(name).vitals.is_deaf.store(deaf, Ordering::Relaxed);
        self.record(name, &if deaf { Event::Deaf } else { Event::Hearing });
        for connection in network.connections.values() {
            for side in [Side::Client, Side::Server] {
                if &*connection.lives[side as usize].name == name {
                    connection.wake_reader(side);
                }
            }
        }
    }

    /// Ends all connections of the node called `name` at its end, and says how many there were. The node lives on.
    pub(super) fn cut(&self, name: &str, death: Death) -> usize {
        let connections: Vec<_> = lock(&self.network).connections.values().cloned().collect();
        let mut count = 0;
        for connection in connections {
            for side in [Side::Client, Side::Server] {
                if &*connection.lives[side as usize].name == name && connection.close(self, side, death) {
                    self.record(name, &Event::Cut { connection: &connection.id, death });
                    count += 1;
                }
            }
        }
        count
    }

    /// Changes the links from one node to another, those of connections that stand too.
    pub(super) fn change_links(&self, from: &str, to: &str, change: impl Fn(&mut LinkOptions)) {
        let mut network = lock(&self.network);
        network.options.change_link(from, to, &change);
        self.record(from, &Event::LinkChanged { to });
        self.each_link(&network, from, to, |connection, side| connection.change_options(side, &change));
    }

    fn each_link(&self, network: &Network, from: &str, to: &str, change: impl Fn(&Connection, Side)) {
        for connection in network.connections.values() {
            for side in [Side::Client, Side::Server] {
                let [sender, receiver] = [side, side.peer()].map(|side| &*connection.lives[side as usize].name);
                if (sender, receiver) == (from, to) {
                    change(connection, side);
                }
            }
        }
    }
}

/// The output of `task`, or `None` after a panic, which ends the world.
pub(super) async fn guard<T>(kernel: Arc<Kernel>, node: Arc<str>, task: impl Future<Output = T>) -> Option<T> {
    let mut task = pin!(task);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(panic) => {
            let message = panic_message(&*panic);
            let failure = WorldError::Panicked { node: node.to_string(), at: kernel.clock.now(), message };
            // Nobody listens any more if the world is being taken down.
            let _ = kernel.failures.send(failure);
            Poll::Ready(None)
        }
    })
    .await
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
