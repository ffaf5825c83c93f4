//! Faults: what goes wrong, where, and when.

use serde::{Deserialize, Serialize};

use crate::world::Delay;

/// One thing that goes wrong, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The node it happens to: a producer, a consumer, or `broker`.
    pub node: String,
    /// When, in microseconds from the start. With a `moment`: not before.
    pub at_us: u64,
    /// The moment it waits for. If that never comes, nor does the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
    /// How long it lasts, in microseconds: until the node restarts, the partition mends, the delay is as before. What
    /// takes no time (a connection that ends) needs none.
    #[serde(default)]
    pub duration_us: u64,
    /// What.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultKind {
    /// The process is killed: its peers see the end of the stream. It restarts afterwards. The broker restarts empty.
    Crash,
    /// The client stops in good order, closing its connections, and starts again.
    Restart,
    /// The machine is reset: what it sent and has not arrived is lost, its connections are reset.
    MachineReset,
    /// The machine is gone, without a word: only heartbeats find out.
    MachineLoss,
    /// Everything on the node stands still, as in a long collection, and goes on afterwards.
    Pause,
    /// As `pause`, for at least three heartbeats: the broker has given the node up, and it goes on with what it had.
    Zombie,
    /// The consumer stops working; its connection lives.
    Hang,
    /// The consumer works that much slower.
    Slow {
        /// How many times the service time.
        factor: u32,
    },
    /// The node's connections are reset; it lives on.
    ConnectionReset,
    /// The node's connections end, and it did not want it; it lives on.
    ConnectionEnd,
    /// The node's connections are gone, and nobody tells the broker: they are half open until its heartbeats find out.
    /// The node lives on.
    ConnectionSilence,
    /// Nothing gets through between the node and the broker.
    Partition,
    /// Nothing gets through from the node to the broker.
    PartitionToBroker,
    /// Nothing gets through from the broker to the node.
    PartitionFromBroker,
    /// Everything between the node and the broker takes this long.
    Delay(Delay),
    /// Each connection between the node and the broker carries so little, in each direction.
    Bandwidth {
        /// In bytes a second. At least 1.
        bytes_per_s: u64,
    },
    /// The node does not read from its connections.
    StopReading,
    /// A stranger connects to the broker and sends what no client should.
    HostileBytes(Attack),
}

/// What a stranger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// No AMQP at all.
    Garbage,
    /// The header, and half a frame, and then nothing.
    HalfFrame,
    /// The header, and a frame that says it has four gigabytes.
    HugeFrame,
    /// The header, and a frame that does not end where it should.
    BrokenFrame,
}

/// A moment that a random time would hardly ever hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The node has published a message, and not yet seen the confirm.
    AfterPublish,
    /// The node got a delivery, and has not yet begun to work on it.
    AfterDelivery,
    /// The node has done the work of a delivery, and not yet acknowledged it.
    BeforeAck,
    /// A message goes back to its queue, anywhere.
    DuringRequeue,
}

impl Moment {
    /// Whether a node that does this has such moments.
    pub(super) fn comes_to(self, role: Role) -> bool {
        match self {
            Moment::DuringRequeue => true,
            Moment::AfterPublish => role == Role::Producer,
            Moment::AfterDelivery | Moment::BeforeAck => role == Role::Consumer,
        }
    }
}

impl FaultKind {
    /// Its name, as plans and summaries have it.
    pub fn name(&self) -> &'static str {
        match self {
            FaultKind::Crash => "crash",
            FaultKind::Restart => "restart",
            FaultKind::MachineReset => "machine-reset",
            FaultKind::MachineLoss => "machine-loss",
            FaultKind::Pause => "pause",
            FaultKind::Zombie => "zombie",
            FaultKind::Hang => "hang",
            FaultKind::Slow { .. } => "slow",
            FaultKind::ConnectionReset => "connection-reset",
            FaultKind::ConnectionEnd => "connection-end",
            FaultKind::ConnectionSilence => "connection-silence",
            FaultKind::Partition => "partition",
            FaultKind::PartitionToBroker => "partition-to-broker",
            FaultKind::PartitionFromBroker => "partition-from-broker",
            FaultKind::Delay(_) => "delay",
            FaultKind::Bandwidth { .. } => "bandwidth",
            FaultKind::StopReading => "stop-reading",
            FaultKind::HostileBytes(_) => "hostile-bytes",
        }
    }

    /// Whether only heartbeats bring it to light, or to an end.
    pub(super) fn needs_heartbeat(&self) -> bool {
        matches!(self, FaultKind::MachineLoss | FaultKind::ConnectionSilence | FaultKind::Zombie)
    }

    /// Whether it can happen to such a node.
    pub(super) fn can_happen_to(&self, role: Role) -> bool {
        match self {
            FaultKind::Hang | FaultKind::Slow { .. } | FaultKind::Zombie => role == Role::Consumer,
            FaultKind::HostileBytes(_) => role == Role::Broker,
            FaultKind::Restart
            | FaultKind::StopReading
            | FaultKind::Partition
            | FaultKind::PartitionToBroker
            | FaultKind::PartitionFromBroker
            | FaultKind::Delay(_)
            | FaultKind::Bandwidth { .. } => role != Role::Broker,
            _ => true,
        }
    }
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Producer,
    Consumer,
    Broker,
}
