//! What `Observed` writes: routing, gets, purges, and which effects belong to which command.

use handoff_broker::Timestamp;
use handoff_broker::amqp::codec::Table;
use handoff_broker::core::{
    Broker, ChannelId, Command, ConnectionId, ExchangeKind, ExchangeOptions, Machine, Message, QueueOptions,
    QueuePolicy,
};
use handoff_sim::history::{BrokerEvent, History, MessageId, Observed, QueueId, Reason, Recorder, What};

use super::network::{PROPERTIES, body};

const CONNECTION: ConnectionId = ConnectionId(1);
const CHANNEL: ChannelId = ChannelId { connection: CONNECTION, number: 1 };

struct Bench {
    recorder: Recorder,
    broker: Observed<Broker>,
}

impl Bench {
    fn new() -> Self {
        let recorder = Recorder::new(|| Timestamp::EPOCH);
        let mut bench = Bench { broker: Observed::new(Broker::new(), &recorder), recorder };
        bench.does(Command::OpenChannel { channel: CHANNEL });
        bench
    }

    fn does(&mut self, command: Command<'_>) {
        self.broker.handle(Timestamp::EPOCH, command).expect("nothing stands in its way");
        while self.broker.next_effect().is_some() {}
    }

    fn declares(&mut self, name: &str, options: QueueOptions) {
        self.does(Command::DeclareQueue { connection: CONNECTION, name, passive: false, options });
    }

    fn binds(&mut self, queue: &str, exchange: &str, routing_key: &[u8]) {
        let arguments = Table::default();
        self.does(Command::BindQueue { connection: CONNECTION, queue, exchange, routing_key, arguments });
    }

    fn publishes(&mut self, exchange: &str, routing_key: &[u8], message: u64) {
        let message = Message::new(exchange, routing_key, PROPERTIES, &body(MessageId(message)));
        self.does(Command::Publish { channel: CHANNEL, message });
    }

    fn gets(&mut self, queue: &str, no_ack: bool) {
        self.does(Command::Get { channel: CHANNEL, queue, no_ack });
    }

    fn history(&self) -> History {
        self.recorder.history()
    }

    /// Which queue took which message.
    fn taken(&self) -> Vec<(String, u64)> {
        let history = self.history();
        let taken = events(&history).filter_map(|(_, event)| match event {
            BrokerEvent::Taken { queue, message: Some(message), .. } => {
                Some((history.queues[queue.0 as usize].name.clone(), message.0))
            }
            _ => None,
        });
        taken.collect()
    }
}

fn events(history: &History) -> impl Iterator<Item = (u32, &BrokerEvent)> {
    history.events.iter().filter_map(|event| match &event.what {
        What::Broker { turn, event } => Some((*turn, event)),
        _ => None,
    })
}

fn taken(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(queue, message)| ((*queue).to_owned(), *message)).collect()
}

#[test]
fn messages_are_followed_to_their_queues() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        bench.declares(name, QueueOptions::default());
        bench.binds(name, "amq.fanout", b"");
    }
    bench.binds("a", "amq.direct", b"key");
    bench.binds("b", "amq.direct", b"other");
    bench.publishes("", b"a", 1);
    bench.publishes("", b"nowhere", 2);
    bench.publishes("amq.direct", b"key", 3);
    bench.publishes("amq.fanout", b"any", 4);
    let expected = [("a", 1), ("a", 3), ("a", 4), ("b", 4)];
    assert_eq!(bench.taken(), taken(&expected));

    bench.does(Command::UnbindQueue {
        connection: CONNECTION,
        queue: "b",
        exchange: "amq.direct",
        routing_key: b"other",
        arguments: Table::default(),
    });
    bench.does(Command::DeleteQueue { connection: CONNECTION, name: "a", if_unused: false, if_empty: false });
    bench.publishes("amq.direct", b"other", 5);
    bench.publishes("amq.fanout", b"any", 6);
    assert_eq!(bench.taken(), taken(&[&expected[..], &[("b", 6)]].concat()));
}

#[test]
fn declared_exchanges_route_by_their_kind() {
    let mut bench = Bench::new();
    let options = ExchangeOptions { kind: ExchangeKind::Fanout, ..ExchangeOptions::default() };
    bench.does(Command::DeclareExchange { name: "news", passive: false, options });
    bench.declares("a", QueueOptions::default());
    bench.binds("a", "news", b"key");
    bench.publishes("news", b"another", 1);
    assert_eq!(bench.taken(), taken(&[("a", 1)]));
}

