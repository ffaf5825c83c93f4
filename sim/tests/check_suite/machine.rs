//! What stands behind the network: the core, or a core that something was done to.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, QueueCounts, Refusal, Reply};

/// A machine that can be looked into.
pub trait Inspect: Machine {
    fn counts(&self, queue: &str) -> Option<QueueCounts>;
}

impl Inspect for Broker {
    fn counts(&self, queue: &str) -> Option<QueueCounts> {
        self.queue_counts(queue)
    }
}

/// A core behind something that alters what goes in and out.
pub struct Altered<A> {
    broker: Broker,
    alteration: A,
    effects: Vec<Effect>,
}

/// What is done to commands and effects. What it does not care about passes through.
pub trait Alteration: Send + 'static {
    /// Passes a command on, or something else, or nothing.
    fn command(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        broker.handle(now, command)
    }

    /// What is seen of an effect: usually that effect.
    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        vec![effect]
    }
}

impl<A> Altered<A> {
    pub fn new(alteration: A) -> Self {
        Altered { broker: Broker::new(), alteration, effects: Vec::new() }
    }
}

impl<A: Alteration> Machine for Altered<A> {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.alteration.command(&mut self.broker, now, command)
    }

    fn next_effect(&mut self) -> Option<Effect> {
        while self.effects.is_empty() {
            self.effects = self.alteration.effect(self.broker.next_effect()?);
        }
        Some(self.effects.remove(0))
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.broker.deadline()
    }

    fn expire(&mut self, now: Timestamp) {
        self.broker.expire(now);
    }
}

impl<A: Alteration> Inspect for Altered<A> {
    fn counts(&self, queue: &str) -> Option<QueueCounts> {
        self.broker.queue_counts(queue)
    }
}
