//! One connection's task: reads, lets the protocol and the core work, writes, keeps the timer.
//!
//! It is a future written by hand, because reading, writing and the timer go on side by side over the same state:
//! each poll does whatever can be done now.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};

use super::account::{note_buffers, settle};
use super::hub::SharedHub;
use crate::access::LoginRefused;
use crate::amqp::{Connection, Settings};
use crate::core::{ConnectionId, Machine};
use crate::runtime::Runtime;
use crate::time::Timestamp;
use crate::transport::Transport;

/// When this much waits for a client that does not read, its requests are not read either: their answers could not
/// be sent. Neither are those that it has sent already.
const DEAF_ABOVE_BYTES: usize = 4 * 1024 * 1024;
/// How many reads and writes one poll may do before others get their turn.
const ROUNDS_A_POLL: usize = 16;

/// A connection from accept to close.
pub(super) struct Session<R: Runtime, S, M: Machine> {
    id: ConnectionId,
    peer: SocketAddr,
    runtime: R,
    transport: Transport<S>,
    hub: SharedHub<M>,
    connection: Connection,
    timer: Option<(Timestamp, Pin<Box<R::Sleep>>)>,
    settings: Arc<Settings>,
    /// The login that is being checked.
    login: Option<PendingLogin>,
    /// Whether the transport may hold frames that came while the connection could not receive them.
    has_leftovers: bool,
    /// How many times memory had become short when this connection gave back what it did not need.
    alarms_seen: u64,
    /// When an ended connection stops waiting for its last bytes to be taken.
    linger_until: Option<Timestamp>,
    /// What became of the stream, if it ended first.
    stream_end: Option<io::Result<()>>,
}

/// A login that is being checked.
type PendingLogin = Pin<Box<dyn Future<Output = Result<(), LoginRefused>> + Send>>;

impl<R: Runtime, S: AsyncRead + AsyncWrite + Unpin, M: Machine> Session<R, S, M> {
    /// Takes over a connection that was accepted from `peer`.
    pub fn new(
        id: ConnectionId,
        peer: SocketAddr,
        runtime: R,
        stream: S,
        hub: SharedHub<M>,
        settings: Arc<Settings>,
    ) -> Self {
        Session {
            id,
            peer,
            connection: Connection::new(id, Arc::clone(&settings), runtime.now()),
            runtime,
            transport: Transport::new(stream),
            hub,
            timer: None,
            settings,
            login: None,
            has_leftovers: false,
            alarms_seen: 0,
            linger_until: None,
            stream_end: None,
        }
    }

    /// Notices that the server wants to stop or has memory again, and asks to be woken when others have written
    /// something for us.
    fn listen(&mut self, context: &Context<'_>) {
        let mut hub = self.hub.lock();
        let (stopping, blocking, alarms) = (hub.is_stopping(), hub.is_blocking(), hub.alarms());
        let now = self.runtime.now();
        let Some((_, peer)) = hub.parts(self.id) else { return };
        peer.listen(context);
        if std::mem::replace(&mut self.alarms_seen, alarms) != alarms {
            self.transport.give_back_room();
            peer.output.give_back_room();
            note_buffers(&mut hub, &self.connection, &self.transport);
        }
        if !blocking
            && self.connection.is_blocked()
            && let Some((_, peer)) = hub.parts(self.id)
        {
            self.connection.unblock(now, &mut peer.output);
            hub.note_progress(&self.connection);
        }
        if stopping && let Some((machine, peer)) = hub.parts(self.id) {
            self.connection.shut_down(now, machine, &mut peer.output);
            hub.route_effects(now, self.id);
        }
    }

    /// Has a login checked, and tells the protocol what came of it. Ready when it did.
    fn poll_login(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(login) = self.connection.take_login() {
            let (access, address) = (Arc::clone(&self.settings.access), self.peer.ip());
            let (checks, runtime) = (self.hub.login_checks(), self.runtime.clone());
            self.login = Some(Box::pin(async move {
                // Never closed, so the permit always comes.
                let _permit = checks.acquire().await;
                runtime.aside(move || access.log_in(&login, address)).await
            }));
        }
        let Some(login) = &mut self.login else { return Poll::Pending };
        let outcome = ready!(login.as_mut().poll(context));
        self.login = None;
        if let Err(refused) = outcome {
            let user = self.connection.user();
            tracing::warn!(connection = self.id.0, peer = %self.peer, user, reason = %refused, "login refused");
        }
        let mut hub = self.hub.lock();
        hub.totals.logins_refused += u64::from(outcome.is_err());
        if let Some((_, peer)) = hub.parts(self.id) {
            self.connection.logged_in(self.runtime.now(), outcome, &mut peer.output);
        }
        Poll::Ready(())
    }

