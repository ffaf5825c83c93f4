//! What the shell asks a connection, and tells it: who and how far it is, and whether it may be read.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Connection, Phase, Turn};
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::description::{ClientDescription, ConnectionState};
use crate::amqp::fault::Fault;
use crate::amqp::output::Output;
use crate::core::{ConnectionId, Machine};
use crate::time::Timestamp;

impl Connection {
    /// Why it is over or about to be, for the log, if it is this end's or the protocol's doing.
    pub fn end_reason(&self) -> Option<&str> {
        self.end_reason.as_deref()
    }

    /// What comes later is a consequence.
    pub(super) fn note_end(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.end_reason.get_or_insert(reason.into());
    }

    /// Whether nothing can be received now: a login is being checked or was refused, or the client is blocked.
    pub fn is_waiting(&self) -> bool {
        self.is_blocked || matches!(self.phase, Phase::LoggingIn | Phase::Refused)
    }

    /// Whether the client is not read, because it publishes and memory is short.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Whether a message was published since the last time this was asked.
    pub fn take_published(&mut self) -> bool {
        std::mem::take(&mut self.has_published)
    }

    /// Memory is short: nothing more is received until there is enough again. A client that says that it wants to know
    /// is told.
    pub fn block(&mut self, now: Timestamp, output: &mut Output) {
        if self.phase == Phase::Running && !self.is_blocked {
            self.is_blocked = true;
            self.heartbeat.set_deaf(now, true);
            if self.capabilities.connection_blocked {
                output.method(0, &Method::ConnectionBlocked { reason: "low on memory" });
            }
        }
    }

    /// There is enough memory again.
    pub fn unblock(&mut self, now: Timestamp, output: &mut Output) {
        if self.is_blocked {
            self.is_blocked = false;
            self.heartbeat.set_deaf(now, false);
            if self.capabilities.connection_blocked && self.phase == Phase::Running {
                output.method(0, &Method::ConnectionUnblocked {});
            }
        }
    }

    /// The server has no room for the bodies that the client has begun.
    pub fn exhaust<M: Machine>(&mut self, now: Timestamp, machine: &mut M, output: &mut Output) {
        let fault = Fault::new(ReplyCode::ResourceError, "unfinished messages hold too much memory");
        self.fail(fault, 0, (60, 40), &mut Turn::new(now, machine, output));
    }

    /// The user, if one has tried to log in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Its number.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// How far it has come.
    pub fn state(&self) -> ConnectionState {
        match self.phase {
            Phase::Running if self.is_blocked => ConnectionState::Blocked,
            Phase::Running => ConnectionState::Running,
            Phase::Closing | Phase::Finished => ConnectionState::Closing,
            _ => ConnectionState::Handshake,
        }
    }

    /// The place of its virtual host among [`virtual_hosts`](crate::access::AccessControl::virtual_hosts): the core
    /// that the next call has to bring along. 0 until it has opened one.
    pub fn virtual_host(&self) -> usize {
        self.host.index
    }

    /// Who and where the client is, once it has opened a virtual host.
    pub fn client(&self) -> Option<&Arc<ClientDescription>> {
        self.host.client.as_ref()
    }
}
