//! Messages and consumers that come before others.

use super::*;

fn ranked(max_priority: u8) -> QueuePolicy {
    QueuePolicy { max_priority: Some(max_priority), ..QueuePolicy::default() }
}

fn publish_ranked(driver: &mut Driver, messages: &[(&str, Option<u8>)]) {
    for (body, priority) in messages {
        let properties = PropertiesBuilder::new();
        let properties = priority.map_or(properties.clone(), |priority| properties.priority(priority));
        driver.publish_with("q", properties, body);
    }
}

#[test]
fn the_most_urgent_message_leaves_first_and_what_is_too_urgent_is_most_urgent() {
    let mut driver = Driver::new();
    driver.declare("q", ranked(5));
    let messages = [("a", None), ("b", Some(5)), ("c", Some(1)), ("d", Some(255)), ("e", Some(0)), ("f", Some(1))];
    publish_ranked(&mut driver, &messages);
    assert_eq!(driver.empty("q"), ["b", "d", "c", "f", "a", "e"]);
}

#[test]
fn a_queue_without_priorities_knows_none() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    publish_ranked(&mut driver, &[("a", Some(1)), ("b", Some(9))]);
    assert_eq!(driver.empty("q"), ["a", "b"]);
}

#[test]
fn a_requeued_message_returns_to_its_place_within_its_priority() {
    let mut driver = Driver::new();
    driver.declare("q", ranked(9));
    publish_ranked(&mut driver, &[("a", Some(2)), ("b", Some(2)), ("c", Some(1))]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    publish_ranked(&mut driver, &[("d", Some(2)), ("e", Some(3))]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["c#2 e"]);
    driver.run(Command::CloseChannel { channel: A });
    driver.consume(A2, "q", "c", 0);
    assert_eq!(driver.effects(), ["c#1 e+1", "c#2 a+1", "c#3 b", "c#4 d", "c#5 c"]);
}

#[test]
fn a_full_queue_drops_the_most_urgent_first_since_that_is_its_head() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { max_length: Some(2), ..ranked(5) });
    publish_ranked(&mut driver, &[("a", Some(1)), ("b", Some(5)), ("c", None)]);
    assert_eq!(driver.effects(), ["b gone from q: maxlen"]);
    assert_eq!(driver.empty("q"), ["a", "c"]);
}

fn consume_with(driver: &mut Driver, channel: ChannelId, consumer_tag: &str, prefetch: u16, priority: i64) {
    driver.run(Command::SetPrefetch { channel, count: prefetch, global: false });
    let (no_ack, exclusive) = (false, false);
    driver.run(Command::Consume { channel, queue: "q", consumer_tag, no_ack, exclusive, priority });
}

#[test]
fn consumers_of_a_lower_priority_get_what_the_others_have_no_credit_for() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    consume_with(&mut driver, A, "low", 0, -1);
    consume_with(&mut driver, A2, "high", 2, 10);
    consume_with(&mut driver, B, "also", 1, 10);
    driver.publish_all("q", &["a", "b", "c", "d", "e"]);
    assert_eq!(driver.effects(), ["high#1 a", "also#1 b", "high#2 c", "low#1 d", "low#2 e"]);
    driver.acknowledge(A2, 1);
    driver.publish_all("q", &["f", "g"]);
    assert_eq!(driver.effects(), ["high#3 f", "low#3 g"]);
}
