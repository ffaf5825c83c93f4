//! Death and dead-lettering: a message that leaves its queue without an acknowledgement is published again to the
//! queue's dead letter exchange, with the record of its deaths.

use super::broker::{Broker, QueueKey};
use super::death_record::NewDeath;
use super::effect::Effect;
use super::envelope::Envelope;
use super::message::{DeathReason, Message};
use super::publish::{Arrival, Conditions};
use super::ready::{BlindCopies, Entry};

/// The longest name or routing key that a message can carry (AMQP 0-9-1, 4.2.5.3).
const SHORT_STRING_BYTES: usize = u8::MAX as usize;

/// A message that died and is not yet published again. It is in no queue, and counted in none, until that is done
/// within the same command.
#[derive(Debug)]
pub(super) struct DeadLetter {
    queue: QueueKey,
    reason: DeathReason,
    message: Message,
    blind_copies: BlindCopies,
    /// Whether the queue had taken it; if not, it was full.
    was_taken: bool,
}

impl Broker {
    /// Notes the death of a message that has left its queue.
    pub(super) fn bury(&mut self, queue: QueueKey, reason: DeathReason, entry: Entry) {
        let blind_copies = entry.extra.and_then(|extra| extra.blind_copies);
        self.dead.push_back(DeadLetter {
            queue,
            reason,
            message: entry.message.clone(),
            blind_copies,
            was_taken: true,
        });
    }

    /// Notes that a message goes to the dead letters of a full queue instead of into it.
    pub(super) fn divert(&mut self, queue: QueueKey, message: Message, blind_copies: BlindCopies) {
        let reason = DeathReason::MaxLength;
        self.dead.push_back(DeadLetter { queue, reason, message, blind_copies, was_taken: false });
    }

    /// Publishes a dead letter, and counts it where it died: as dead-lettered if a queue took it, else as removed.
    pub(super) fn dead_letter(&mut self, mut dead: DeadLetter) {
        let dead_lettered = self.publish_dead_letter(&mut dead) > 0;
        if !dead.was_taken {
            return;
        }
        let queue = &mut self.queues[dead.queue];
        if dead_lettered {
            queue.tally.dead_lettered += 1;
        } else {
            queue.tally.removed += 1;
        }
        let (queue, DeadLetter { reason, message, .. }) = (queue.name.clone(), dead);
        self.effects.push_back(Effect::Died { queue, reason, message, dead_lettered });
    }

    /// Routes a dead letter as its queue says. Says how many queues took it.
    fn publish_dead_letter(&mut self, dead: &mut DeadLetter) -> usize {
        let queue = &self.queues[dead.queue];
        let policy = &queue.options.policy;
        let Some(name) = &policy.dead_letter_exchange else { return 0 };
        let Some(exchange) = self.exchanges.find(name) else { return 0 };
        let message = &dead.message;
        let new_key = policy.dead_letter_routing_key.as_deref();
        let routing_key = new_key.unwrap_or(message.routing_key());
        if name.len() > SHORT_STRING_BYTES || routing_key.len() > SHORT_STRING_BYTES {
            return 0;
        }
        let blind_copies = dead.blind_copies.take().filter(|_| new_key.is_none());
        let envelope = match new_key {
            Some(routing_key) => Envelope::readdressed(routing_key, message),
            None => Envelope::again(message, &blind_copies),
        };
        self.exchanges.route(&self.queue_keys, exchange, &envelope, &mut self.targets);
        if self.targets.is_empty() {
            return 0;
        }
        let death = NewDeath { queue: &queue.name, reason: dead.reason, time: self.now };
        let properties = message.properties_after(&death, new_key.is_some());
        let letter = Message::new(name, routing_key, &properties, message.body());
        self.targets.retain(|target| !letter.closes_automatic_cycle(&self.queues[*target].name));
        let conditions = Conditions { time_to_live: None, blind_copies };
        self.take_at_targets(Arrival { message: letter, conditions })
    }
}
