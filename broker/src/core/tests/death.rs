//! Dead letters: by each cause exactly, once, in order, with their record; and the ones that find no queue.

use super::*;
use crate::amqp::codec::{ArrayBuilder, Properties, TableBuilder, Value};

fn poisoned(limit: u32) -> Driver {
    let mut driver = Driver::new();
    driver.declare("dead", QueuePolicy::default());
    driver.declare("q", QueuePolicy { delivery_limit: Some(limit), ..dead_letters_to("dead") });
    driver
}

/// Queue, reason and count of each death.
fn record(delivery: &Delivery) -> Vec<(String, String, u64)> {
    let deaths = Death::read(delivery.message.headers()).into_iter();
    deaths.map(|death| (death.queue, death.reason, death.count)).collect()
}

fn recorded(deaths: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    deaths.iter().map(|(queue, reason, count)| (queue.to_string(), reason.to_string(), *count)).collect()
}

fn headers(message: &Message) -> String {
    format!("{:?}", message.headers()).replace("LongString", "").replace(", ", " ")
}

#[test]
fn a_rejected_message_is_published_to_the_dead_letter_exchange_with_its_record() {
    let mut driver = Driver::new();
    driver.now = Timestamp::EPOCH + Duration::from_secs(7);
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy::default());
    driver.publish_with("q", PropertiesBuilder::new().content_type("text").message_id("7"), "body");
    let published = driver.get(A, "q").unwrap().message;
    driver.reject(A, 1);
    assert_eq!(driver.effects(), ["body dead-lettered from q: rejected"]);
    let Delivery { delivery_tag, delivery_count, message } = driver.get(B, "dead").unwrap();
    assert_eq!((delivery_tag, delivery_count), (1, 0));
    assert_eq!((message.exchange(), message.routing_key(), message.body()), ("", &b"dead"[..], &b"body"[..]));
    let properties = Properties::parse(message.properties()).unwrap();
    assert_eq!((properties.content_type(), properties.message_id()), (Some("text"), Some("7")));
    let Some(Value::Array(deaths)) = message.headers().get("x-death") else { panic!("no record") };
    let Some(Value::Table(death)) = deaths.iter().next() else { panic!("no entry") };
    let names: Vec<&[u8]> = death.iter().map(|(name, _)| name).collect();
    assert_eq!(names, [&b"count"[..], b"reason", b"queue", b"time", b"exchange", b"routing-keys"]);
    assert_eq!(death.get("time"), Some(Value::Timestamp(7)));
    assert_eq!(death.get("count"), Some(Value::LongLongInt(1)));
    for (name, value) in [("exchange", ""), ("queue", "q"), ("reason", "rejected")] {
        assert_eq!(message.headers().get(&format!("x-first-death-{name}")).and_then(Value::as_str), Some(value));
        assert_eq!(death.get(name).and_then(Value::as_str), Some(value));
    }
    assert!(published.headers().is_empty(), "what was published is unchanged");
    assert_eq!((driver.counts("q").dead_lettered, driver.counts("q").removed), (1, 0));
}

#[test]
fn a_dead_letter_keeps_its_routing_key_if_its_queue_gives_none() {
    let mut driver = Driver::new();
    let policy = QueuePolicy { dead_letter_exchange: Some("amq.direct".into()), ..QueuePolicy::default() };
    driver.declare("q", policy);
    driver.declare("dead", QueuePolicy::default());
    let (connection, exchange) = (A.connection, "amq.direct");
    driver.run(Command::BindQueue {
        connection,
        queue: "dead",
        exchange,
        routing_key: b"q",
        arguments: Table::default(),
    });
    driver.publish_all("q", &["a"]);
    driver.get(A, "q");
    driver.reject(A, 1);
    let delivery = driver.get(A, "dead").unwrap();
    assert_eq!((delivery.message.exchange(), delivery.message.routing_key()), ("amq.direct", &b"q"[..]));
}

