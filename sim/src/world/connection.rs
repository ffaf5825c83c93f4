//! A connection: two ends, and a link from each to the other.

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use xxhash_rust::xxh3::xxh3_64;

use super::kernel::Kernel;
use super::link::{Link, Reception};
use super::lock;
use super::node::{Death, Life};
use super::options::LinkOptions;
use super::trace::Event;
use super::waiter::Waiter;

/// Names a connection by the node that asked for it and how many it had asked for, over all of its lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConnectionId {
    pub(super) client: Arc<str>,
    pub(super) number: u64,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.client, self.number)
    }
}

/// The end that asked, or the one that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    pub(super) fn peer(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

pub(super) struct Connection {
    pub(super) id: ConnectionId,
    /// The lives it connects, by [`Side`].
    pub(super) lives: [Arc<Life>; 2],
    state: Mutex<State>,
}

struct State {
    ends: [End; 2],
    /// Each from the end of its index to the other.
    links: [Link; 2],
}

struct End {
    open: bool,
    finished: bool,
    saw_end: bool,
    reader: Waiter,
    writer: Waiter,
}

impl Default for End {
    fn default() -> Self {
        End { open: true, finished: false, saw_end: false, reader: Waiter::default(), writer: Waiter::default() }
    }
}

impl Connection {
    /// An established connection. `lives` and `links` are the client's, then the server's.
    pub(super) fn new(id: ConnectionId, lives: [Arc<Life>; 2], links: [Link; 2]) -> Self {
        Connection { id, lives, state: Mutex::new(State { ends: Default::default(), links }) }
    }

