//! Random commands, carried out by the broker and by the naive [`Model`]: answers, effects and counts agree.

use proptest::prelude::*;

use super::model::{Model, SPLITTING};
use super::*;

const QUEUES: [&str; 4] = ["q0", "q1", "q2", "q3"];
const TAGS: [&str; 2] = ["t0", "t1"];
const EXCHANGES: [&str; 6] = ["", "amq.direct", "amq.fanout", "amq.topic", SPLITTING.0, "missing"];
/// What bindings are made with.
const PATTERNS: [&str; 4] = ["q0", "q1", "*", "#"];

/// A command without its borrowed names: indexes into the tables above, and choices among the tags that are held.
#[derive(Clone, Debug)]
enum Step {
    Open(ChannelId),
    CloseChannel(ChannelId),
    CloseConnection(ConnectionId),
    Writable((ConnectionId, bool)),
    Declare((ConnectionId, usize)),
    Delete((ConnectionId, usize, bool, bool)),
    Purge((ConnectionId, usize)),
    Bind((ConnectionId, usize, usize, usize)),
    Unbind((ConnectionId, usize, usize, usize)),
    BindExchange((usize, usize, usize)),
    UnbindExchange((usize, usize, usize)),
    Publish((ChannelId, usize, usize, Option<u64>, Option<u8>)),
    Consume((ChannelId, usize, usize, bool, bool, i64)),
    /// So many milliseconds pass, and the broker is asked to do what is due, or is not.
    Wait((u64, bool)),
    Cancel((ChannelId, usize)),
    Get((ChannelId, usize, bool)),
    Prefetch((ChannelId, u16, bool)),
    Acknowledge((ChannelId, usize, bool)),
    Reject((ChannelId, usize, bool, bool)),
    Recover(ChannelId),
}

fn connections() -> impl Strategy<Value = ConnectionId> {
    (1..=2u64).prop_map(ConnectionId)
}

fn channels() -> impl Strategy<Value = ChannelId> {
    (connections(), 1..=2u16).prop_map(|(connection, number)| ChannelId { connection, number })
}

fn seldom<T: Strategy<Value: std::fmt::Debug>>(values: T) -> impl Strategy<Value = Option<T::Value>> {
    prop::option::weighted(0.2, values)
}

fn steps() -> impl Strategy<Value = Step> {
    let (queue, bound, any, rarely) = (0..QUEUES.len(), 1..5usize, any::<bool>(), prop::bool::weighted(0.1));
    let (tag, choice) = (0..TAGS.len(), 0..9usize);
    prop_oneof![
        30 => (channels(), 0..EXCHANGES.len(), queue.clone(), seldom(0..4u64), seldom(0..5u8)).prop_map(Step::Publish),
        8 => (0..3u64, any).prop_map(Step::Wait),
        14 => (channels(), choice.clone(), any, any).prop_map(Step::Reject),
        12 => (channels(), choice, any).prop_map(Step::Acknowledge),
        10 => (channels(), queue.clone(), tag.clone(), rarely, rarely, 0..2i64).prop_map(Step::Consume),
        10 => (channels(), 0..4u16, any).prop_map(Step::Prefetch),
        6 => (channels(), queue.clone(), rarely).prop_map(Step::Get),
        5 => channels().prop_map(Step::Open),
        4 => (connections(), any).prop_map(Step::Writable),
        4 => (connections(), queue.clone(), bound.clone(), queue.clone()).prop_map(Step::Bind),
        3 => (bound.clone(), bound.clone(), queue.clone()).prop_map(Step::BindExchange),
        1 => (bound.clone(), bound.clone(), queue.clone()).prop_map(Step::UnbindExchange),
        3 => (connections(), queue.clone()).prop_map(Step::Declare),
        2 => (channels(), tag).prop_map(Step::Cancel),
        2 => channels().prop_map(Step::Recover),
        2 => channels().prop_map(Step::CloseChannel),
        1 => connections().prop_map(Step::CloseConnection),
        1 => (connections(), queue.clone(), bound, queue.clone()).prop_map(Step::Unbind),
        1 => (connections(), queue.clone(), any, any).prop_map(Step::Delete),
        1 => (connections(), queue).prop_map(Step::Purge),
    ]
}