#[test]
fn a_limit_of_n_means_n_plus_one_deliveries() {
    for limit in 0..4 {
        let mut driver = poisoned(limit);
        driver.publish_all("q", &["a"]);
        driver.consume(A, "q", "c", 1);
        for tag in 1..=u64::from(limit) + 1 {
            assert_eq!(driver.effects().len(), 1, "delivery {tag} of limit {limit}");
            assert_eq!(driver.counts("dead").taken, 0);
            driver.requeue(A, tag);
        }
        assert_eq!(driver.effects(), ["a dead-lettered from q: delivery_limit"]);
        assert_eq!((driver.counts("q").ready, driver.counts("dead").ready), (0, 1));
    }
}

#[test]
fn a_lost_consumer_counts_towards_the_limit() {
    let mut driver = poisoned(1);
    driver.publish_all("q", &["a"]);
    for channel in [A, A2] {
        driver.consume(channel, "q", "c", 1);
        assert_eq!(driver.effects().len(), 1);
        driver.run(Command::CloseChannel { channel });
    }
    assert_eq!(driver.effects(), ["a dead-lettered from q: delivery_limit"]);
}

#[test]
fn dead_letters_come_in_order_of_death() {
    let mut driver = poisoned(0);
    driver.publish_all("q", &["a", "b", "c", "d"]);
    for _ in 0..4 {
        driver.get(A, "q");
    }
    driver.requeue(A, 3);
    driver.reject(A, 2);
    driver.run(Command::Recover { channel: A });
    assert_eq!(driver.empty("dead"), ["c", "b", "a", "d"]);
}

#[test]
fn deaths_in_one_queue_for_one_reason_share_an_entry_and_the_latest_is_first() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { delivery_limit: Some(0), ..dead_letters_to("r") });
    driver.declare("r", dead_letters_to("q"));
    driver.publish_all("q", &["a"]);
    for (queue, requeue) in [("q", false), ("r", false), ("q", false), ("r", false), ("q", true), ("r", false)] {
        let delivery_tag = driver.get(A, queue).unwrap().delivery_tag;
        driver.run(Command::Reject { channel: A, delivery_tag, multiple: false, requeue });
    }
    let delivery = driver.get(A, "q").unwrap();
    let expected = recorded(&[("r", "rejected", 3), ("q", "delivery_limit", 1), ("q", "rejected", 2)]);
    assert_eq!(record(&delivery), expected);
    let first = delivery.message.headers().get("x-first-death-queue").and_then(Value::as_str);
    assert_eq!(first, Some("q"));
}

#[test]
fn deaths_travel_with_every_delivery_of_the_message() {
    let mut driver = Driver::new();
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    driver.get(A, "q");
    driver.reject(A, 1);
    for tag in 2..4 {
        let delivery = driver.get(A, "dead").unwrap();
        assert_eq!(record(&delivery), recorded(&[("q", "rejected", 1)]));
        driver.requeue(A, tag);
    }
}

#[test]
fn a_message_that_would_go_round_by_itself_is_dropped() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { max_length: Some(1), ..dead_letters_to("r") });
    driver.declare("r", QueuePolicy { delivery_limit: Some(0), ..dead_letters_to("q") });
    driver.publish_all("q", &["a", "b"]);
    assert_eq!(driver.effects(), ["a dead-lettered from q: maxlen"]);
    driver.get(A, "r");
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["a gone from r: delivery_limit"]);
    assert_eq!(driver.counts("r").removed, 1);
}

#[test]
fn a_message_that_would_return_to_the_queue_it_just_died_in_is_dropped() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { max_length: Some(1), ..dead_letters_to("q") });
    driver.publish_all("q", &["a", "b"]);
    assert_eq!(driver.effects(), ["a gone from q: maxlen"]);
}

