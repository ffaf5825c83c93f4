//! Playing the broker's events again, one by one.

mod channels;
mod deliveries;
mod queues;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use super::state::{ChannelState, ConsumerState, Place, QueueState};
use super::{Life, Replay};
use crate::history::{BrokerEvent, ChannelId, ConsumerId, Digest, History, MessageId, QueueId, Reason, What};

/// Plays all broker events of a history. What it names without having introduced it is left out.
pub(super) fn read(history: &History) -> Replay<'_> {
    let replay = Replay {
        history,
        entries: Vec::new(),
        stays: Vec::new(),
        handovers: Vec::new(),
        passings: Vec::new(),
        overlong: Vec::new(),
        waits: Vec::new(),
        overdue: Vec::new(),
        snapshots: Vec::new(),
        last_snapshots: BTreeMap::new(),
        lives: BTreeMap::new(),
        declared: BTreeMap::new(),
        complete: 0,
    };
    let queues = history.queues.iter().map(|_| QueueState::default()).collect();
    let mut player = Player {
        replay,
        queues,
        channels: BTreeMap::new(),
        consumers: BTreeMap::new(),
        turn: None,
        last_place: 0,
        touched: BTreeSet::new(),
        grown: BTreeSet::new(),
        place: 0,
    };
    for (place, event) in history.events.iter().enumerate() {
        player.place = place;
        player.event(&event.what);
    }
    player.replay
}

/// What a queue takes of a message.
#[derive(Clone, Copy)]
struct Content {
    digest: Digest,
    priority: u8,
    body_bytes: u64,
}

struct Player<'h> {
    replay: Replay<'h>,
    queues: Vec<QueueState>,
    channels: BTreeMap<ChannelId, ChannelState>,
    consumers: BTreeMap<ConsumerId, ConsumerState>,
    /// The turn that is played, if one is.
    turn: Option<u32>,
    /// Its latest event.
    last_place: usize,
    /// The queues whose messages or consumers it changed.
    touched: BTreeSet<QueueId>,
    /// The queues that took a message from a publisher in it.
    grown: BTreeSet<QueueId>,
    place: usize,
}

impl Player<'_> {
    fn event(&mut self, what: &What) {
        match what {
            What::Broker { turn, event } => {
                if self.turn != Some(*turn) {
                    self.end_turn();
                    self.turn = Some(*turn);
                }
                self.last_place = self.place;
                self.broker_event(event);
            }
            What::BrokerRestarted => self.restart(),
            What::Counted(counts) => {
                self.end_turn();
                self.snapshot(counts.queue, counts.ready, counts.unacknowledged);
            }
            What::Drained { left } => {
                self.end_turn();
                for left in left {
                    self.replay.last_snapshots.insert(left.queue, self.replay.snapshots.len());
                    self.snapshot(left.queue, left.ready, left.unacknowledged);
                }
            }
            _ => {}
        }
    }

    fn broker_event(&mut self, event: &BrokerEvent) {
        match event {
            BrokerEvent::Taken { queue, message: Some(message), digest, priority, body_bytes } => {
                let (digest, priority, body_bytes) = (*digest, *priority, *body_bytes);
                self.take(*queue, *message, Content { digest, priority, body_bytes }, Vec::new(), false);
                self.grown.insert(*queue);
            }
            BrokerEvent::Declared { queue } => {
                self.replay.declared.entry(*queue).or_insert(self.place);
            }
            BrokerEvent::Taken { message: None, .. } | BrokerEvent::Refused { .. } => {}
            BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack } => {
                let (channel, queue, prefetch, no_ack) = (*channel, *queue, *prefetch, *no_ack);
                let started = ConsumerState { channel, queue, prefetch, no_ack, held: 0 };
                self.consumers.insert(*consumer, started);
                self.channel(channel).consumers.insert(*consumer);
                if let Some(queue) = self.queue(queue) {
                    queue.consumers.insert(*consumer);
                    queue.active.get_or_insert(*consumer);
                }
                self.note_credit(*consumer);
            }
            BrokerEvent::ConsumerCancelled { consumer } => self.end_consumer(*consumer),
            BrokerEvent::PrefetchSet { channel, prefetch } => {
                self.channel(*channel).prefetch = *prefetch;
                self.touch_channel(*channel);
            }
            BrokerEvent::WritableSet { channel, writable } => {
                self.channel(*channel).writable = *writable;
                self.touch_channel(*channel);
            }
            BrokerEvent::Delivered(delivery) => self.deliver(delivery),
            BrokerEvent::Acknowledged { channel, delivery_tag, multiple } => {
                for (tag, holding) in self.settle(*channel, *delivery_tag, *multiple) {
                    if let Some(entry) = self.release(*channel, tag, holding) {
                        self.leave(entry, Place::Acknowledged(self.place));
                    }
                }
            }
            BrokerEvent::Rejected { channel, delivery_tag, multiple, requeue } => {
                for (tag, holding) in self.settle(*channel, *delivery_tag, *multiple) {
                    match self.release(*channel, tag, holding) {
                        Some(entry) if *requeue => self.requeue(entry),
                        Some(entry) => self.replay.entries[entry].place = Place::Doomed(self.place, Reason::Rejected),
                        None => {}
                    }
                }
            }
            BrokerEvent::Recovered { channel } => {
                for (tag, holding) in self.settle(*channel, 0, true) {
                    if let Some(entry) = self.release(*channel, tag, holding) {
                        self.requeue(entry);
                    }
                }
            }
            BrokerEvent::ChannelClosed { channel } => self.close(*channel),
            BrokerEvent::Died { queue, reason, message: Some(message), digest, dead_lettered } => {
                self.die(*queue, *message, *reason, *digest, *dead_lettered);
            }
            BrokerEvent::Died { message: None, .. } => {}
            BrokerEvent::Purged { queue } => self.purge(*queue),
            BrokerEvent::Deleted { queue } => {
                self.purge(*queue);
                self.abandon(*queue);
            }
        }
    }

    fn queue(&mut self, id: QueueId) -> Option<&mut QueueState> {
        self.queues.get_mut(id.0 as usize)
    }

    fn channel(&mut self, id: ChannelId) -> &mut ChannelState {
        self.channels.entry(id).or_default()
    }

    fn life(&mut self, queue: QueueId, message: MessageId) -> &mut Life {
        self.replay.lives.entry((queue, message)).or_default()
    }
}