    pub(super) fn poll_read(
        &self,
        kernel: &Kernel,
        side: Side,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let (mut state, now) = (lock(&self.state), kernel.clock.now());
        let (end, peer_end, link) = state.receiving(side);
        end.check_open()?;
        if self.lives[side as usize].vitals.is_deaf.load(Ordering::Relaxed) {
            end.reader.wait(&kernel.clock, context.waker(), None);
            return Poll::Pending;
        }
        let event = match link.receive(now, buffer) {
            Reception::Nothing => {
                end.reader.wait(&kernel.clock, context.waker(), link.next_arrival());
                return Poll::Pending;
            }
            Reception::Data(bytes) => {
                if link.has_ample_room() {
                    peer_end.writer.wake();
                }
                Some(Event::Received { connection: &self.id, bytes })
            }
            Reception::EndOfStream => end.first_end().then_some(Event::EndOfStream { connection: &self.id }),
            Reception::Reset => {
                if end.first_end() {
                    self.record(kernel, side, &Event::Reset { connection: &self.id });
                }
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
        };
        end.reader.clear();
        if let Some(event) = event {
            self.record(kernel, side, &event);
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(
        &self,
        kernel: &Kernel,
        side: Side,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let (mut state, now) = (lock(&self.state), kernel.clock.now());
        let gone = state.links[side.peer() as usize].gone();
        let (end, peer_end, link) = state.sending(side);
        end.check_open()?;
        if end.finished {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if let Some((arrival, error)) = gone
            && arrival <= now
        {
            return Poll::Ready(Err(error.into()));
        }
        let sent = link.send(now, bytes);
        let [own, peer] = [side, side.peer()].map(|side| &self.lives[side as usize].vitals);
        if sent == 0 {
            own.blocked_writes.fetch_add(1, Ordering::Relaxed);
            end.writer.wait(&kernel.clock, context.waker(), gone.map(|(arrival, _)| arrival));
            return Poll::Pending;
        }
        own.segments_sent.fetch_add(1, Ordering::Relaxed);
        peer.segments_sent_to.fetch_add(1, Ordering::Relaxed);
        end.writer.clear();
        peer_end.reader.expect(&kernel.clock, link.next_arrival());
        let checksum = xxh3_64(&bytes[..sent]);
        self.record(kernel, side, &Event::Sent { connection: &self.id, bytes: sent, checksum });
        Poll::Ready(Ok(sent))
    }

    /// Half-close: the peer reads what was sent, then the end of the stream.
    pub(super) fn finish(&self, kernel: &Kernel, side: Side) -> io::Result<()> {
        let (mut state, now) = (lock(&self.state), kernel.clock.now());
        let (end, peer_end, link) = state.sending(side);
        end.check_open()?;
        if !end.finished {
            end.finished = true;
            link.finish(now);
            peer_end.reader.expect(&kernel.clock, link.next_arrival());
            self.record(kernel, side, &Event::Finished { connection: &self.id });
        }
        Ok(())
    }

    /// Ends one side as `death` says. False if it had ended before.
    pub(super) fn close(&self, kernel: &Kernel, side: Side, death: Death) -> bool {
        let (mut state, now) = (lock(&self.state), kernel.clock.now());
        let (end, _, inbound) = state.receiving(side);
        if !end.open {
            return false;
        }
        end.open = false;
        end.reader.wake();
        end.writer.wake();
        inbound.abandon();
        let (_, peer_end, link) = state.sending(side);
        match death {
            Death::Eof => link.close(now),
            Death::Reset => link.reset(now),
            Death::Silence => {}
        }
        peer_end.reader.expect(&kernel.clock, link.next_arrival());
        peer_end.writer.expect(&kernel.clock, link.gone().map(|(arrival, _)| arrival));
        true
    }

    /// Whether neither side uses it any more.
    pub(super) fn is_over(&self) -> bool {
        lock(&self.state).ends.iter().all(|end| !end.open)
    }

    /// Changes the link for what is sent from `side` from now on.
    pub(super) fn change_options(&self, side: Side, change: impl Fn(&mut LinkOptions)) {
        let mut state = lock(&self.state);
        let (_, _, link) = state.sending(side);
        change(link.options());
    }

    /// Has the task that reads on `side` look again.
    pub(super) fn wake_reader(&self, side: Side) {
        lock(&self.state).ends[side as usize].reader.wake();
    }

    /// The link from `side` to the other is cut by a partition.
    pub(super) fn hold(&self, kernel: &Kernel, side: Side) {
        self.change_link(side, |link| link.hold(kernel.clock.now()));
    }

    /// The partition that cut the link from `side` to the other is over.
    pub(super) fn release(&self, kernel: &Kernel, side: Side) {
        self.change_link(side, |link| link.release(kernel.clock.now()));
    }

    /// Changes when things arrive, and has the tasks that wait for them look again.
    fn change_link(&self, side: Side, change: impl FnOnce(&mut Link)) {
        let mut state = lock(&self.state);
        let (_, peer_end, link) = state.sending(side);
        change(link);
        peer_end.reader.wake();
        peer_end.writer.wake();
    }

    fn record(&self, kernel: &Kernel, side: Side, event: &Event<'_>) {
        kernel.record(&self.lives[side as usize].name, event);
    }
}

impl State {
    /// An end, its peer, and the link between them to the end.
    fn receiving(&mut self, side: Side) -> (&mut End, &mut End, &mut Link) {
        let [client, server] = &mut self.ends;
        let [from_client, from_server] = &mut self.links;
        match side {
            Side::Client => (client, server, from_server),
            Side::Server => (server, client, from_client),
        }
    }

    /// An end, its peer, and the link between them from the end.
    fn sending(&mut self, side: Side) -> (&mut End, &mut End, &mut Link) {
        let [client, server] = &mut self.ends;
        let [from_client, from_server] = &mut self.links;
        match side {
            Side::Client => (client, server, from_client),
            Side::Server => (server, client, from_server),
        }
    }
}

impl End {
    /// An error once the node's life has ended under somebody who still holds the stream.
    fn check_open(&self) -> io::Result<()> {
        if self.open { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    }

    fn first_end(&mut self) -> bool {
        !std::mem::replace(&mut self.saw_end, true)
    }
}