#[test]
fn a_rejection_on_the_way_makes_it_no_cycle() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { max_length: Some(1), ..dead_letters_to("r") });
    driver.declare("r", dead_letters_to("q"));
    driver.publish_all("q", &["a", "b"]);
    driver.get(A, "r");
    driver.reject(A, 1);
    let expected =
        ["a dead-lettered from q: maxlen", "a dead-lettered from r: rejected", "b dead-lettered from q: maxlen"];
    assert_eq!(driver.effects(), expected);
    driver.publish_all("q", &["c"]);
    assert_eq!(driver.effects(), ["a dead-lettered from q: maxlen"]);
    assert_eq!(driver.empty("r"), ["b", "a"]);
}

#[test]
fn a_long_chain_of_full_queues_is_no_recursion() {
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    small.spawn(|| go_through_full_queues(500)).unwrap().join().unwrap();
}

fn go_through_full_queues(count: u32) {
    let mut driver = Driver::new();
    let name = |index: u32| format!("q{index:05}");
    for index in 0..count {
        let policy = QueuePolicy { max_length: Some(0), ..dead_letters_to(&name(index + 1)) };
        let (connection, name) = (A.connection, name(index));
        let options = QueueOptions { policy, ..QueueOptions::default() };
        let command = Command::DeclareQueue { connection, name: &name, passive: false, options };
        driver.broker.handle(driver.now, command).unwrap();
    }
    let message = Message::new("", name(0).as_bytes(), b"", b"a");
    driver.broker.handle(driver.now, Command::Publish { channel: A, message }).unwrap();
    let effects = std::iter::from_fn(|| driver.broker.next_effect()).count();
    assert_eq!(effects, count as usize);
    driver.audit();
}

#[test]
fn a_dead_letter_that_finds_no_queue_is_removed() {
    let mut driver = Driver::new();
    let nowhere = QueuePolicy { dead_letter_exchange: Some("missing".into()), ..QueuePolicy::default() };
    let full = QueuePolicy { max_length: Some(0), overflow: Overflow::RejectPublish, ..QueuePolicy::default() };
    let too_long = QueuePolicy { dead_letter_routing_key: Some(vec![b'x'; 256]), ..dead_letters_to("") };
    driver.declare("full", full);
    let policies = [QueuePolicy::default(), nowhere, dead_letters_to("missing"), dead_letters_to("full"), too_long];
    for (index, policy) in policies.into_iter().enumerate() {
        let name = format!("q{index}");
        driver.declare(&name, policy);
        driver.publish_all(&name, &["a"]);
        driver.get(A, &name);
        driver.run(Command::Reject { channel: A, delivery_tag: 0, multiple: true, requeue: false });
        assert_eq!(driver.effects(), [format!("a gone from {name}: rejected")]);
        assert_eq!(driver.counts(&name).removed, 1);
    }
}

#[test]
fn a_dead_letter_taken_by_one_of_two_queues_is_dead_lettered() {
    let mut driver = Driver::new();
    let policy = QueuePolicy { dead_letter_exchange: Some("amq.fanout".into()), ..QueuePolicy::default() };
    driver.declare("q", policy);
    let full = QueuePolicy { max_length: Some(0), overflow: Overflow::RejectPublish, ..QueuePolicy::default() };
    driver.declare("full", full);
    driver.declare("dead", QueuePolicy::default());
    for queue in ["full", "dead"] {
        let (connection, exchange) = (A.connection, "amq.fanout");
        driver.run(Command::BindQueue { connection, queue, exchange, routing_key: b"", arguments: Table::default() });
    }
    driver.publish_all("q", &["a"]);
    driver.get(A, "q");
    driver.reject(A, 1);
    assert_eq!(driver.effects(), ["a dead-lettered from q: rejected"]);
    assert_eq!((driver.counts("full").taken, driver.counts("dead").taken), (0, 1));
}

