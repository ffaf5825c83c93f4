//! Faults: what goes wrong, where, and when.

use serde::{Deserialize, Serialize};


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
    /// The machine is reset: what it sent and has not arrived is lost, its connections are reset.
    MachineReset,
    /// The machine is gone, without a word: only heartbeats find out.
    MachineLoss,
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

impl FaultKind {
    /// Its name, as plans and summaries have it.
    pub fn name(&self) -> &'static str {
        match self {
            FaultKind::Crash => "crash",
            FaultKind::MachineReset => "machine-reset",
            FaultKind::MachineLoss => "machine-loss",
        }
    }
}
