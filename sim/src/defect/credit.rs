//! Brokers that do not give consumers what they asked for.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Machine, Refusal, Reply};

use super::alteration::Alteration;

/// Has another prefetch than was asked for. None stays none.
pub(super) struct WrongPrefetch {
    change: fn(u16) -> u16,
}

impl WrongPrefetch {
    pub fn more() -> Self {
        WrongPrefetch { change: |count| count.saturating_add(1) }
    }

    pub fn less() -> Self {
        WrongPrefetch { change: |count| count.saturating_sub(1).max(1) }
    }
}

impl Alteration for WrongPrefetch {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::SetPrefetch { count, .. } = &mut command
            && *count > 0
        {
            *count = (self.change)(*count);
        }
        broker.handle(now, command)
    }
}

/// Serves all consumers of a queue that should serve one.
pub(super) struct ServesStandbys;

impl Alteration for ServesStandbys {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::DeclareQueue { options, .. } = &mut command {
            options.policy.single_active_consumer = false;
        }
        broker.handle(now, command)
    }
}
