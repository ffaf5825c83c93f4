//! Death and dead-lettering: a message that leaves its queue without an acknowledgement is published again to the
//! queue's dead letter exchange, with the record of its deaths.
//!
//! Expiry would be one more caller of `bury`.

use std::sync::Arc;

use super::broker::{Broker, QueueKey};
use super::effect::Effect;
use super::envelope::Envelope;
use super::message::{Death, DeathReason, Deaths, FirstDeath, Message};
use super::ready::Entry;
use crate::time::Timestamp;

/// The longest name or routing key that a message can carry (AMQP 0-9-1, 4.2.5.3).
const SHORT_STRING_BYTES: usize = u8::MAX as usize;

/// A message that died and is not yet published again. It is in no queue, and counted in none, until that is done
/// within the same command.
#[derive(Debug)]
pub(super) struct DeadLetter {
    queue: QueueKey,
    reason: DeathReason,
    message: Message,
    deaths: Option<Arc<Deaths>>,
}

impl Deaths {
    /// The record with one more death, which becomes the latest. Deaths in one queue for one reason share an entry.
    fn after(
        earlier: Option<Arc<Deaths>>,
        queue: &Arc<str>,
        reason: DeathReason,
        message: &Message,
        now: Timestamp,
    ) -> Deaths {
        let exchange: Arc<str> = message.exchange().into();
        let first = FirstDeath { queue: Arc::clone(queue), reason, exchange: Arc::clone(&exchange) };
        let mut deaths = earlier.map_or(Deaths { entries: Vec::new(), first }, Arc::unwrap_or_clone);
        let same = deaths.entries.iter().position(|death| death.queue == *queue && death.reason == reason);
        let mut latest = same.map(|index| deaths.entries.remove(index)).unwrap_or_else(|| Death {
            queue: Arc::clone(queue),
            reason,
            count: 0,
            time: now,
            exchange,
            routing_keys: vec![message.routing_key().to_vec()],
        });
        latest.count += 1;
        deaths.entries.insert(0, latest);
        deaths
    }

    /// Whether going to `queue` would close a circle in which no consumer rejected the message: since it was there, it
    /// only died of itself (RabbitMQ drops such a message).
    fn close_automatic_cycle(&self, queue: &str) -> bool {
        let last_time_there = self.entries.iter().position(|death| &*death.queue == queue);
        let is_automatic = |death: &Death| death.reason != DeathReason::Rejected;
        last_time_there.is_some_and(|index| self.entries[..=index].iter().all(is_automatic))
    }
}

impl Broker {
    /// Notes the death of a message that has left its queue.
    pub(super) fn bury(&mut self, queue: QueueKey, reason: DeathReason, entry: Entry) {
        self.dead.push_back(DeadLetter { queue, reason, message: entry.message, deaths: entry.deaths });
    }

    /// Publishes a dead letter, and counts it where it died: as dead-lettered if a queue took it, else as removed.
    pub(super) fn dead_letter(&mut self, mut dead: DeadLetter) {
        let dead_lettered = self.publish_dead_letter(&mut dead) > 0;
        let queue = &mut self.queues[dead.queue];
        if dead_lettered {
            queue.tally.dead_lettered += 1;
        } else {
            queue.tally.removed += 1;
        }
        let (queue, DeadLetter { reason, message, .. }) = (Arc::clone(&queue.name), dead);
        self.effects.push_back(Effect::Died { queue, reason, message, dead_lettered });
    }

    /// Routes a dead letter as its queue says. Says how many queues took it.
    fn publish_dead_letter(&mut self, dead: &mut DeadLetter) -> usize {
        let queue = &self.queues[dead.queue];
        let policy = &queue.options.policy;
        let Some(name) = &policy.dead_letter_exchange else { return 0 };
        let Some(exchange) = self.exchanges.find(name) else { return 0 };
        let message = &dead.message;
        let routing_key = policy.dead_letter_routing_key.as_deref();
        let envelope = match routing_key {
            Some(routing_key) => Envelope::readdressed(routing_key, message),
            None => Envelope::of(message),
        };
        let routing_key = routing_key.unwrap_or(message.routing_key());
        if name.len() > SHORT_STRING_BYTES || routing_key.len() > SHORT_STRING_BYTES {
            return 0;
        }
        self.exchanges.route(&self.queue_keys, exchange, &envelope, &mut self.targets);
        let deaths = Deaths::after(dead.deaths.take(), &queue.name, dead.reason, &dead.message, self.now);
        self.targets.retain(|target| !deaths.close_automatic_cycle(&self.queues[*target].name));
        if self.targets.is_empty() {
            return 0;
        }
        let letter = Message::new(name, routing_key, dead.message.properties(), dead.message.body());
        self.take_at_targets(&letter, Some(&Arc::new(deaths)))
    }
}
