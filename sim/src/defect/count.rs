//! Brokers that forget a message's past.

use handoff_broker::core::{Broker, Effect, Machine};

use super::alteration::Alteration;

/// Every delivery is said to be the first.
pub(super) struct ForgetsTheCount;

impl Alteration for ForgetsTheCount {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect {
            delivery.delivery_count = 0;
        }
        Some(effect)
    }
}

/// Dead letters come as if they had never died.
pub(super) struct ForgetsDeaths;

impl Alteration for ForgetsDeaths {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect {
            delivery.message = delivery.message.without_header("x-death");
        }
        Some(effect)
    }
}
