//! What the HTTP port sees of the broker it belongs to.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::access::AccessControl;
use handoff_broker::core::Broker;
use handoff_broker::server::{Server, Snapshot};
use handoff_broker::{Runtime, Timestamp, TokioRuntime};

/// A broker, with what it was started with.
pub struct View {
    server: Server<Broker>,
    access: Arc<AccessControl>,
    monitors: BTreeSet<String>,
    listeners: Vec<Listening>,
    clock: TokioRuntime,
    started: Timestamp,
}

/// Where the broker listens for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// RabbitMQ's name of the protocol: `amqp`, `amqp/ssl`, `http`.
    pub protocol: &'static str,
    /// The address, with the port that was taken.
    pub address: SocketAddr,
}

impl View {
    /// A view of `server`, for users of `access` that `monitors` names.
    pub fn new(
        server: Server<Broker>,
        access: Arc<AccessControl>,
        monitors: BTreeSet<String>,
        listeners: Vec<Listening>,
        clock: TokioRuntime,
    ) -> Self {
        View { server, access, monitors, listeners, clock, started: clock.now() }
    }

    /// Everything, at this instant.
    pub(super) fn look(&self) -> Snapshot {
        self.server.snapshot()
    }

    /// Whether the broker was asked to leave.
    pub(super) fn is_stopping(&self) -> bool {
        self.server.is_stopping()
    }

    pub(super) fn access(&self) -> &AccessControl {
        &self.access
    }

    pub(super) fn may_monitor(&self, user: &str) -> bool {
        self.monitors.contains(user)
    }

    pub(super) fn listeners(&self) -> &[Listening] {
        &self.listeners
    }

    /// Whether connections accepted at `address` are encrypted.
    pub(super) fn is_encrypted(&self, address: SocketAddr) -> bool {
        self.listeners.iter().any(|listening| listening.address == address && listening.protocol == AMQP_OVER_TLS)
    }

    /// How long the broker has run.
    pub(super) fn uptime(&self) -> Duration {
        self.clock.now().since(self.started)
    }
}

/// RabbitMQ's name of AMQP in the clear.
pub const AMQP: &str = "amqp";
/// RabbitMQ's name of AMQP over TLS.
pub const AMQP_OVER_TLS: &str = "amqp/ssl";
/// RabbitMQ's name of the HTTP port.
pub const HTTP: &str = "http";
/// The log baseline, which RabbitMQ has no name for.
pub const KAFKA: &str = "kafka";
