//! What happened, in order: one line an event, one hash over all of them.
//!
//! The hash covers time, node and every field, the text is rendered only if somebody wants to read it. A message's
//! bytes are in it as a checksum.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use handoff_broker::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use super::connection::ConnectionId;
use super::lock;
use super::node::Death;

/// The world's trace. Cheap to clone; clones are the same trace.
#[derive(Clone)]
pub(super) struct Trace(Arc<Mutex<Record>>);

struct Record {
    hasher: Xxh3,
    /// The event that is recorded.
    bytes: Bytes,
    events: u64,
    lines: Option<Vec<String>>,
    sealed: bool,
}

/// The fields of an event, to be hashed at once: that is much cheaper than one by one.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Not asked for.
    fn finish(&self) -> u64 {
        0
    }
}

/// Something that happened on a node.
#[derive(Hash)]
pub(super) enum Event<'a> {
    /// The node came to life, for the n-th time.
    Started { life: u32 },
    /// The node died.
    Crashed { death: Death },
    /// What the node sends to `to` is held from now on.
    Partitioned { to: &'a str },
    /// What the node sends to `to` gets through again.
    Healed { to: &'a str },
    /// The node's tasks stand still from now on.
    Paused,
    /// The node's tasks go on.
    Resumed,
    /// The node reads nothing from now on.
    Deaf,
    /// The node reads again.
    Hearing,
    /// A connection was ended by a fault at this end.
    Cut { connection: &'a ConnectionId, death: Death },
    /// What the node sends to `to` has another delay or bandwidth from now on.
    LinkChanged { to: &'a str },
    /// The node listens.
    Listening { address: SocketAddr },
    /// A connection was asked for.
    Connecting { connection: &'a ConnectionId, to: SocketAddr },
    /// The request for it was lost, and will be repeated.
    Unanswered { connection: &'a ConnectionId },
    /// Nobody listens there.
    Refused { connection: &'a ConnectionId },
    /// The side that asked knows that it is connected.
    Connected { connection: &'a ConnectionId },
    /// The side that listens took the connection.
    Accepted { connection: &'a ConnectionId, from: SocketAddr },
    /// A segment left.
    Sent { connection: &'a ConnectionId, bytes: usize, checksum: u64 },
    /// Bytes that had arrived were read.
    Received { connection: &'a ConnectionId, bytes: usize },
    /// No more will be sent.
    Finished { connection: &'a ConnectionId },
    /// The stream was dropped.
    Closed { connection: &'a ConnectionId },
    /// The end of the stream was read.
    EndOfStream { connection: &'a ConnectionId },
    /// A reset was noticed.
    Reset { connection: &'a ConnectionId },
    /// Somebody said something.
    Note { text: &'a str },
}

impl Trace {
    /// An empty trace, which keeps its lines if `keep_lines`.
    pub(super) fn new(keep_lines: bool) -> Self {
        let lines = keep_lines.then(Vec::new);
        let (hasher, bytes) = (Xxh3::new(), Bytes::default());
        Trace(Arc::new(Mutex::new(Record { hasher, bytes, events: 0, lines, sealed: false })))
    }

    /// Adds an event, unless the trace is sealed.
    pub(super) fn record(&self, now: Timestamp, node: &str, event: &Event<'_>) {
        let record = &mut *lock(&self.0);
        if record.sealed {
            return;
        }
        record.events += 1;
        record.bytes.0.clear();
        (now, node, event).hash(&mut record.bytes);
        record.hasher.update(&record.bytes.0);
        if let Some(lines) = &mut record.lines {
            lines.push(format!("{now} {node}: {event}"));
        }
    }

    /// Ends the trace: what happens from now on, while the world is taken down, is not part of it.
    pub(super) fn seal(&self) {
        lock(&self.0).sealed = true;
    }

    /// The hash so far, the number of events, and the lines if they were kept, which are gone from it then.
    pub(super) fn take(&self) -> (u64, u64, Vec<String>) {
        let mut record = lock(&self.0);
        (record.hasher.digest(), record.events, record.lines.take().unwrap_or_default())
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Started { life } => write!(formatter, "starts life {life}"),
            Event::Crashed { death } => write!(formatter, "crashes ({death})"),
            Event::Partitioned { to } => write!(formatter, "is cut off from {to}"),
            Event::Healed { to } => write!(formatter, "reaches {to} again"),
            Event::Paused => formatter.write_str("stands still"),
            Event::Resumed => formatter.write_str("goes on"),
            Event::Deaf => formatter.write_str("stops reading"),
            Event::Hearing => formatter.write_str("reads again"),
            Event::Cut { connection, death } => write!(formatter, "{connection} is cut here ({death})"),
            Event::LinkChanged { to } => write!(formatter, "has another link to {to}"),
            Event::Listening { address } => write!(formatter, "listens on {address}"),
            Event::Connecting { connection, to } => write!(formatter, "{connection} connects to {to}"),
            Event::Unanswered { connection } => write!(formatter, "{connection} is not answered, will try again"),
            Event::Refused { connection } => write!(formatter, "{connection} is refused"),
            Event::Connected { connection } => write!(formatter, "{connection} is connected"),
            Event::Accepted { connection, from } => write!(formatter, "{connection} is accepted from {from}"),
            Event::Sent { connection, bytes, checksum } => {
                write!(formatter, "{connection} sends {bytes} bytes ({checksum:016x})")
            }
            Event::Received { connection, bytes } => write!(formatter, "{connection} reads {bytes} bytes"),
            Event::Finished { connection } => write!(formatter, "{connection} finishes sending"),
            Event::Closed { connection } => write!(formatter, "{connection} is closed here"),
            Event::EndOfStream { connection } => write!(formatter, "{connection} is at its end"),
            Event::Reset { connection } => write!(formatter, "{connection} was reset"),
            Event::Note { text } => formatter.write_str(text),
        }
    }
}
