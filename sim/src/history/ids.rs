//! The small numbers by which a history names things.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident($number:ty), $prefix:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $number);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "{}"), self.0)
            }
        }
    )+};
}

ids! {
    /// A queue: its place in [`History::queues`](super::History::queues).
    QueueId(u32), "queue ";
    /// A process, a client or the broker: its place in [`History::processes`](super::History::processes).
    ProcessId(u32), "process ";
    /// One life of a channel, from its opening to its end. A channel has one number for its client and another for the
    /// broker, since nothing on the wire connects the two.
    ChannelId(u32), "channel ";
    /// A consumer, from its start to its end. As for channels, clients and broker number their own.
    ConsumerId(u32), "consumer ";
    /// An operation of a client.
    OperationId(u64), "operation ";
    /// A message of the test: unique in the run. Publishing it again (after an unknown outcome, say) is sending the
    /// same message twice.
    MessageId(u64), "m";
}
