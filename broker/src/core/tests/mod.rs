//! What the core promises, a subject a file, told through commands and effects alone. After each step everything is
//! counted again.

mod closing;
mod credit;
mod death;
mod declaring;
mod exchanges;
mod expiry;
mod length;
mod limits;
mod model;
mod order;
mod priority;
mod property;
mod replies;
mod routing;
mod settling;
mod single_active;
mod snapshot;
mod transaction;
mod urgency;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::amqp::codec::{PropertiesBuilder, Table};

/// The first channel of the first connection.
const A: ChannelId = ChannelId { connection: ConnectionId(1), number: 1 };
/// The second channel of the first connection.
const A2: ChannelId = ChannelId { connection: ConnectionId(1), number: 2 };
/// The first channel of the second connection.
const B: ChannelId = ChannelId { connection: ConnectionId(2), number: 1 };

/// A broker with channels [`A`], [`A2`] and [`B`] open.
struct Driver {
    broker: Broker,
    now: Timestamp,
    heads: Heads,
}

/// The heads of messages, shared by all that have the same exchange, routing key and properties.
#[derive(Default)]
struct Heads(BTreeMap<(String, String, Vec<u8>), Head>);

impl Heads {
    fn message(&mut self, exchange: &str, routing_key: &str, properties: &[u8], body: &str) -> Message {
        let key = (exchange.to_owned(), routing_key.to_owned(), properties.to_vec());
        let head = self.0.entry(key).or_insert_with(|| Head::new(exchange, routing_key.as_bytes(), Some(properties)));
        Message::under(head.clone(), body.as_bytes())
    }
}

impl Driver {
    fn new() -> Self {
        Driver::around(Broker::new())
    }

    fn around(broker: Broker) -> Self {
        let mut driver = Driver { broker, now: Timestamp::EPOCH, heads: Heads::default() };
        for channel in [A, A2, B] {
            driver.run(Command::OpenChannel { channel });
        }
        driver
    }

    fn handle(&mut self, command: Command<'_>) -> Result<Reply, Refusal> {
        let answer = self.broker.handle(self.now, command);
        self.audit();
        answer
    }

    fn run(&mut self, command: Command<'_>) -> Reply {
        self.handle(command).unwrap()
    }

    fn audit(&self) {
        self.broker.audit().unwrap();
    }

    /// The next effect, in short: `c1#2 x` is tag 2 for consumer c1, `+1` that it came back once.
    fn next_effect(&mut self) -> Option<String> {
        let effect = self.broker.next_effect();
        self.audit();
        effect.map(|effect| match effect {
            Effect::Deliver { consumer_tag, delivery, .. } => {
                let again =
                    if delivery.redelivered() { format!("+{}", delivery.delivery_count) } else { String::new() };
                format!("{consumer_tag}#{} {}{again}", delivery.delivery_tag, text(&delivery.message))
            }
            Effect::ConsumerCancelled { consumer_tag, .. } => format!("{consumer_tag} cancelled"),
            Effect::QueueExpired { queue } => format!("{queue} expired"),
            Effect::Died { queue, reason, message, dead_lettered } => {
                let fate = if dead_lettered { "dead-lettered" } else { "gone" };
                format!("{} {fate} from {queue}: {}", text(&message), reason.as_str())
            }
        })
    }

    fn effects(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next_effect()).collect()
    }

    fn declare(&mut self, name: &str, policy: QueuePolicy) {
        let options = QueueOptions { policy, ..QueueOptions::default() };
        self.run(Command::DeclareQueue { connection: A.connection, name, passive: false, options });
    }

    /// Publishes to a queue by its name.
    fn publish(&mut self, queue: &str, body: &str) -> Published {
        self.publish_to("", queue, body)
    }

    fn publish_all(&mut self, queue: &str, bodies: &[&str]) {
        for body in bodies {
            assert_eq!(self.publish(queue, body), Published::Taken);
        }
    }

    fn publish_to(&mut self, exchange: &str, routing_key: &str, body: &str) -> Published {
        let message = self.heads.message(exchange, routing_key, b"\0\0", body);
        match self.run(Command::Publish { channel: A, message }) {
            Reply::Published(published) => published,
            reply => panic!("{reply:?}"),
        }
    }

    /// Consumes with a prefetch of the consumer's own.
    fn consume(&mut self, channel: ChannelId, queue: &str, consumer_tag: &str, prefetch: u16) {
        self.run(Command::SetPrefetch { channel, count: prefetch, global: false });
        self.run(Command::Consume { channel, queue, consumer_tag, no_ack: false, exclusive: false, priority: 0 });
    }

    fn acknowledge(&mut self, channel: ChannelId, delivery_tag: u64) {
        self.run(Command::Acknowledge { channel, delivery_tag, multiple: false });
    }

    fn requeue(&mut self, channel: ChannelId, delivery_tag: u64) {
        self.run(Command::Reject { channel, delivery_tag, multiple: false, requeue: true });
    }

    fn reject(&mut self, channel: ChannelId, delivery_tag: u64) {
        self.run(Command::Reject { channel, delivery_tag, multiple: false, requeue: false });
    }

    fn get(&mut self, channel: ChannelId, queue: &str) -> Option<Delivery> {
        match self.run(Command::Get { channel, queue, no_ack: false }) {
            Reply::Got(got) => got.map(|(delivery, _)| delivery),
            reply => panic!("{reply:?}"),
        }
    }

    /// Takes everything that is ready, for good.
    fn empty(&mut self, queue: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        while let Reply::Got(Some((delivery, _))) = self.run(Command::Get { channel: A, queue, no_ack: true }) {
            bodies.push(text(&delivery.message));
        }
        bodies
    }

    /// Lets time pass, and what is due be done.
    fn wait_ms(&mut self, time_ms: u64) {
        self.now = self.now + Duration::from_millis(time_ms);
        if self.broker.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.broker.expire(self.now);
        }
        self.audit();
    }

    fn publish_with(&mut self, queue: &str, properties: PropertiesBuilder, body: &str) -> Published {
        let message = self.heads.message("", queue, &properties.build(), body);
        match self.run(Command::Publish { channel: A, message }) {
            Reply::Published(published) => published,
            reply => panic!("{reply:?}"),
        }
    }

    fn counts(&self, queue: &str) -> QueueCounts {
        self.broker.queue_counts(queue).unwrap()
    }
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.body()).into_owned()
}

/// A policy that sends dead letters to the queue `target`.
fn dead_letters_to(target: &str) -> QueuePolicy {
    QueuePolicy {
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(target.into()),
        ..QueuePolicy::default()
    }
}
