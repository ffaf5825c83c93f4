//! Brokers that deliver something else than was published.

use handoff_broker::core::{Broker, Effect, Machine, Message};

use super::alteration::{Alteration, Every};
use crate::history::{MessageId, encode_body};

/// Numbers from here on are nobody's messages.
const FIRST_INVENTED: u64 = 1_000_000;

/// Puts a message of its own in the place of a delivered one.
#[derive(Default)]
pub(super) struct InventsMessages {
    deliveries: Every,
    invented: u64,
}

impl Alteration for InventsMessages {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect
            && self.deliveries.nth(7)
        {
            self.invented += 1;
            let body = encode_body(MessageId(FIRST_INVENTED + self.invented), b"");
            delivery.message = with_content(&delivery.message, None, &body);
        }
        Some(effect)
    }
}

/// Adds a byte to a body.
#[derive(Default)]
pub(super) struct CorruptsBodies {
    deliveries: Every,
}

impl Alteration for CorruptsBodies {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect
            && self.deliveries.nth(7)
        {
            let body = [delivery.message.body(), b"!"].concat();
            delivery.message = with_content(&delivery.message, None, &body);
        }
        Some(effect)
    }
}

/// Delivers what comes back without its properties.
pub(super) struct LosesProperties;

impl Alteration for LosesProperties {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect
            && delivery.redelivered()
        {
            let no_properties: &[u8] = &[0, 0];
            let body = delivery.message.body().to_vec();
            delivery.message = with_content(&delivery.message, Some(no_properties), &body);
        }
        Some(effect)
    }
}

/// The same message with another body, and with other properties if they are given.
fn with_content(message: &Message, properties: Option<&[u8]>, body: &[u8]) -> Message {
    let properties = properties.unwrap_or(message.properties());
    Message::new(message.exchange(), message.routing_key(), properties, body)
}