    /// Does what the timer is for. Ready when it fired; the caller asks again, which sets it anew.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.linger_until.unwrap_or_else(|| self.connection.deadline());
        if deadline == Timestamp::NEVER {
            return Poll::Pending;
        }
        // A deadline that moved away is found out when the timer fires: far fewer timers than to move it each time.
        if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
            self.timer = Some((deadline, Box::pin(self.runtime.sleep_until(deadline))));
        }
        if let Some((_, sleep)) = &mut self.timer {
            ready!(sleep.as_mut().poll(context));
        }
        self.timer = None;
        self.transport.give_back_room();
        let now = self.runtime.now();
        let mut hub = self.hub.lock();
        if let Some((machine, peer)) = hub.parts(self.id) {
            self.connection.expire(now, machine, &mut peer.output);
            hub.route_effects(now, self.id);
        }
        Poll::Ready(())
    }

    /// Reads once and lets the protocol work. Ready with false at the end of the stream.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.connection.is_waiting() || self.transport.unsent_bytes() > DEAF_ABOVE_BYTES {
            return Poll::Pending;
        }
        if self.has_leftovers {
            if self.hub.lock().waiting_bytes(self.id) > DEAF_ABOVE_BYTES {
                return Poll::Pending;
            }
            self.work(0);
            return Poll::Ready(Ok(true));
        }
        let received_bytes = ready!(self.transport.poll_receive(context))?;
        if received_bytes > 0 {
            self.work(received_bytes);
        }
        Poll::Ready(Ok(received_bytes > 0))
    }

    /// Carries every whole frame that has come through protocol and core, as long as the connection can receive.
    fn work(&mut self, received_bytes: usize) {
        let now = self.runtime.now();
        let was_open = self.connection.client().is_some();
        self.connection.heard(now);
        let mut hub = self.hub.lock();
        if let Some((_, peer)) = hub.parts(self.id) {
            peer.received_bytes += received_bytes as u64;
        }
        self.has_leftovers = false;
        while let Some((machine, peer)) = hub.parts(self.id) {
            // It does not read the answers, so they cannot be sent.
            if self.connection.is_waiting() || peer.output.pending_bytes() > DEAF_ABOVE_BYTES {
                self.has_leftovers = true;
                break;
            }
            let taken_bytes = self.connection.receive(now, self.transport.received(), machine, &mut peer.output);
            self.transport.consume(taken_bytes);
            let host = peer.host;
            hub.carry_out(now, host);
            if self.connection.take_published()
                && hub.is_short_of_memory()
                && let Some((_, peer)) = hub.parts(self.id)
            {
                self.connection.block(now, &mut peer.output);
            }
            if taken_bytes == 0 || self.transport.received().is_empty() {
                self.has_leftovers = self.connection.is_waiting();
                break;
            }
        }
        if !was_open && let Some(client) = self.connection.client() {
            let (user, virtual_host) = (&*client.user, &*client.virtual_host);
            tracing::info!(connection = self.id.0, peer = %self.peer, user, virtual_host, "connection opened");
        }
        settle(&mut hub, now, &mut self.connection, &self.transport);
    }

    /// Writes once, after taking what waits in the output. Pending when nothing can or need be written.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.transport.unsent_bytes() == 0 {
            let mut hub = self.hub.lock();
            if let Some((_, peer)) = hub.parts(self.id) {
                peer.output.take(self.transport.outgoing());
                hub.drained(self.runtime.now(), self.id);
            }
        }
        self.transport.poll_send(context)
    }

    /// One round of everything. Ready with true if something was done, with false if the stream is over.
    fn poll_round(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let fired = self.poll_timer(context).is_ready() | self.poll_login(context).is_ready();
        let received = self.poll_receive(context)?;
        if received == Poll::Ready(false) {
            return Poll::Ready(Ok(false));
        }
        let sent = self.poll_send(context)?;
        if fired || received.is_ready() || sent.is_ready() { Poll::Ready(Ok(true)) } else { Poll::Pending }
    }

    /// One round of the end of a finished connection: its last bytes are sent, and what still comes is read and
    /// forgotten until the client has closed, for a limited time. Ready with true when it is over.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let until = *self.linger_until.get_or_insert(self.runtime.now() + self.settings.close_timeout);
        if self.runtime.now() >= until {
            return Poll::Ready(true);
        }
        let round = match self.poll_send(context) {
            Poll::Ready(sent) => Poll::Ready(sent.is_err()),
            Poll::Pending if self.transport.unsent_bytes() > 0 => Poll::Pending,
            Poll::Pending => self.transport.poll_farewell(context),
        };
        if round.is_ready() { round } else { self.poll_timer(context).map(|()| false) }
    }
}

impl<R: Runtime, S: AsyncRead + AsyncWrite + Unpin, M: Machine> Future for Session<R, S, M> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.listen(context);
        for _ in 0..ROUNDS_A_POLL {
            if this.connection.is_finished() {
                if ready!(this.poll_close(context)) {
                    return Poll::Ready(());
                }
                continue;
            }
            match ready!(this.poll_round(context)) {
                Ok(true) => {}
                end => {
                    this.stream_end = Some(end.map(drop));
                    return Poll::Ready(());
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<R: Runtime, S, M: Machine> Session<R, S, M> {
    /// One line a connection; not for those that only looked whether somebody listens.
    fn log_end(&self) {
        let (user, id, peer) = (self.connection.user(), self.id.0, self.peer);
        let reason = match (self.connection.end_reason(), &self.stream_end) {
            (Some(reason), _) => reason.to_owned(),
            (None, Some(Ok(()))) => "the client closed the stream".to_owned(),
            (None, Some(Err(error))) => error.to_string(),
            (None, None) => "the server's end".to_owned(),
        };
        match self.connection.client() {
            Some(client) => {
                let virtual_host = &*client.virtual_host;
                tracing::info!(connection = id, %peer, user, virtual_host, reason, "connection closed");
            }
            None if self.connection.end_reason().is_none() => tracing::debug!(connection = id, %peer, reason, "gone"),
            None => tracing::info!(connection = id, %peer, user, reason, "connection ended in its handshake"),
        }
    }
}

impl<R: Runtime, S, M: Machine> Drop for Session<R, S, M> {
    /// However it ends: what the connection held goes back to its queues.
    fn drop(&mut self) {
        self.log_end();
        let now = self.runtime.now();
        let mut hub = self.hub.lock();
        if let Some((machine, _)) = hub.parts(self.id) {
            self.connection.end(now, machine);
            hub.route_effects(now, self.id);
        }
        hub.leave(self.id);
    }
}
