//! Brokers that lose messages.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, ChannelId, Command, Effect, Machine, Refusal, Reply};

use super::alteration::Alteration;

/// What a connection holds when it ends is acknowledged first, so that nothing is requeued.
#[derive(Default)]
pub(super) struct LosesOnCrash {
    /// The last delivery tag of each channel.
    delivered: BTreeMap<ChannelId, u64>,
}

impl Alteration for LosesOnCrash {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::CloseConnection { connection } = command {
            let channels = self.delivered.keys().filter(|channel| channel.connection == connection);
            for &channel in channels {
                // Refused if nothing is held any more.
                let _ = broker.handle(now, Command::Acknowledge { channel, delivery_tag: 0, multiple: true });
            }
            self.delivered.retain(|channel, _| channel.connection != connection);
        }
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let effect = broker.next_effect()?;
        if let Effect::Deliver { channel, delivery, .. } = &effect {
            self.delivered.insert(*channel, delivery.delivery_tag);
        }
        Some(effect)
    }
}
