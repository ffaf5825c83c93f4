//! A broker with a defect, or without.

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Effect, Machine, Refusal, Reply};

use super::alteration::{Alteration, Sound};
use super::list::Defect;

/// The reference broker, behind something that may break it.
pub struct Defective {
    broker: Broker,
    alteration: Box<dyn Alteration>,
}

impl Defective {
    /// A new broker with this defect, or as it should be.
    pub fn new(defect: Option<Defect>) -> Self {
        let alteration = defect.map_or_else(|| Box::new(Sound) as Box<dyn Alteration>, Defect::alteration);
        Defective { broker: Broker::new(), alteration }
    }

    /// What is behind it.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }
}

impl Machine for Defective {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.alteration.handle(&mut self.broker, now, command)
    }

    fn next_effect(&mut self) -> Option<Effect> {
        self.alteration.next_effect(&mut self.broker)
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