#[test]
fn a_dead_letter_is_pushed_before_its_new_queue_drops_anything() {
    let mut driver = Driver::new();
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy { max_length: Some(1), ..QueuePolicy::default() });
    driver.publish_all("q", &["a", "b", "c"]);
    for _ in 0..3 {
        driver.get(A, "q");
    }
    driver.consume(B, "dead", "d", 0);
    driver.run(Command::Reject { channel: A, delivery_tag: 0, multiple: true, requeue: false });
    let effects = driver.effects();
    let delivered: Vec<&String> = effects.iter().filter(|effect| effect.starts_with("d#")).collect();
    assert_eq!(delivered, ["d#1 a", "d#2 b", "d#3 c"]);
    assert_eq!(driver.counts("dead").removed, 0);
}

/// What becomes of these headers when their message is rejected in the queue `q`.
fn headers_after_death(before: &TableBuilder) -> Message {
    let mut driver = Driver::new();
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy::default());
    driver.publish_with("q", PropertiesBuilder::new().headers(before.clone()), "a");
    driver.get(A, "q");
    driver.reject(A, 1);
    driver.get(B, "dead").unwrap().message
}

#[test]
fn the_deaths_that_a_publisher_tells_of_go_on_counting() {
    let mut mine = TableBuilder::new();
    mine.insert("queue", Value::LongString(b"q")).insert("reason", Value::LongString(b"rejected"));
    let mut other = TableBuilder::new();
    other.insert("queue", Value::LongString(b"o")).insert("reason", Value::LongString(b"mood"));
    let mut deaths = ArrayBuilder::new();
    for entry in [&other, &mine, &other] {
        deaths.push(Value::Table(entry.as_table()));
    }
    let mut before = TableBuilder::new();
    before.insert("x-death", Value::Array(deaths.as_array()));
    let message = headers_after_death(&before);
    let entries = Death::read(message.headers());
    let told: Vec<_> = entries.iter().map(|death| (&*death.queue, &*death.reason, death.count)).collect();
    assert_eq!(told, [("q", "rejected", 2), ("o", "mood", 2)]);
    assert_eq!(message.headers().get("x-first-death-queue"), None, "it died before");
}

#[test]
fn what_is_no_record_of_deaths_is_replaced_by_one() {
    let mut before = TableBuilder::new();
    before.insert("x-death", Value::LongString(b"often")).insert("kept", Value::LongInt(1));
    let message = headers_after_death(&before);
    assert_eq!(Death::read(message.headers()).len(), 1);
    assert_eq!(message.headers().get("kept"), Some(Value::LongInt(1)));
    assert_eq!(message.headers().get("x-first-death-queue"), None, "{}", headers(&message));
}

fn copies_to(name: &str, key: &[u8]) -> PropertiesBuilder {
    let mut keys = ArrayBuilder::new();
    keys.push(Value::LongString(key));
    let mut headers = TableBuilder::new();
    headers.insert(name, Value::Array(keys.as_array()));
    PropertiesBuilder::new().headers(headers)
}

fn bind_to_direct(driver: &mut Driver, queue: &str) {
    driver.declare(queue, QueuePolicy::default());
    let (connection, exchange, routing_key) = (A.connection, "amq.direct", queue.as_bytes());
    driver.run(Command::BindQueue { connection, queue, exchange, routing_key, arguments: Table::default() });
}

