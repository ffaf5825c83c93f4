//! How a broker is broken: what may be altered, and what is left as it is unless somebody does.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, Refusal, Reply};

/// Alters what goes into a broker and what comes out. Everything is passed on unless it says otherwise.
pub(super) trait Alteration: Send {
    /// Carries out a command.
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        broker.handle(now, command)
    }

    /// The next effect.
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        broker.next_effect()
    }
}

/// Alters nothing.
pub(super) struct Sound;

impl Alteration for Sound {}
