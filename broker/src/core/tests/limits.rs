//! More than a broker may hold is refused; what goes makes room; and messages are counted while anybody has them.

use super::*;
use crate::core::Limits;
use crate::core::limits::{exchange_bytes, queue_bytes};

const LIMITS: Limits =
    Limits { queues: 2, exchanges: 8, bindings: 2, consumers: 1, channels: 4, definition_bytes: 10_000 };

fn limited(limits: Limits) -> Driver {
    Driver::around(Broker::new().limited_to(limits))
}

fn declare_queue<'a>(name: &'a str, policy: &QueuePolicy) -> Command<'a> {
    let options = QueueOptions { policy: policy.clone(), ..QueueOptions::default() };
    Command::DeclareQueue { connection: A.connection, name, passive: false, options }
}

fn bind<'a>(queue: &'a str, routing_key: &'a [u8]) -> Command<'a> {
    let arguments = Table::default();
    Command::BindQueue { connection: A.connection, queue, exchange: "amq.direct", routing_key, arguments }
}

/// What stands in the way, as far as it is a limit.
fn limit_of(answer: Result<Reply, Refusal>) -> Option<(&'static str, usize)> {
    match answer {
        Err(Refusal::LimitReached { what, limit, .. }) => Some((what, limit)),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[test]
fn one_queue_too_many_is_refused_and_a_deleted_one_makes_room() {
    let mut driver = limited(LIMITS);
    let policy = QueuePolicy::default();
    driver.run(declare_queue("one", &policy));
    driver.run(declare_queue("two", &policy));
    assert_eq!(limit_of(driver.handle(declare_queue("three", &policy))), Some(("queue", 2)));
    assert_eq!(limit_of(driver.handle(declare_queue("", &policy))), Some(("queue", 2)));
    assert_eq!(limit_of(driver.handle(declare_queue("two", &policy))), None, "it is there already");
    driver.run(Command::DeleteQueue { connection: A.connection, name: "one", if_unused: false, if_empty: false });
    assert_eq!(limit_of(driver.handle(declare_queue("three", &policy))), None);
}

#[test]
fn bindings_are_counted_whichever_end_goes() {
    let mut driver = limited(LIMITS);
    driver.run(declare_queue("q", &QueuePolicy::default()));
    driver.run(bind("q", b"1"));
    driver.run(bind("q", b"2"));
    assert_eq!(limit_of(driver.handle(bind("q", b"2"))), None, "it is there already");
    assert_eq!(limit_of(driver.handle(bind("q", b"3"))), Some(("binding", 2)));
    driver.run(Command::DeleteQueue { connection: A.connection, name: "q", if_unused: false, if_empty: false });
    driver.run(declare_queue("q", &QueuePolicy::default()));
    let options = ExchangeOptions { kind: ExchangeKind::Fanout, auto_delete: true, ..ExchangeOptions::default() };
    driver.run(Command::DeclareExchange { name: "x", passive: false, options });
    for (destination, source) in [("x", "x"), ("amq.fanout", "x")] {
        driver.run(Command::BindExchange { destination, source, routing_key: b"", arguments: Table::default() });
    }
    assert_eq!(limit_of(driver.handle(bind("q", b"3"))), Some(("binding", 2)));
    driver.run(Command::DeleteExchange { name: "x", if_unused: false });
    assert_eq!(limit_of(driver.handle(bind("q", b"3"))), None);
}

#[test]
fn exchanges_and_consumers_have_limits_too() {
    let mut driver = limited(LIMITS);
    driver.run(declare_queue("q", &QueuePolicy::default()));
    let declare = |name| Command::DeclareExchange { name, passive: false, options: ExchangeOptions::default() };
    // Six are predeclared.
    driver.run(declare("a"));
    driver.run(declare("b"));
    assert_eq!(limit_of(driver.handle(declare("c"))), Some(("exchange", 8)));
    driver.consume(A, "q", "first", 1);
    let consume = Command::Consume {
        channel: B,
        queue: "q",
        consumer_tag: "second",
        no_ack: false,
        exclusive: false,
        priority: 0,
    };
    assert_eq!(limit_of(driver.handle(consume.clone())), Some(("consumer", 1)));
    driver.run(Command::Cancel { channel: A, consumer_tag: "first" });
    assert_eq!(limit_of(driver.handle(consume)), None);
}

#[test]
fn one_channel_too_many_is_refused() {
    let mut driver = limited(LIMITS);
    let open = |number| Command::OpenChannel { channel: ChannelId { connection: ConnectionId(9), number } };
    driver.run(open(1));
    assert_eq!(limit_of(driver.handle(open(2))), Some(("channel", 4)), "three were open from the beginning");
    driver.run(Command::CloseChannel { channel: A2 });
    assert_eq!(limit_of(driver.handle(open(2))), None);
}

#[test]
fn a_fan_out_of_next_to_nothing_counts_in_each_queue() {
    let mut driver = Driver::new();
    let names: Vec<String> = (0..100).map(|number| format!("q{number}")).collect();
    let arguments = Table::default();
    for queue in &names {
        driver.declare(queue, QueuePolicy::default());
        let connection = A.connection;
        driver.run(Command::BindQueue { connection, queue, exchange: "amq.fanout", routing_key: b"", arguments });
    }
    driver.publish_to("amq.fanout", "", "");
    let held = driver.broker.memory_bytes();
    assert!(held > 100 * 48, "{held}");
    for queue in &names {
        driver.empty(queue);
    }
    assert_eq!(driver.broker.memory_bytes(), 0);
}

#[test]
fn long_names_and_arguments_reach_a_limit_of_their_own() {
    let limits = Limits { queues: 1_000, bindings: 1_000, definition_bytes: 2_000, ..LIMITS };
    let mut driver = limited(limits);
    let long = QueuePolicy { dead_letter_exchange: Some("x".repeat(1_500)), ..QueuePolicy::default() };
    driver.run(declare_queue("one", &long));
    assert_eq!(limit_of(driver.handle(declare_queue("two", &long))), Some(("definition size", 2_000)));
    let key = [b'k'; 200];
    driver.run(bind("one", &key));
    driver.run(bind("one", &key[1..]));
    assert_eq!(limit_of(driver.handle(bind("one", &key[2..]))), Some(("definition size", 2_000)));
}

#[test]
fn each_part_of_a_definition_counts() {
    let policy = QueuePolicy {
        dead_letter_exchange: Some("x".repeat(100)),
        dead_letter_routing_key: Some(vec![0; 1_000]),
        ..QueuePolicy::default()
    };
    let options = QueueOptions { policy, arguments: vec![0; 20].into(), ..QueueOptions::default() };
    assert_eq!(queue_bytes("jobs", &options), 1_124);
    let options = ExchangeOptions { alternate_exchange: Some("x".repeat(10)), ..ExchangeOptions::default() };
    assert_eq!(exchange_bytes("jobs", &options), 14);
}

#[test]
fn a_message_counts_once_however_many_queues_have_it_until_none_has_it() {
    let mut driver = Driver::new();
    for queue in ["one", "two"] {
        driver.declare(queue, QueuePolicy::default());
        let arguments = Table::default();
        let connection = A.connection;
        driver.run(Command::BindQueue { connection, queue, exchange: "amq.fanout", routing_key: b"", arguments });
    }
    let body = "x".repeat(10_000);
    driver.publish_to("amq.fanout", "", &body);
    let held = driver.broker.memory_bytes();
    assert!((10_000..11_000).contains(&held), "{held}");

    driver.consume(A, "one", "c", 0);
    let effect = driver.broker.next_effect();
    driver.acknowledge(A, 1);
    driver.empty("two");
    assert_eq!(driver.broker.memory_bytes(), 0, "no queue has it, and who is writing it counts what is written");
    drop(effect);

    driver.publish_to("amq.fanout", "", &body);
    driver.effects();
    driver.run(Command::PurgeQueue { connection: A.connection, name: "one" });
    driver.run(Command::DeleteQueue { connection: A.connection, name: "two", if_unused: false, if_empty: false });
    assert_eq!(driver.publish("nowhere", &body), Published::Unroutable);
    let got = driver.broker.memory_bytes();
    assert!((10_000..held).contains(&got), "c got it, and nobody else: {got}");
    driver.run(Command::CloseConnection { connection: A.connection });
    driver.run(Command::PurgeQueue { connection: B.connection, name: "one" });
    assert_eq!(driver.broker.memory_bytes(), 0);
}
