//! The broker's node: one life after the other, each with nothing in memory, and what it tells of its work.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use handoff_broker::core::{Broker, ChannelId, Command, Effect, Machine, Message, Refusal, Reply};
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;
use tokio::sync::Notify;

use super::story::Story;
use crate::world::SimulatedStage;

/// The broker's node.
pub(super) const BROKER: &str = "broker";
/// The port on which it listens in each of its lives.
const PORT: u16 = 5672;

/// One life of the broker.
pub(super) struct Host {
    server: Server<Told>,
}

/// Where the broker listens.
pub(super) fn address(stage: &SimulatedStage) -> SocketAddr {
    SocketAddr::new(stage.listen_address(BROKER).ip(), PORT)
}

impl Host {
    /// Starts a new, empty broker. `turns` is notified after each of its turns.
    pub fn start(stage: &SimulatedStage, story: &Story, turns: &Arc<Notify>) -> Self {
        let told = Told {
            broker: Broker::new(),
            story: story.clone(),
            turns: turns.clone(),
            held: BTreeMap::new(),
            now: Timestamp::EPOCH,
        };
        let server = Server::new(told, ServerOptions::trusting());
        let (runtime, address, serving) = (stage.node(BROKER), address(stage), server.clone());
        stage.node(BROKER).spawn(async move {
            let listener = runtime.listen(address).await.expect("the broker's port is free in a new life");
            serving.serve(runtime, listener).await;
        });
        Host { server }
    }

    /// The queues that have messages, ready or held: name, ready, held.
    pub fn backlogs(&self) -> Vec<(String, u64, u64)> {
        self.server.inspect(|told| {
            let queues = told.broker.queues().filter(|(_, counts)| counts.ready + counts.unacknowledged > 0);
            queues.map(|(name, counts)| (name.to_owned(), counts.ready, counts.unacknowledged)).collect()
        })
    }
}

/// The broker, and what is to be told of it.
struct Told {
    broker: Broker,
    story: Story,
    turns: Arc<Notify>,
    held: BTreeMap<(ChannelId, u64), String>,
    now: Timestamp,
}

impl Told {
    fn tell(&self, what: impl std::fmt::Display) {
        self.story.tell(self.now, BROKER, what);
    }

    fn tell_command(&mut self, command: &Command<'_>) {
        match *command {
            Command::Publish { ref message, .. } => self.tell(format_args!("takes {}", text(message))),
            Command::Acknowledge { channel, delivery_tag, multiple } => {
                self.settle(channel, delivery_tag, multiple, "is acknowledged, and gone");
            }
            Command::Reject { channel, delivery_tag, multiple, requeue } => {
                let fate = if requeue { "is requeued" } else { "is rejected" };
                self.settle(channel, delivery_tag, multiple, fate);
            }
            Command::CloseConnection { connection } => {
                let first = ChannelId { connection, number: 0 };
                let last = ChannelId { connection, number: u16::MAX };
                self.release((first, 0), (last, u64::MAX), "comes back: the connection of its consumer has ended");
            }
            _ => {}
        }
    }

    fn settle(&mut self, channel: ChannelId, tag: u64, multiple: bool, fate: &str) {
        match (tag, multiple) {
            (0, true) => self.release((channel, 0), (channel, u64::MAX), fate),
            (_, true) => self.release((channel, 0), (channel, tag), fate),
            (_, false) => self.release((channel, tag), (channel, tag), fate),
        }
    }

    fn release(&mut self, first: (ChannelId, u64), last: (ChannelId, u64), fate: &str) {
        let keys: Vec<_> = self.held.range(first..=last).map(|(key, _)| *key).collect();
        for message in keys.iter().filter_map(|key| self.held.remove(key)) {
            self.story.tell(self.now, BROKER, format_args!("{message} {fate}"));
        }
    }

    fn tell_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Deliver { channel, consumer_tag, delivery } => {
                let message = text(&delivery.message);
                let again = if delivery.redelivered() { ", again" } else { "" };
                self.tell(format_args!("delivers {message} to consumer {consumer_tag}{again}"));
                self.held.insert((*channel, delivery.delivery_tag), message);
            }
            Effect::Died { reason, message, .. } => {
                self.tell(format_args!("{} is a dead letter ({})", text(message), reason.as_str()));
            }
            Effect::QueueExpired { queue } => self.tell(format_args!("deletes queue {queue}, which nobody used")),
            Effect::ConsumerCancelled { .. } => {}
        }
    }
}

/// A message by its body.
fn text(message: &Message) -> String {
    const MOST_CHARACTERS: usize = 40;
    let body = String::from_utf8_lossy(message.body());
    let shown: String = body.chars().take(MOST_CHARACTERS).collect();
    if shown.len() < body.len() { format!("{shown:?}...") } else { format!("{shown:?}") }
}

impl Machine for Told {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        self.now = now;
        if self.story.is_wanted() {
            self.tell_command(&command);
        }
        self.broker.handle(now, command)
    }

    fn next_effect(&mut self) -> Option<Effect> {
        let effect = self.broker.next_effect();
        match &effect {
            Some(effect) if self.story.is_wanted() => self.tell_effect(effect),
            Some(_) => {}
            None => self.turns.notify_one(),
        }
        effect
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
        self.now = now;
        self.broker.expire(now);
    }
}
