//! Brokers that keep what they should have let go.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, Refusal, Reply};

use super::alteration::{Alteration, Channels, Every};

/// Takes an acknowledgement for a wish to requeue.
#[derive(Default)]
pub(super) struct RequeuesAcknowledged {
    acknowledgements: Every,
}

impl Alteration for RequeuesAcknowledged {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        match command {
            Command::Acknowledge { channel, delivery_tag, multiple } if self.acknowledgements.nth(5) => {
                broker.handle(now, Command::Reject { channel, delivery_tag, multiple, requeue: true })
            }
            _ => broker.handle(now, command),
        }
    }
}

/// Leaves a copy in the queue when it delivers.
#[derive(Default)]
pub(super) struct DeliversTwice {
    channels: Channels,
    deliveries: Every,
    now: Timestamp,
}

impl Alteration for DeliversTwice {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.channels.note(&command);
        self.now = now;
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &effect
            && delivery.deaths.is_none()
            && self.deliveries.nth(5)
        {
            self.channels.publish(broker, self.now, delivery.message.clone());
        }
        Some(effect)
    }
}
