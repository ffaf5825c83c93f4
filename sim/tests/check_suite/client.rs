//! The clients: each writes its side of the history.

use std::collections::BTreeMap;

use handoff_broker::core;
use handoff_sim::history::{
    ChannelLog, ConsumerId, Death, Delivery, Digest, MessageId, Operation, Outcome, ProcessLog, QueueId, identify_body,
};

use super::link::{Down, Link, Up};
use super::network::{PROPERTIES, body};

/// A client, connected or not.
pub struct Client {
    pub log: ProcessLog,
    /// The queue it consumes from; a producer has none.
    pub source: Option<(QueueId, u16)>,
    pub session: Option<Session>,
    /// Messages whose publishing ended unknown.
    pub unknown: Vec<(QueueId, MessageId)>,
}

/// What ends with a connection.
pub struct Session {
    pub link: u64,
    pub channel: ChannelLog,
    pub consumer: Option<ConsumerId>,
    pub is_cancelled: bool,
    /// The tags of what it received and did not settle.
    pub held: Vec<u64>,
    requests: BTreeMap<u64, (Operation, Option<(QueueId, MessageId)>)>,
    sent: u64,
}

impl Client {
    /// Opens a connection, and consumes if it is a consumer.
    pub fn connect(&mut self, number: u64, link: &mut Link) {
        let channel = self.log.open_channel();
        let mut session = Session {
            link: number,
            channel,
            consumer: None,
            is_cancelled: false,
            held: Vec::new(),
            requests: BTreeMap::new(),
            sent: 0,
        };
        if let Some((queue, prefetch)) = self.source {
            let (consumer, operation) = session.channel.consume(queue, prefetch, false);
            session.consumer = Some(consumer);
            let request = session.request(operation, None);
            link.send_up(Up::Consume { request, queue, prefetch });
        }
        self.session = Some(session);
    }

    /// Its connection is gone: what was not answered is unknown.
    pub fn disconnect(&mut self) {
        if let Some(session) = self.session.take() {
            self.unknown.extend(session.requests.into_values().filter_map(|(_, message)| message));
        }
    }

    /// A frame came.
    pub fn receive(&mut self, frame: Down) {
        let Some(session) = &mut self.session else { return };
        match frame {
            Down::Deliver(delivery) => session.delivered(self.source, *delivery),
            Down::Done { request } => session.ended(request, Outcome::Ok),
            Down::Refused { request } => session.ended(request, Outcome::Failed),
            Down::End => {
                session.channel.lost();
                self.disconnect();
            }
        }
    }
}

impl Session {
    fn request(&mut self, operation: Operation, message: Option<(QueueId, MessageId)>) -> u64 {
        self.sent += 1;
        self.requests.insert(self.sent, (operation, message));
        self.sent
    }

    pub fn publish(&mut self, queue: QueueId, message: MessageId, link: &mut Link) {
        let digest = Digest::of_message(PROPERTIES, &body(message));
        let operation = self.channel.publish(queue, message, digest);
        let request = self.request(operation, Some((queue, message)));
        link.send_up(Up::Publish { request, queue, message });
    }

    pub fn acknowledge(&mut self, number: usize, multiple: bool, link: &mut Link) {
        let delivery_tag = self.held[number];
        self.held.drain(if multiple { 0..number + 1 } else { number..number + 1 });
        self.channel.acknowledge(delivery_tag, multiple);
        link.send_up(Up::Acknowledge { delivery_tag, multiple });
    }

    /// Acknowledges what it acknowledged before: an error.
    pub fn acknowledge_again(&mut self, delivery_tag: u64, link: &mut Link) {
        self.channel.acknowledge(delivery_tag, false);
        link.send_up(Up::Acknowledge { delivery_tag, multiple: false });
    }

    pub fn reject(&mut self, number: usize, requeue: bool, link: &mut Link) {
        let delivery_tag = self.held.remove(number);
        self.channel.reject(delivery_tag, false, requeue);
        link.send_up(Up::Reject { delivery_tag, requeue });
    }

    pub fn ask(&mut self, link: &mut Link) {
        let operation = self.channel.ask();
        let request = self.request(operation, None);
        link.send_up(Up::Ask { request });
    }

    pub fn cancel(&mut self, link: &mut Link) {
        let Some(consumer) = self.consumer.filter(|_| !self.is_cancelled) else { return };
        self.is_cancelled = true;
        let operation = self.channel.cancel(consumer);
        let request = self.request(operation, None);
        link.send_up(Up::Cancel { request });
    }

    fn ended(&mut self, request: u64, outcome: Outcome) {
        if let Some((operation, _)) = self.requests.remove(&request) {
            operation.ended(outcome);
        }
    }

    fn delivered(&mut self, source: Option<(QueueId, u16)>, delivery: core::Delivery) {
        let Some((queue, _)) = source else { return };
        let deaths = core::Death::read(delivery.message.headers()).into_iter();
        self.held.push(delivery.delivery_tag);
        self.channel.received(Delivery {
            channel: self.channel.id(),
            consumer: self.consumer,
            queue,
            delivery_tag: delivery.delivery_tag,
            message: identify_body(delivery.message.body()),
            digest: Digest::of_message(delivery.message.properties(), delivery.message.body()),
            redelivered: delivery.redelivered(),
            delivery_count: delivery.delivery_count,
            deaths: deaths.map(Death::from).collect(),
        });
    }
}
