//! What stands behind the network: the core, or a core that something was done to.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, ChannelId, Command, Effect, Machine, Message, QueueCounts, Refusal, Reply};

/// A machine that can be looked into.
pub trait Inspect: Machine {
    fn counts(&self, queue: &str) -> Option<QueueCounts>;
}

impl Inspect for Broker {
    fn counts(&self, queue: &str) -> Option<QueueCounts> {
        self.queue_counts(queue)
    }
}

/// A core whose commands and effects are altered.
pub struct Altered {
    broker: Broker,
    defect: Defect,
    memory: Memory,
    effects: Vec<Effect>,
}

/// What is done to commands and effects.
#[derive(Clone, Copy)]
pub struct Defect {
    /// Passes a command on, or something else, or nothing.
    pub command: fn(&mut Memory, &mut Broker, Timestamp, Command<'_>) -> Result<Reply, Refusal>,
    /// What is seen of an effect.
    pub effect: fn(&mut Memory, Effect) -> Vec<Effect>,
    /// Whether effects have to wait for a later command.
    pub is_asleep: fn(&Memory) -> bool,
}

/// What a defect remembers.
#[derive(Default)]
pub struct Memory {
    pub calls: u64,
    pub delayed: Option<(ChannelId, Message)>,
    pub delivered: BTreeMap<(ChannelId, u64), Message>,
}

impl Defect {
    /// No defect: everything passes.
    pub const NONE: Defect = Defect {
        command: |_, broker, now, command| broker.handle(now, command),
        effect: |_, effect| vec![effect],
        is_asleep: |_| false,
    };
}

impl Altered {
    pub fn new(defect: Defect) -> Self {
        Altered { broker: Broker::new(), defect, memory: Memory::default(), effects: Vec::new() }
    }
}

impl Machine for Altered {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        (self.defect.command)(&mut self.memory, &mut self.broker, now, command)
    }

    fn next_effect(&mut self) -> Option<Effect> {
        if (self.defect.is_asleep)(&self.memory) {
            return None;
        }
        while self.effects.is_empty() {
            self.effects = (self.defect.effect)(&mut self.memory, self.broker.next_effect()?);
        }
        Some(self.effects.remove(0))
    }

    fn has_urgent_effects(&self) -> bool {
        self.broker.has_urgent_effects()
    }

    fn memory_bytes(&self) -> u64 {
        self.broker.memory_bytes()
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.broker.deadline()
    }

    fn expire(&mut self, now: Timestamp) {
        self.broker.expire(now);
    }
}

impl Inspect for Altered {
    fn counts(&self, queue: &str) -> Option<QueueCounts> {
        self.broker.queue_counts(queue)
    }
}
