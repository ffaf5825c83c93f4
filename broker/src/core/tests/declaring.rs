//! The life of queues: declared, declared again, deleted, purged, and who may do so.

use super::*;
use crate::amqp::codec::{TableBuilder, Value};

fn declare(channel: ChannelId, name: &str, options: QueueOptions) -> Command<'_> {
    Command::DeclareQueue { connection: channel.connection, name, passive: false, options }
}

fn check(channel: ChannelId, name: &str) -> Command<'_> {
    let options = QueueOptions::default();
    Command::DeclareQueue { connection: channel.connection, name, passive: true, options }
}

fn delete(channel: ChannelId, name: &str, if_unused: bool, if_empty: bool) -> Command<'_> {
    Command::DeleteQueue { connection: channel.connection, name, if_unused, if_empty }
}

#[test]
fn a_declaration_says_what_is_there() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    let expected = Reply::QueueDeclared { name: "q".into(), messages: 2, consumers: 1 };
    assert_eq!(driver.run(check(B, "q")), expected);
    assert_eq!(driver.run(declare(B, "q", QueueOptions::default())), expected);
    assert_eq!(driver.handle(check(B, "r")), Err(Refusal::NoQueue("r".into())));
}

fn arguments(said: &[(&str, Value<'_>)]) -> QueueOptions {
    let mut arguments = TableBuilder::new();
    for (name, value) in said {
        arguments.insert(name, *value);
    }
    QueueOptions { arguments: arguments.as_table().as_bytes().into(), ..QueueOptions::default() }
}

#[test]
fn another_declaration_is_refused_by_the_first_option_that_differs() {
    let mut driver = Driver::new();
    let (length, key) = (("x-max-length", Value::LongInt(10)), ("x-dead-letter-routing-key", Value::LongString(b"k")));
    driver.run(declare(A, "q", arguments(&[length, key])));
    let durable = QueueOptions { durable: true, ..arguments(&[]) };
    for (options, option, received, current) in [
        (durable, "durable", "'true'", "'false'"),
        (QueueOptions { auto_delete: true, ..arguments(&[]) }, "auto_delete", "'true'", "'false'"),
        (arguments(&[key, ("x-max-length", Value::ShortInt(11))]), "x-max-length", "'11'", "'10'"),
        (arguments(&[key]), "x-max-length", "none", "the value '10' of type 'signedint'"),
        (arguments(&[("x-dead-letter-routing-key", Value::LongString(b"x"))]), key.0, "'x'", "'k'"),
        (
            arguments(&[length, key, ("x-single-active-consumer", Value::Boolean(true))]),
            "x-single-active-consumer",
            "the value 'true' of type 'bool'",
            "none",
        ),
        (
            arguments(&[length, key, ("x-queue-type", Value::LongString(b"quorum"))]),
            "x-queue-type",
            "the value 'quorum' of type 'longstr'",
            "none",
        ),
    ] {
        let (received, current) = (received.into(), current.into());
        let refusal = Refusal::Inequivalent { entity: "queue", name: "q".into(), option, received, current };
        assert_eq!(driver.handle(declare(A, "q", options)), Err(refusal));
    }
}

#[test]
fn declarations_agree_whatever_they_say_besides() {
    let mut driver = Driver::new();
    let length = |value| ("x-max-length", value);
    driver.run(declare(A, "q", arguments(&[length(Value::LongInt(10)), ("mine", Value::LongInt(1))])));
    let classic = ("x-queue-type", Value::LongString(b"classic"));
    driver.run(declare(A, "q", arguments(&[classic, length(Value::LongLongInt(10))])));
    driver.run(declare(A, "q", arguments(&[length(Value::ShortShortInt(10)), ("mine", Value::Void)])));
}

#[test]
fn an_empty_name_asks_for_a_new_one() {
    let mut driver = Driver::new();
    let name = |reply| match reply {
        Reply::QueueDeclared { name, .. } => name,
        reply => panic!("{reply:?}"),
    };
    let first = name(driver.run(declare(A, "", QueueOptions::default())));
    let second = name(driver.run(declare(A, "", QueueOptions::default())));
    assert!(first.starts_with("amq.gen-") && second.starts_with("amq.gen-"));
    assert_ne!(first, second);
    driver.publish_all(&first, &["a"]);
    driver.run(check(B, &first));
    let refusal = driver.handle(declare(A, "amq.mine", QueueOptions::default()));
    assert_eq!(refusal, Err(Refusal::Reserved { entity: "queue", name: "amq.mine".into() }));
    assert_eq!(driver.handle(check(A, "")), Err(Refusal::NoQueue("".into())));
}

#[test]
fn an_exclusive_queue_is_locked_for_other_connections() {
    let mut driver = Driver::new();
    let exclusive = QueueOptions { exclusive: true, ..QueueOptions::default() };
    driver.run(declare(A, "q", exclusive.clone()));
    let (connection, queue, exchange) = (B.connection, "q", "amq.direct");
    for command in [
        check(B, "q"),
        declare(B, "q", exclusive.clone()),
        delete(B, "q", false, false),
        Command::PurgeQueue { connection, name: "q" },
        Command::BindQueue { connection, queue, exchange, routing_key: b"", arguments: Table::default() },
        Command::UnbindQueue { connection, queue, exchange, routing_key: b"", arguments: Table::default() },
        Command::Get { channel: B, queue, no_ack: true },
        Command::Consume { channel: B, queue, consumer_tag: "c", no_ack: true, exclusive: false, priority: 0 },
        declare(A, "q", QueueOptions::default()),
    ] {
        assert_eq!(driver.handle(command), Err(Refusal::Locked("q".into())));
    }
    driver.run(declare(A2, "q", exclusive.clone()));
    driver.declare("shared", QueuePolicy::default());
    assert_eq!(driver.handle(declare(A, "shared", exclusive)), Err(Refusal::Locked("shared".into())));
}

#[test]
fn deleting_counts_the_ready_messages_and_asks_for_its_conditions() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b"]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    assert_eq!(driver.handle(delete(B, "q", true, true)), Err(Refusal::NotEmpty("q".into())));
    let in_use = Refusal::InUse { entity: "queue", name: "q".into() };
    assert_eq!(driver.handle(delete(B, "q", true, false)), Err(in_use));
    assert_eq!(driver.run(delete(B, "q", false, false)), Reply::Count(1));
    assert_eq!(driver.effects(), ["c cancelled"]);
    assert_eq!(driver.run(delete(B, "q", true, true)), Reply::Count(0));
}

#[test]
fn deliveries_of_a_deleted_queue_are_settled_to_no_effect() {
    let mut driver = Driver::new();
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    driver.consume(A, "q", "c", 0);
    assert_eq!(driver.effects().len(), 3);
    driver.run(delete(A, "q", false, false));
    driver.declare("q", QueuePolicy::default());
    assert_eq!(driver.effects(), ["c cancelled"]);
    driver.acknowledge(A, 1);
    driver.reject(A, 2);
    driver.requeue(A, 3);
    assert_eq!(driver.effects(), [""; 0]);
    assert_eq!((driver.counts("q").taken, driver.counts("dead").taken), (0, 0));
}

#[test]
fn the_tag_of_a_consumer_whose_queue_is_gone_is_free_again() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.declare("r", QueuePolicy::default());
    driver.consume(A, "q", "c", 0);
    driver.run(delete(B, "q", false, false));
    assert_eq!(driver.effects(), ["c cancelled"]);
    driver.consume(A, "r", "c", 0);
    driver.publish_all("r", &["a"]);
    assert_eq!(driver.effects(), ["c#1 a"]);
}

