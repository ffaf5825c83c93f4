//! Brokers that keep what they should have let go.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Death, Effect, Machine, Message, Refusal, Reply};

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

/// Delivers a message once more while it is held, if somebody has credit for it.
#[derive(Default)]
pub(super) struct DeliversTwice {
    channels: Channels,
    deliveries: Every,
    now: Timestamp,
    second: Option<Effect>,
}

impl DeliversTwice {
    /// Delivers a copy, and leaves none behind if nobody takes it.
    fn deliver_again(&mut self, broker: &mut Broker, message: &Message) -> Option<Effect> {
        let queue = str::from_utf8(message.routing_key()).ok()?;
        if broker.queue_counts(queue)?.ready > 0 {
            return None;
        }
        let channel = self.channels.publish(broker, self.now, message.clone())?;
        let delivery = broker.next_effect();
        if delivery.is_none() {
            broker.handle(self.now, Command::PurgeQueue { connection: channel.connection, name: queue }).ok()?;
        }
        delivery
    }
}

impl Alteration for DeliversTwice {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.channels.note(&command);
        self.now = now;
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        if let Some(second) = self.second.take() {
            return Some(second);
        }
        let effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &effect
            && Death::read(delivery.message.headers()).is_empty()
            && self.deliveries.nth(5)
        {
            self.second = self.deliver_again(broker, &delivery.message);
        }
        Some(effect)
    }
}
