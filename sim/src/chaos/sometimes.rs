//! What has to happen sometimes: a sweep in which one of these never happened has not looked where it hurts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::history::{BrokerEvent, ChannelId, Delivery, History, MessageId, QueueId, Reason, What};

/// Something that has to happen in some run of every large sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sometimes {
    /// A message was delivered again because the connection of whoever held it had ended.
    RedeliveryAfterCrash,
    /// A consumer crashed after the work and before the acknowledgement.
    CrashBeforeAck,
    /// A message became a dead letter by its delivery limit.
    DeadLetterByLimit,
    /// A queue was full when one more message came.
    FullQueue,
    /// A message that came back was delivered between two that had never been delivered.
    RequeueBetweenFresh,
    /// A partition came between a producer and the confirm of a message that it had published.
    PartitionOverUnconfirmed,
    /// A producer had to wait before it could send, because nobody read.
    BlockedProducer,
    /// The broker found by heartbeat that a consumer had fallen silent.
    SilentConsumerFound,
}

/// How often each happened.
pub type Sightings = BTreeMap<Sometimes, u64>;

impl Sometimes {
    /// All of them.
    pub const ALL: [Sometimes; 8] = [
        Sometimes::RedeliveryAfterCrash,
        Sometimes::CrashBeforeAck,
        Sometimes::DeadLetterByLimit,
        Sometimes::FullQueue,
        Sometimes::RequeueBetweenFresh,
        Sometimes::PartitionOverUnconfirmed,
        Sometimes::BlockedProducer,
        Sometimes::SilentConsumerFound,
    ];

    /// What it is, in the contract's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Sometimes::RedeliveryAfterCrash => "redelivery after a crash",
            Sometimes::CrashBeforeAck => "a crash between processing and ack",
            Sometimes::DeadLetterByLimit => "a dead letter by limit",
            Sometimes::FullQueue => "a full queue",
            Sometimes::RequeueBetweenFresh => "a requeue between two fresh messages",
            Sometimes::PartitionOverUnconfirmed => "a partition over an unconfirmed publish",
            Sometimes::BlockedProducer => "a blocked producer",
            Sometimes::SilentConsumerFound => "a silent consumer found by heartbeat",
        }
    }
}

/// Adds what a history shows.
pub(super) fn look_through(history: &History, sightings: &mut Sightings) {
    let mut look = Look { sightings, held: BTreeMap::new(), orphans: BTreeMap::new(), order: BTreeMap::new() };
    for event in &history.events {
        if let What::Broker { event, .. } = &event.what {
            look.at(event);
        }
    }
}

struct Look<'a> {
    sightings: &'a mut Sightings,
    held: BTreeMap<(ChannelId, u64), (QueueId, Option<MessageId>)>,
    /// What lost its holder and was not delivered since.
    orphans: BTreeMap<(QueueId, Option<MessageId>), ()>,
    /// For each queue, the kinds of its last deliveries.
    order: BTreeMap<QueueId, Order>,
}

/// The last deliveries of a queue, as far as they matter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Fresh,
    FreshThenReturned,
}

impl Look<'_> {
    fn at(&mut self, event: &BrokerEvent) {
        match event {
            BrokerEvent::Delivered(delivery) => self.delivered(delivery),
            BrokerEvent::ChannelClosed { channel } => {
                let later = self.held.split_off(&(ChannelId(channel.0 + 1), 0));
                let closed = self.held.split_off(&(*channel, 0));
                self.held.extend(later);
                self.orphans.extend(closed.into_values().map(|orphan| (orphan, ())));
            }
            BrokerEvent::Acknowledged { channel, delivery_tag, .. }
            | BrokerEvent::Rejected { channel, delivery_tag, .. } => {
                self.held.remove(&(*channel, *delivery_tag));
            }
            BrokerEvent::Died { reason: Reason::DeliveryLimit, dead_lettered: true, .. } => {
                self.saw(Sometimes::DeadLetterByLimit);
            }
            BrokerEvent::Died { reason: Reason::MaxLength, .. } | BrokerEvent::Refused { .. } => {
                self.saw(Sometimes::FullQueue);
            }
            _ => {}
        }
    }

    fn delivered(&mut self, delivery: &Delivery) {
        let (queue, message) = (delivery.queue, delivery.message);
        if self.orphans.remove(&(queue, message)).is_some() && delivery.redelivered {
            self.saw(Sometimes::RedeliveryAfterCrash);
        }
        self.held.insert((delivery.channel, delivery.delivery_tag), (queue, message));
        let before = self.order.get(&queue).copied();
        if delivery.redelivered {
            if before.is_some() {
                self.order.insert(queue, Order::FreshThenReturned);
            }
        } else {
            if before == Some(Order::FreshThenReturned) {
                self.saw(Sometimes::RequeueBetweenFresh);
            }
            self.order.insert(queue, Order::Fresh);
        }
    }

    fn saw(&mut self, sometimes: Sometimes) {
        *self.sightings.entry(sometimes).or_default() += 1;
    }
}
