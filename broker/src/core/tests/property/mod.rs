//! Random commands, carried out by the broker and by the naive [`Model`]: answers, effects and counts agree.
//!
//! All commands are drawn but for the one that starts a consumer of replies (see `replies.rs`): its queue has a name of
//! the broker's own. Bindings here have no arguments (see `exchanges.rs`).

mod steps;

use proptest::prelude::*;

use self::steps::{EXCHANGES, PATTERNS, QUEUES, Step, TAGS, options, steps};
use super::model::{Model, PASSING, SPLITTING};
use super::*;

/// Both brokers, side by side.
struct Pair {
    driver: Driver,
    model: Model,
    options: Vec<QueueOptions>,
    published: u64,
}

impl Pair {
    fn new(options: Vec<QueueOptions>) -> Self {
        let driver = Driver { broker: Broker::new(), now: Timestamp::EPOCH, heads: Heads::default() };
        let mut pair = Pair { driver, model: Model::default(), options, published: 0 };
        let splitting = EXCHANGES.iter().position(|name| *name == SPLITTING.0).unwrap();
        pair.step(&Step::DeclareExchange((splitting, false)));
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
            Step::DeclareExchange((exchange, passive)) => {
                let name = EXCHANGES[exchange];
                let passive = passive || name.starts_with("amq.");
                Command::DeclareExchange { name, passive, options: exchange_options(name) }
            }
            Step::DeleteExchange((exchange, if_unused)) => {
                Command::DeleteExchange { name: EXCHANGES[exchange], if_unused }
            }
            Step::LookAt((connection, queue)) => {
                let options = QueueOptions::default();
                Command::DeclareQueue { connection, name: QUEUES[queue], passive: true, options }
            }
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
            Step::SelectTransactions(channel) => Command::SelectTransactions { channel },
            Step::Commit(channel) => Command::Commit { channel },
            Step::Rollback(channel) => Command::Rollback { channel },
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
        self.driver.heads.message(exchange, routing_key, &properties.build(), &body)
    }

    /// Mostly a tag that is held, sometimes any.
    fn tag(&self, channel: ChannelId, choice: usize) -> u64 {
        let held = self.model.held_tags(channel);
        if choice < 3 || held.is_empty() { choice as u64 } else { held[choice % held.len()] }
    }
}

fn exchange_options(name: &str) -> ExchangeOptions {
    let alternate_exchange = (name == SPLITTING.0).then(|| SPLITTING.1.to_owned());
    ExchangeOptions { alternate_exchange, auto_delete: name == PASSING, ..ExchangeOptions::default() }
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
