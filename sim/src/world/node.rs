//! Nodes, and the lives they live one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::listener::Backlog;

/// How a node dies, as its peers see it. Its own tasks are dropped in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Death {
    /// Its process was killed: what it wrote still arrives, then the end of the stream. Connecting to it is refused.
    Eof,
    /// Its machine was reset: what has not arrived yet is lost, and connections are reset. Connecting is refused.
    Reset,
    /// Its machine is gone: what was sent still arrives, and then nothing, ever. Connecting to it gets no answer
    /// while it is dead. Connections to the former life stay silent even after a restart.
    Silence,
}

impl fmt::Display for Death {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Death::Eof => "eof",
            Death::Reset => "reset",
            Death::Silence => "silence",
        })
    }
}

/// A named machine with an address of its own, over all of its lives.
pub(super) struct Node {
    pub(super) name: Arc<str>,
    pub(super) ip: Ipv4Addr,
    pub(super) state: NodeState,
    pub(super) lives: u32,
    /// How many connections it has asked for.
    pub(super) connects: u64,
    pub(super) listeners: BTreeMap<u16, Arc<Backlog>>,
    pub(super) vitals: Arc<Vitals>,
    next_port: u16,
}

pub(super) enum NodeState {
    Running(Arc<Life>),
    Dead(Death),
}

/// One life of a node, from its start to its crash.
pub(super) struct Life {
    pub(super) name: Arc<str>,
    pub(super) ip: Ipv4Addr,
    /// Where its tasks run; killed with it.
    pub(super) tasks: madsim::runtime::NodeHandle,
    /// The node's.
    pub(super) vitals: Arc<Vitals>,
}

/// What a node's connections do, over all of its lives.
#[derive(Default)]
pub(super) struct Vitals {
    pub(super) segments_sent: AtomicU64,
    pub(super) segments_sent_to: AtomicU64,
    pub(super) blocked_writes: AtomicU64,
    /// It reads nothing.
    pub(super) is_deaf: AtomicBool,
}

/// What a node's connections have done so far, over all of its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Segments that it sent.
    pub segments_sent: u64,
    /// Segments that were sent to it, whether they have arrived or not.
    pub segments_sent_to: u64,
    /// How often a write of its found the window full.
    pub blocked_writes: u64,
}

impl Vitals {
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            segments_sent: self.segments_sent.load(Ordering::Relaxed),
            segments_sent_to: self.segments_sent_to.load(Ordering::Relaxed),
            blocked_writes: self.blocked_writes.load(Ordering::Relaxed),
        }
    }
}

impl Node {
    /// The first port of the dynamic range (RFC 6335, section 6), from which free ports are taken.
    const FIRST_DYNAMIC_PORT: u16 = 49_152;

    pub(super) fn new(name: Arc<str>, ip: Ipv4Addr) -> Self {
        Node {
            name,
            ip,
            state: NodeState::Dead(Death::Eof),
            lives: 0,
            connects: 0,
            listeners: BTreeMap::new(),
            vitals: Arc::default(),
            next_port: Self::FIRST_DYNAMIC_PORT,
        }
    }

    /// The life it lives now.
    pub(super) fn life(&self) -> Option<&Arc<Life>> {
        match &self.state {
            NodeState::Running(life) => Some(life),
            NodeState::Dead(_) => None,
        }
    }

    /// A port on which nobody listens. `None` if there is none left.
    pub(super) fn free_port(&mut self) -> Option<u16> {
        for _ in Self::FIRST_DYNAMIC_PORT..=u16::MAX {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(Self::FIRST_DYNAMIC_PORT);
            if !self.listeners.contains_key(&port) {
                return Some(port);
            }
        }
        None
    }
}

impl Life {
    pub(super) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((self.ip, port))
    }
}