#[test]
fn an_auto_delete_queue_goes_with_its_last_consumer_and_not_before_it_had_one() {
    let mut driver = Driver::new();
    let options = QueueOptions { auto_delete: true, ..QueueOptions::default() };
    driver.run(declare(A, "q", options));
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.get(A, "q").map(|delivery| delivery.delivery_tag), Some(1));
    driver.consume(A, "q", "x", 0);
    driver.consume(B, "q", "y", 0);
    driver.run(Command::Cancel { channel: A, consumer_tag: "x" });
    driver.run(check(A, "q"));
    driver.run(Command::CloseChannel { channel: B });
    assert_eq!(driver.handle(check(A, "q")), Err(Refusal::NoQueue("q".into())));
    assert_eq!(driver.effects(), [""; 0]);
}

#[test]
fn purging_removes_what_is_ready_and_leaves_what_is_held() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c", "d"]);
    driver.get(A, "q");
    driver.get(A, "q");
    driver.requeue(A, 1);
    assert_eq!(driver.run(Command::PurgeQueue { connection: B.connection, name: "q" }), Reply::Count(3));
    driver.publish_all("q", &["e"]);
    driver.requeue(A, 2);
    assert_eq!(driver.empty("q"), ["b", "e"]);
    assert_eq!(driver.counts("q").removed, 3);
    let missing = driver.handle(Command::PurgeQueue { connection: B.connection, name: "r" });
    assert_eq!(missing, Err(Refusal::NoQueue("r".into())));
}
