//! What happened: one ordered record of everything that clients and the broker did, in simulation and on real TCP alike.
//!
//! The order of [`History::events`] is the order in which things happened. What a client asks for is recorded when it
//! is asked for ([`What::Invoked`]) and again when it ended ([`What::Ended`]): ok, failed (it definitely did not
//! happen) or unknown (it may have), as in Jepsen's histories; what never ended is unknown. A [`Recorder`] writes it
//! while clients run, and [`Observed`] writes the broker's side from the core's seam.
//!
//! Nothing here judges: that is [`check`](crate::check). Nothing here knows the simulated world.

mod body;
mod channel_log;
mod event;
mod ids;
mod observed;
mod queue;
mod recorder;
mod story;

use serde::{Deserialize, Serialize};

pub use body::{Digest, encode_body, identify_body};
pub use channel_log::{ChannelLog, Operation};
pub use event::{
    BrokerEvent, Counts, Death, Delivery, Disturbance, Event, Left, Outcome, Reason, Request, Resource, What,
};
pub use ids::{ChannelId, ConsumerId, MessageId, OperationId, ProcessId, QueueId};
pub use observed::Observed;
pub use queue::{Overflow, Queue};
pub use recorder::{ProcessLog, Recorder};

/// A run, as its clients and (where it was watched) its broker saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The queues, in the order of their [`QueueId`]s.
    pub queues: Vec<Queue>,
    /// The names of the processes, in the order of their [`ProcessId`]s.
    pub processes: Vec<String>,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
}

impl History {
    /// Tells the events at these places, in order, one line each: who did what, when. Places that do not exist are
    /// left out.
    pub fn story(&self, places: &[usize]) -> String {
        story::tell(self, places)
    }
}
