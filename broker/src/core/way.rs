//! The way that a channel's last message took, remembered: the next one mostly goes the same.

use std::time::Duration;

use super::broker::QueueKey;
use super::head::Head;

/// Where messages with one head go, as long as no exchange, queue or binding comes or goes. A head without properties
/// says too little.
#[derive(Debug)]
pub(super) struct Way {
    head: Head,
    /// Of the exchanges, queues and bindings.
    version: u64,
    /// The queues, each once.
    pub targets: Vec<QueueKey>,
    /// How long the publisher wants its messages to stay, at most.
    pub time_to_live: Option<Duration>,
}

impl Way {
    /// What was found out for a message with this head, in the room of what was known of `last`.
    pub fn found(
        last: Option<Box<Way>>,
        head: Head,
        version: u64,
        targets: &[QueueKey],
        time_to_live: Option<Duration>,
    ) -> Box<Way> {
        let Some(mut way) = last else {
            return Box::new(Way { head, version, targets: targets.to_vec(), time_to_live });
        };
        way.targets.clear();
        way.targets.extend_from_slice(targets);
        (way.head, way.version, way.time_to_live) = (head, version, time_to_live);
        way
    }

    /// Whether a message with this head goes this way now.
    pub fn is_for(&self, head: &Head, version: u64) -> bool {
        self.version == version && self.head.is(head)
    }
}
