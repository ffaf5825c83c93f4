//! Dead letters: by each cause exactly, once, in order, with their record; and the ones that find no queue.

use std::time::Duration;

use super::*;

fn poisoned(limit: u32) -> Driver {
    let mut driver = Driver::new();
    driver.declare("dead", QueuePolicy::default());
    driver.declare("q", QueuePolicy { delivery_limit: Some(limit), ..dead_letters_to("dead") });
    driver
}

fn record(delivery: &Delivery) -> Vec<(&str, &str, u64)> {
    let entries = delivery.deaths.iter().flat_map(|deaths| &deaths.entries);
    entries.map(|death| (&*death.queue, death.reason.as_str(), death.count)).collect()
}

#[test]
fn a_rejected_message_is_published_to_the_dead_letter_exchange_unchanged() {
    let mut driver = Driver::new();
    driver.now = Timestamp::EPOCH + Duration::from_secs(7);
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", QueuePolicy::default());
    let message = Message::new("", b"q", b"\x80\0\x04text", b"body");
    driver.run(Command::Publish { channel: A, message });
    assert_eq!(driver.get(A, "q").unwrap().deaths, None);
    driver.reject(A, 1);
    assert_eq!(driver.effects(), ["body dead-lettered from q: rejected"]);
    let delivery = driver.get(B, "dead").unwrap();
    assert_eq!(delivery.message, Message::new("", b"dead", b"\x80\0\x04text", b"body"));
    assert_eq!((delivery.delivery_tag, delivery.delivery_count), (1, 0));
    let deaths = delivery.deaths.unwrap();
    assert_eq!(deaths.first, FirstDeath { queue: "q".into(), reason: DeathReason::Rejected, exchange: "".into() });
    let death = Death {
        queue: "q".into(),
        reason: DeathReason::Rejected,
        count: 1,
        time: driver.now,
        exchange: "".into(),
        routing_keys: vec![b"q".to_vec()],
    };
    assert_eq!(deaths.entries, [death]);
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
    assert_eq!(record(&delivery), [("r", "rejected", 3), ("q", "delivery_limit", 1), ("q", "rejected", 2)]);
    let first = &delivery.deaths.as_ref().unwrap().first;
    assert_eq!((&*first.queue, first.reason), ("q", DeathReason::Rejected));
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
        assert_eq!(record(&delivery), [("q", "rejected", 1)]);
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
    let mut driver = Driver::new();
    let name = |index: u32| format!("q{index:05}");
    for index in 0..2_000 {
        let policy = QueuePolicy { max_length: Some(0), ..dead_letters_to(&name(index + 1)) };
        let (connection, name) = (A.connection, name(index));
        let options = QueueOptions { policy, ..QueueOptions::default() };
        let command = Command::DeclareQueue { connection, name: &name, passive: false, options };
        driver.broker.handle(driver.now, command).unwrap();
    }
    let message = Message::new("", name(0).as_bytes(), b"", b"a");
    driver.broker.handle(driver.now, Command::Publish { channel: A, message }).unwrap();
    let effects = std::iter::from_fn(|| driver.broker.next_effect()).count();
    assert_eq!(effects, 2_000);
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
