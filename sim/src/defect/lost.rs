//! Brokers that lose messages.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, Published, Refusal, Reply};

use super::alteration::{Alteration, Deliveries, Every};

/// What a connection holds when it ends is acknowledged first, so that nothing is requeued.
#[derive(Default)]
pub(super) struct LosesOnCrash {
    deliveries: Deliveries,
}

impl Alteration for LosesOnCrash {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::CloseConnection { connection } = command {
            for channel in self.deliveries.close(connection) {
                // Refused if the channel is closed.
                let _ = broker.handle(now, Command::Acknowledge { channel, delivery_tag: 0, multiple: true });
            }
        }
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let effect = broker.next_effect()?;
        self.deliveries.note(&effect);
        Some(effect)
    }
}

/// Says that it took a message, and does not.
#[derive(Default)]
pub(super) struct DropsConfirmed {
    publishes: Every,
}

impl Alteration for DropsConfirmed {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        if matches!(command, Command::Publish { .. }) && self.publishes.nth(5) {
            return Ok(Reply::Published(Published::Taken));
        }
        broker.handle(now, command)
    }
}