/// Rules that often interact: short queues, low limits, dead letters that go round.
fn options() -> impl Strategy<Value = QueueOptions> {
    let maybe = |values| prop::option::weighted(0.4, values);
    let overflow = prop_oneof![
        3 => Just(Overflow::DropHead),
        2 => Just(Overflow::RejectPublish),
        1 => Just(Overflow::RejectPublishDeadLetter),
    ];
    let length = (maybe(0..4), seldom(0..8u64), overflow);
    let order = (seldom(1..4u8), seldom(0..5u64), prop::bool::weighted(0.2));
    let dead_letters = (maybe(0..EXCHANGES.len() as u64), prop::option::of(0..QUEUES.len()));
    let rarely = || prop::bool::weighted(0.1);
    (length, order, maybe(0..3), dead_letters, rarely(), rarely()).prop_map(
        |(length, order, delivery_limit, (exchange, routing_key), exclusive, auto_delete)| {
            let (max_length, max_length_bytes, overflow) = length;
            let (max_priority, ttl_ms, single_active_consumer) = order;
            let policy = QueuePolicy {
                max_length,
                max_length_bytes,
                overflow,
                max_priority,
                message_ttl: ttl_ms.map(Duration::from_millis),
                single_active_consumer,
                expires: None,
                delivery_limit: delivery_limit.map(|limit| limit as u32),
                dead_letter_exchange: exchange.map(|index| EXCHANGES[index as usize].into()),
                dead_letter_routing_key: routing_key.map(|index| QUEUES[index].into()),
            };
            QueueOptions { exclusive, auto_delete, policy, ..QueueOptions::default() }
        },
    )
}

/// Both brokers, side by side.
struct Pair {
    driver: Driver,
    model: Model,
    options: Vec<QueueOptions>,
    published: u64,
}

impl Pair {
    fn new(options: Vec<QueueOptions>) -> Self {
        let driver = Driver { broker: Broker::new(), now: Timestamp::EPOCH };
        let mut pair = Pair { driver, model: Model::default(), options, published: 0 };
        let alternate_exchange = Some(SPLITTING.1.to_owned());
        let splitting = ExchangeOptions { alternate_exchange, ..ExchangeOptions::default() };
        pair.driver.run(Command::DeclareExchange { name: SPLITTING.0, passive: false, options: splitting });
        for connection in [1, 2].map(ConnectionId) {
            (1..=2).for_each(|number| pair.step(&Step::Open(ChannelId { connection, number })));
        }
        (0..QUEUES.len()).for_each(|queue| pair.step(&Step::Declare((ConnectionId(1), queue))));
        pair
    }

    fn step(&mut self, step: &Step) {
        if let Step::Wait((time_ms, is_timely)) = *step {
            return self.wait(time_ms, is_timely);
        }
        let command = self.command(step);
        let answer = self.driver.handle(command.clone());
        let effects = std::iter::from_fn(|| self.driver.broker.next_effect()).collect();
        self.driver.audit();
        self.model.handle(&self.driver.broker, command, &answer, effects);
        let counts = self.driver.broker.queues().map(|(name, counts)| (name.to_owned(), counts));
        assert_eq!(counts.collect::<Vec<_>>(), self.model.counts());
    }

    fn wait(&mut self, time_ms: u64, is_timely: bool) {
        self.driver.now = self.driver.now + Duration::from_millis(time_ms);
        let effects = is_timely.then(|| {
            self.driver.broker.expire(self.driver.now);
            std::iter::from_fn(|| self.driver.broker.next_effect()).collect()
        });
        self.driver.audit();
        self.model.pass(self.driver.now, effects);
    }