#[test]
fn queues_that_end_with_their_client_are_left_out() {
    let mut bench = Bench::new();
    bench.declares("mine", QueueOptions { exclusive: true, ..QueueOptions::default() });
    bench.publishes("", b"mine", 1);
    bench.gets("mine", true);
    assert!(bench.history().events.is_empty());
}

#[test]
fn what_is_got_is_delivered_and_perhaps_acknowledged() {
    let mut bench = Bench::new();
    bench.declares("a", QueueOptions::default());
    bench.publishes("", b"a", 1);
    bench.publishes("", b"a", 2);
    bench.gets("a", false);
    bench.gets("a", true);
    let history = bench.history();
    let mut got = events(&history).skip(3).map(|(_, event)| event);
    assert!(matches!(got.next(), Some(BrokerEvent::Delivered(delivery)) if delivery.message == Some(MessageId(1))));
    assert!(matches!(got.next(), Some(BrokerEvent::Delivered(delivery)) if delivery.message == Some(MessageId(2))));
    let acknowledged = got.next();
    assert!(matches!(acknowledged, Some(BrokerEvent::Acknowledged { delivery_tag: 2, multiple: false, .. })));
}

#[test]
fn effects_belong_to_the_turn_of_their_command() {
    let mut bench = Bench::new();
    bench.declares("dead", QueueOptions::default());
    let policy = QueuePolicy {
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(b"dead".to_vec()),
        ..QueuePolicy::default()
    };
    bench.declares("work", QueueOptions { policy, ..QueueOptions::default() });
    for (queue, consumer_tag) in [("work", "w"), ("dead", "d")] {
        bench.does(Command::Consume {
            channel: CHANNEL,
            queue,
            consumer_tag,
            no_ack: false,
            exclusive: false,
            priority: 0,
        });
    }
    bench.publishes("", b"work", 1);
    bench.does(Command::Reject { channel: CHANNEL, delivery_tag: 1, multiple: false, requeue: false });
    bench.does(Command::PurgeQueue { connection: CONNECTION, name: "work" });
    let history = bench.history();
    assert_eq!(history.queues[1].dead_letter_queue, Some(QueueId(0)));
    let events: Vec<(u32, &BrokerEvent)> = events(&history).skip(4).collect();
    let first = events[0].0;
    let turns: Vec<u32> = events.iter().map(|(turn, _)| turn - first).collect();
    assert_eq!(turns, [0, 0, 1, 1, 1, 2]);
    assert!(matches!(events[0].1, BrokerEvent::Taken { .. }));
    assert!(matches!(events[1].1, BrokerEvent::Delivered(delivery) if delivery.deaths.is_empty()));
    assert!(matches!(events[2].1, BrokerEvent::Rejected { requeue: false, .. }));
    assert!(matches!(events[3].1, BrokerEvent::Died { reason: Reason::Rejected, dead_lettered: true, .. }));
    assert!(matches!(events[4].1, BrokerEvent::Delivered(delivery) if delivery.deaths[0].queue == "work"));
    assert!(matches!(events[5].1, BrokerEvent::Purged { .. }));
}

#[test]
fn what_is_refused_is_not_written() {
    let mut bench = Bench::new();
    let refused = Command::Acknowledge { channel: CHANNEL, delivery_tag: 1, multiple: false };
    assert!(bench.broker.handle(Timestamp::EPOCH, refused).is_err());
    assert!(bench.history().events.is_empty());
}

#[test]
fn a_connection_that_does_not_read_pauses_its_channels() {
    let mut bench = Bench::new();
    bench.does(Command::SetWritable { connection: CONNECTION, writable: false });
    bench.does(Command::OpenChannel { channel: ChannelId { number: 2, ..CHANNEL } });
    bench.does(Command::SetWritable { connection: CONNECTION, writable: true });
    bench.does(Command::CloseConnection { connection: CONNECTION });
    let history = bench.history();
    let said: Vec<bool> = events(&history)
        .filter_map(|(_, event)| match event {
            BrokerEvent::WritableSet { writable, .. } => Some(*writable),
            _ => None,
        })
        .collect();
    assert_eq!(said, [false, false, true, true]);
    let closed = events(&history).filter(|(_, event)| matches!(event, BrokerEvent::ChannelClosed { .. }));
    assert_eq!(closed.count(), 2);
}
