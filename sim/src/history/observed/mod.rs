//! The broker's side of a history, written from the core's seam.
//!
//! What a queue takes is not among the core's effects, so the bindings are followed here. Exclusive and auto-delete
//! queues are left out: they end with their clients, and nothing is promised beyond that.
//!
//! It follows direct and fanout exchanges to queues; not topics, headers, alternates and exchanges bound to exchanges.
//! More things a run has to keep away from, since they are not told here: transactions, times to live of single
//! messages, full queues that refuse into their dead letters, a message that goes to several queues
//! of which one refuses it (it is written as refused by all that may refuse), dead letters that go to several queues
//! (the first one is written), and a prefetch that consumers of left-out queues share with others.

mod channels;
mod routing;

use std::collections::{BTreeMap, BTreeSet};

use handoff_broker::Timestamp;
use handoff_broker::core::{self, Command, ConnectionId, Effect, ExchangeKind, Machine, Message, Refusal, Reply};

use super::body::{Digest, identify_body};
use super::event::{BrokerEvent, Death, Delivery, What};
use super::ids::{ChannelId, ConsumerId, ProcessId, QueueId};
use super::recorder::Recorder;

/// A core, or something around a core, whose commands and effects are written to a history.
///
/// Whatever is to be judged belongs inside: what alters commands and effects (a broken broker) is part of the broker.
pub struct Observed<M> {
    machine: M,
    observer: Observer,
}

impl<M> Observed<M> {
    /// Starts to watch a new `machine`, as the process `broker`.
    pub fn new(machine: M, recorder: &Recorder) -> Self {
        Observed { machine, observer: Observer::new(recorder.clone()) }
    }

    /// What is watched.
    pub fn machine(&self) -> &M {
        &self.machine
    }
}

impl<M: Machine> Machine for Observed<M> {
    fn handle(&mut self, now: Timestamp, command: Command<'_>) -> Result<Reply, Refusal> {
        let reply = self.machine.handle(now, command.clone())?;
        self.observer.command(now, command, &reply);
        Ok(reply)
    }

    fn next_effect(&mut self) -> Option<Effect> {
        let effect = self.machine.next_effect();
        match &effect {
            Some(effect) => self.observer.effect(effect),
            None => self.observer.quiet = true,
        }
        effect
    }

    fn has_urgent_effects(&self) -> bool {
        self.machine.has_urgent_effects()
    }

    fn memory_bytes(&self) -> u64 {
        self.machine.memory_bytes()
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.machine.deadline()
    }

    fn expire(&mut self, now: Timestamp) {
        self.machine.expire(now);
        self.observer.begin_turn(now);
    }
}

/// What has to be remembered to say what commands and effects mean.
struct Observer {
    recorder: Recorder,
    process: ProcessId,
    now: Timestamp,
    turn: u32,
    /// Whether all effects were asked for since the last command.
    quiet: bool,
    queues: BTreeMap<String, QueueId>,
    exchanges: BTreeMap<String, ExchangeKind>,
    bindings: BTreeMap<String, BTreeSet<(Vec<u8>, QueueId)>>,
    /// Queues with a dead letter exchange, and the routing key that their dead letters get.
    dead_lettering: Vec<(QueueId, String, Option<Vec<u8>>)>,
    channels: BTreeMap<core::ChannelId, Channel>,
    paused: BTreeSet<ConnectionId>,
}

struct Channel {
    id: ChannelId,
    /// For consumers that start from now on.
    prefetch: u16,
    /// By tag; the queue is missing if it is not part of the history.
    consumers: BTreeMap<String, (ConsumerId, Option<QueueId>)>,
}

impl Observer {
    fn new(recorder: Recorder) -> Self {
        let process = recorder.process("broker").id();
        let predeclared = [("amq.direct", ExchangeKind::Direct), ("amq.fanout", ExchangeKind::Fanout)];
        Observer {
            recorder,
            process,
            now: Timestamp::EPOCH,
            turn: 0,
            quiet: true,
            queues: BTreeMap::new(),
            exchanges: predeclared.map(|(name, kind)| (name.to_owned(), kind)).into(),
            bindings: BTreeMap::new(),
            dead_lettering: Vec::new(),
            channels: BTreeMap::new(),
            paused: BTreeSet::new(),
        }
    }

    /// A turn lasts until there are no effects left.
    fn begin_turn(&mut self, now: Timestamp) {
        self.now = now;
        if std::mem::take(&mut self.quiet) {
            self.turn = self.turn.wrapping_add(1);
        }
    }

    fn write(&self, event: BrokerEvent) {
        self.recorder.write_at(self.now, self.process, What::Broker { turn: self.turn, event });
    }