    fn command(&mut self, step: &Step) -> Command<'static> {
        match *step {
            Step::Open(channel) => Command::OpenChannel { channel },
            Step::CloseChannel(channel) => Command::CloseChannel { channel },
            Step::CloseConnection(connection) => Command::CloseConnection { connection },
            Step::Writable((connection, writable)) => Command::SetWritable { connection, writable },
            Step::Declare((connection, queue)) => {
                let (name, options) = (QUEUES[queue], self.options[queue].clone());
                Command::DeclareQueue { connection, name, passive: false, options }
            }
            Step::Delete((connection, queue, if_unused, if_empty)) => {
                Command::DeleteQueue { connection, name: QUEUES[queue], if_unused, if_empty }
            }
            Step::Purge((connection, queue)) => Command::PurgeQueue { connection, name: QUEUES[queue] },
            Step::Bind((connection, queue, exchange, key)) => {
                let (queue, exchange, routing_key) = (QUEUES[queue], EXCHANGES[exchange], PATTERNS[key].as_bytes());
                Command::BindQueue { connection, queue, exchange, routing_key, arguments: Table::default() }
            }
            Step::Unbind((connection, queue, exchange, key)) => {
                let (queue, exchange, routing_key) = (QUEUES[queue], EXCHANGES[exchange], PATTERNS[key].as_bytes());
                Command::UnbindQueue { connection, queue, exchange, routing_key, arguments: Table::default() }
            }
            Step::BindExchange((source, destination, key)) => {
                let (source, destination) = (EXCHANGES[source], EXCHANGES[destination]);
                let (routing_key, arguments) = (PATTERNS[key].as_bytes(), Table::default());
                Command::BindExchange { destination, source, routing_key, arguments }
            }
            Step::UnbindExchange((source, destination, key)) => {
                let (source, destination) = (EXCHANGES[source], EXCHANGES[destination]);
                let (routing_key, arguments) = (PATTERNS[key].as_bytes(), Table::default());
                Command::UnbindExchange { destination, source, routing_key, arguments }
            }
            Step::Publish((channel, exchange, key, ttl_ms, priority)) => {
                Command::Publish { channel, message: self.message(exchange, key, ttl_ms, priority) }
            }
            Step::Consume((channel, queue, tag, no_ack, exclusive, priority)) => {
                let (queue, consumer_tag) = (QUEUES[queue], TAGS[tag]);
                Command::Consume { channel, queue, consumer_tag, no_ack, exclusive, priority }
            }
            Step::Wait(_) => unreachable!("waiting is no command"),
            Step::Cancel((channel, tag)) => Command::Cancel { channel, consumer_tag: TAGS[tag] },
            Step::Get((channel, queue, no_ack)) => Command::Get { channel, queue: QUEUES[queue], no_ack },
            Step::Prefetch((channel, count, global)) => Command::SetPrefetch { channel, count, global },
            Step::Acknowledge((channel, choice, multiple)) => {
                Command::Acknowledge { channel, delivery_tag: self.tag(channel, choice), multiple }
            }
            Step::Reject((channel, choice, multiple, requeue)) => {
                Command::Reject { channel, delivery_tag: self.tag(channel, choice), multiple, requeue }
            }
            Step::Recover(channel) => Command::Recover { channel },
        }
    }

    fn message(&mut self, exchange: usize, key: usize, ttl_ms: Option<u64>, priority: Option<u8>) -> Message {
        self.published += 1;
        let mut properties = PropertiesBuilder::new();
        if let Some(ttl_ms) = ttl_ms {
            properties = properties.expiration(ttl_ms.to_string());
        }
        if let Some(priority) = priority {
            properties = properties.priority(priority);
        }
        let (exchange, routing_key, body) = (EXCHANGES[exchange], QUEUES[key], self.published.to_string());
        Message::new(exchange, routing_key.as_bytes(), &properties.build(), body.as_bytes())
    }

    /// Mostly a tag that is held, sometimes any.
    fn tag(&self, channel: ChannelId, choice: usize) -> u64 {
        let held = self.model.held_tags(channel);
        if choice < 3 || held.is_empty() { choice as u64 } else { held[choice % held.len()] }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_broker_does_what_the_model_does(
        options in prop::collection::vec(options(), QUEUES.len()),
        steps in prop::collection::vec(steps(), 1..100),
    ) {
        let mut pair = Pair::new(options);
        for step in &steps {
            pair.step(step);
        }
    }
}
