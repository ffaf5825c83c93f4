//! Brokers that do not know when a message has to die.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::core::{Broker, Command, Death, Effect, Machine, Message, Refusal, Reply};

use super::alteration::{Alteration, Channels};

/// Has another delivery limit than was declared.
pub(super) struct WrongLimit {
    change: fn(u32) -> u32,
}

impl WrongLimit {
    pub fn early() -> Self {
        WrongLimit { change: |limit| limit.saturating_sub(1) }
    }

    pub fn late() -> Self {
        WrongLimit { change: |limit| limit + 1 }
    }
}

/// Lets messages live for another time than was declared.
pub(super) struct WrongTimeToLive {
    change: fn(Duration) -> Option<Duration>,
}

impl WrongTimeToLive {
    pub fn short() -> Self {
        WrongTimeToLive { change: |time| Some(time / 2) }
    }

    pub fn none() -> Self {
        WrongTimeToLive { change: |_| None }
    }
}

impl Alteration for WrongTimeToLive {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::DeclareQueue { options, .. } = &mut command {
            options.policy.message_ttl = options.policy.message_ttl.and_then(self.change);
        }
        broker.handle(now, command)
    }
}

impl Alteration for WrongLimit {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, mut command: Command<'_>) -> Result<Reply, Refusal> {
        if let Command::DeclareQueue { options, .. } = &mut command {
            options.policy.delivery_limit = options.policy.delivery_limit.map(self.change);
        }
        broker.handle(now, command)
    }
}

/// Destroys what is rejected.
pub(super) struct DestroysRejected;

impl Alteration for DestroysRejected {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        match command {
            Command::Reject { channel, delivery_tag, multiple, requeue: false } => {
                broker.handle(now, Command::Acknowledge { channel, delivery_tag, multiple })
            }
            _ => broker.handle(now, command),
        }
    }
}

/// Lets every dead letter die once more.
#[derive(Default)]
pub(super) struct DiesTwice {
    channels: Channels,
    now: Timestamp,
    /// By queue, where its dead letters go.
    dead_letter_queues: BTreeMap<String, Vec<u8>>,
    repeated: VecDeque<Effect>,
    /// The first letter of a body, which says how it died.
    letters: BTreeMap<Vec<u8>, Message>,
}

impl Alteration for DiesTwice {
    fn handle(&mut self, broker: &mut Broker, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.channels.note(&command);
        self.now = now;
        if let Command::DeclareQueue { name, options, .. } = &command
            && let Some(routing_key) = &options.policy.dead_letter_routing_key
        {
            self.dead_letter_queues.insert((*name).to_owned(), routing_key.clone());
        }
        broker.handle(now, command)
    }

    fn next_effect(&mut self, broker: &mut Broker) -> Option<Effect> {
        if let Some(effect) = self.repeated.pop_front() {
            return Some(effect);
        }
        let mut effect = broker.next_effect()?;
        match &mut effect {
            Effect::Died { queue, message, dead_lettered: true, .. } => {
                if let Some(routing_key) = self.dead_letter_queues.get(&**queue) {
                    let letter = Message::new("", routing_key, message.properties(), message.body());
                    self.channels.publish(broker, self.now, letter);
                    self.repeated.push_back(effect.clone());
                }
            }
            Effect::Deliver { delivery, .. } => {
                let body = delivery.message.body().to_vec();
                if !Death::read(delivery.message.headers()).is_empty() {
                    self.letters.insert(body, delivery.message.clone());
                } else if let Some(letter) = self.letters.get(&body) {
                    delivery.message = letter.clone();
                }
            }
            _ => {}
        }
        Some(effect)
    }
}