    /// A command that was carried out.
    fn command(&mut self, now: Timestamp, command: Command<'_>, reply: &Reply) {
        self.begin_turn(now);
        match command {
            Command::OpenChannel { channel } => self.open_channel(channel),
            Command::CloseChannel { channel } => self.close_channel(channel),
            Command::CloseConnection { connection } => self.close_connection(connection),
            Command::SetWritable { connection, writable } => self.set_writable(connection, writable),
            Command::DeclareExchange { name, options, .. } => {
                self.exchanges.entry(name.to_owned()).or_insert(options.kind);
            }
            Command::DeleteExchange { name, .. } => {
                self.exchanges.remove(name);
                self.bindings.remove(name);
            }
            Command::DeclareQueue { passive: false, ref options, .. } => self.declare_queue(reply, options),
            Command::DeclareQueue { .. } => {}
            Command::DeleteQueue { name, .. } => self.delete_queue(name),
            Command::PurgeQueue { name, .. } => self.on_queue(name, |queue| BrokerEvent::Purged { queue }),
            Command::BindQueue { queue, exchange, routing_key, .. } => self.bind(queue, exchange, routing_key),
            Command::UnbindQueue { queue, exchange, routing_key, .. } => self.unbind(queue, exchange, routing_key),
            Command::BindExchange { .. } | Command::UnbindExchange { .. } => {}
            Command::Publish { message, .. } => self.publish(&message, reply),
            Command::Consume { channel, queue, consumer_tag, no_ack, .. } => {
                self.consume(channel, queue, consumer_tag, no_ack);
            }
            Command::Cancel { channel, consumer_tag } => self.end_consumer(channel, consumer_tag),
            Command::Get { channel, queue, no_ack } => self.get(channel, queue, no_ack, reply),
            Command::SetPrefetch { channel, count, global } => self.set_prefetch(channel, count, global),
            Command::Acknowledge { channel, delivery_tag, multiple } => {
                self.on_channel(channel, |channel| BrokerEvent::Acknowledged { channel, delivery_tag, multiple });
            }
            Command::Reject { channel, delivery_tag, multiple, requeue } => {
                self.on_channel(channel, |channel| BrokerEvent::Rejected { channel, delivery_tag, multiple, requeue });
            }
            Command::Recover { channel } => self.on_channel(channel, |channel| BrokerEvent::Recovered { channel }),
            Command::ConsumeReplies { .. }
            | Command::SelectTransactions { .. }
            | Command::Commit { .. }
            | Command::Rollback { .. } => {}
        }
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Deliver { channel, consumer_tag, delivery } => {
                let Some(Channel { id, consumers, .. }) = self.channels.get(channel) else { return };
                if let Some((consumer, Some(queue))) = consumers.get(&**consumer_tag) {
                    self.write(BrokerEvent::Delivered(delivered(*id, Some(*consumer), *queue, delivery)));
                }
            }
            Effect::ConsumerCancelled { channel, consumer_tag } => self.end_consumer(*channel, consumer_tag),
            Effect::QueueExpired { queue } => self.delete_queue(queue),
            Effect::Died { queue, reason, message, dead_lettered } => {
                let (digest, reason, dead_lettered) = (digest_of(message), (*reason).into(), *dead_lettered);
                let message = identify_body(message.body());
                self.on_queue(queue, |queue| BrokerEvent::Died { queue, reason, message, digest, dead_lettered });
            }
        }
    }

    fn on_queue(&self, name: &str, event: impl FnOnce(QueueId) -> BrokerEvent) {
        if let Some(queue) = self.queues.get(name) {
            self.write(event(*queue));
        }
    }

    fn on_channel(&self, channel: core::ChannelId, event: impl FnOnce(ChannelId) -> BrokerEvent) {
        if let Some(channel) = self.channels.get(&channel) {
            self.write(event(channel.id));
        }
    }
}

fn digest_of(message: &Message) -> Digest {
    Digest::of_message(message.properties(), message.body())
}

fn delivered(channel: ChannelId, consumer: Option<ConsumerId>, queue: QueueId, delivery: &core::Delivery) -> Delivery {
    let deaths = core::Death::read(delivery.message.headers()).into_iter();
    Delivery {
        channel,
        consumer,
        queue,
        delivery_tag: delivery.delivery_tag,
        message: identify_body(delivery.message.body()),
        digest: digest_of(&delivery.message),
        redelivered: delivery.redelivered(),
        delivery_count: delivery.delivery_count,
        deaths: deaths.map(Death::from).collect(),
    }
}