#[test]
fn a_dead_letter_goes_by_all_its_routing_keys_again_also_those_nobody_sees() {
    for header in ["CC", "BCC"] {
        let mut driver = Driver::new();
        let policy = QueuePolicy { dead_letter_exchange: Some("amq.direct".into()), ..QueuePolicy::default() };
        driver.declare("q", policy);
        bind_to_direct(&mut driver, "copy");
        driver.publish_with("q", copies_to(header, b"copy"), "a");
        driver.get(A, "q");
        driver.reject(A, 1);
        assert_eq!(driver.counts("copy").ready, 2, "{header}: once published, once dead-lettered");
        driver.get(A, "copy");
        let letter = driver.get(A, "copy").unwrap().message;
        assert_eq!(letter.routing_key(), b"q");
        assert_eq!(letter.headers().get("BCC"), None);
        assert_eq!(
            letter.headers().get("CC").is_some(),
            header == "CC",
            "who else got it is told, unless it was blind"
        );
        let Some(Value::Array(deaths)) = letter.headers().get("x-death") else { panic!("no record") };
        let Some(Value::Table(death)) = deaths.iter().next() else { panic!("no entry") };
        let Some(Value::Array(keys)) = death.get("routing-keys") else { panic!("no keys") };
        let seen = if header == "CC" {
            vec![Value::LongString(b"q"), Value::LongString(b"copy")]
        } else {
            vec![Value::LongString(b"q")]
        };
        assert_eq!(keys.iter().collect::<Vec<_>>(), seen);
    }
}

#[test]
fn a_new_routing_key_replaces_all_of_a_dead_letter() {
    let mut driver = Driver::new();
    let policy = QueuePolicy { dead_letter_exchange: Some("amq.direct".into()), ..dead_letters_to("dead") };
    driver.declare("q", policy);
    bind_to_direct(&mut driver, "copy");
    bind_to_direct(&mut driver, "dead");
    driver.publish_with("q", copies_to("CC", b"copy"), "a");
    driver.get(A, "q");
    driver.reject(A, 1);
    assert_eq!((driver.counts("copy").taken, driver.counts("dead").taken), (1, 1));
    assert_eq!(driver.get(A, "dead").unwrap().message.headers().get("CC"), None);
}

#[test]
fn a_dead_letters_key_is_as_long_as_the_wire_allows_and_no_longer() {
    let mut driver = Driver::new();
    driver.declare("dead", QueuePolicy::default());
    let (connection, queue, exchange, arguments) = (A.connection, "dead", "amq.fanout", Table::default());
    driver.run(Command::BindQueue { connection, queue, exchange, routing_key: b"", arguments });
    for (length, fate) in [(255, "dead-lettered"), (256, "gone")] {
        let name = format!("q{length}");
        let key = Some(vec![b'x'; length]);
        let exchange = Some("amq.fanout".into());
        driver.declare(
            &name,
            QueuePolicy { dead_letter_exchange: exchange, dead_letter_routing_key: key, ..QueuePolicy::default() },
        );
        driver.publish_all(&name, &["a"]);
        driver.get(A, &name);
        driver.run(Command::Reject { channel: A, delivery_tag: 0, multiple: true, requeue: false });
        assert_eq!(driver.effects(), [format!("a {fate} from {name}: rejected")]);
    }
    assert_eq!(driver.counts("dead").ready, 1);
}

#[test]
fn a_dead_letter_exchange_has_a_name_that_the_wire_allows() {
    let mut driver = Driver::new();
    driver.declare("dead", QueuePolicy::default());
    for (length, fate) in [(255, "dead-lettered"), (256, "gone")] {
        let exchange = "x".repeat(length);
        let (kind, queue, arguments) = (ExchangeKind::Fanout, "dead", Table::default());
        let options = ExchangeOptions { kind, ..ExchangeOptions::default() };
        driver.run(Command::DeclareExchange { name: &exchange, passive: false, options });
        let connection = A.connection;
        driver.run(Command::BindQueue { connection, queue, exchange: &exchange, routing_key: b"", arguments });
        let name = format!("q{length}");
        driver.declare(&name, QueuePolicy { dead_letter_exchange: Some(exchange), ..QueuePolicy::default() });
        driver.publish_all(&name, &["a"]);
        driver.get(A, &name);
        driver.run(Command::Reject { channel: A, delivery_tag: 0, multiple: true, requeue: false });
        assert_eq!(driver.effects(), [format!("a {fate} from {name}: rejected")]);
    }
}
