//! Brokers that lose the order.

use std::collections::BTreeMap;
use std::mem;

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, Message, Refusal, Reply};

use super::alteration::{Alteration, Deliveries};

/// Swaps the messages of two deliveries that follow each other.
#[derive(Default)]
pub(super) struct SwapsDeliveries {
    second: Option<Effect>,
}

impl Alteration for SwapsDeliveries {
    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        if let Some(second) = self.second.take() {
            return Some(second);
        }
        let mut first = broker.next_effect()?;
        self.second = broker.next_effect();
        if let (
            Effect::Deliver { channel, delivery, .. },
            Some(Effect::Deliver { channel: other_channel, delivery: other, .. }),
        ) = (&mut first, &mut self.second)
            && channel == other_channel
            && !delivery.redelivered()
            && !other.redelivered()
        {
            mem::swap(&mut delivery.message, &mut other.message);
        }
        Some(first)
    }
}

/// Does not tell priorities apart.
pub(super) struct IgnoresPriority;

impl Alteration for IgnoresPriority {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::DeclareQueue { options, .. } = &mut command {
            options.policy.max_priority = None;
        }
        broker.handle(now, command)
    }
}

/// Publishes again what it should put back.
#[derive(Default)]
pub(super) struct RequeuesAtTheEnd {
    deliveries: Deliveries,
    /// How often each body came back.
    counts: BTreeMap<Vec<u8>, u32>,
}

impl RequeuesAtTheEnd {
    fn count(&mut self, message: &Message) -> &mut u32 {
        self.counts.entry(message.body().to_vec()).or_default()
    }
}

impl Alteration for RequeuesAtTheEnd {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::Reject { channel, delivery_tag, multiple: false, requeue: true } = command
            && let Some(message) = self.deliveries.take(channel, delivery_tag)
        {
            let done = broker.handle(now, Command::Acknowledge { channel, delivery_tag, multiple: false })?;
            *self.count(&message) += 1;
            broker.handle(now, Command::Publish { channel, message })?;
            return Ok(done);
        }
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        let mut effect = broker.next_effect()?;
        if let Effect::Deliver { delivery, .. } = &mut effect {
            delivery.delivery_count += *self.count(&delivery.message);
        }
        self.deliveries.note(&effect);
        Some(effect)
    }
}
