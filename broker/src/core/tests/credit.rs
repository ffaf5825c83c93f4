//! Push: who gets a message, when, and who does not.

use super::*;

#[test]
fn consumers_with_credit_take_turns() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    for (channel, tag) in [(A, "x"), (B, "y"), (A, "z")] {
        driver.consume(channel, "q", tag, 0);
    }
    driver.publish_all("q", &["1", "2", "3", "4", "5", "6"]);
    assert_eq!(driver.effects(), ["x#1 1", "y#1 2", "z#2 3", "x#3 4", "y#2 5", "z#4 6"]);
}

#[test]
fn turns_go_on_over_drained_effects() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "x", 0);
    driver.consume(B, "q", "y", 0);
    let mut who = Vec::new();
    for body in ["1", "2", "3", "4"] {
        driver.publish("q", body);
        who.extend(driver.effects());
    }
    assert_eq!(who, ["x#1 1", "y#1 2", "x#2 3", "y#2 4"]);
}

#[test]
fn a_consumer_never_holds_more_than_its_prefetch_and_blocks_nobody_else() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "one", 1);
    driver.consume(A, "q", "two", 2);
    driver.publish_all("q", &["1", "2", "3", "4", "5"]);
    assert_eq!(driver.effects(), ["one#1 1", "two#2 2", "two#3 3"]);
    driver.acknowledge(A, 1);
    assert_eq!(driver.effects(), ["one#4 4"]);
    driver.acknowledge(A, 2);
    assert_eq!(driver.effects(), ["two#5 5"]);
}

#[test]
fn a_prefetch_of_a_consumer_holds_for_consumers_started_later() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "old", 0);
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: false });
    driver.publish_all("q", &["1", "2", "3"]);
    assert_eq!(driver.effects(), ["old#1 1", "old#2 2", "old#3 3"]);
}

#[test]
fn a_global_prefetch_is_shared_by_the_consumers_of_a_channel() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.declare("r", QueuePolicy::default());
    driver.run(Command::SetPrefetch { channel: A, count: 2, global: true });
    driver.consume(A, "q", "x", 0);
    driver.consume(A, "r", "y", 0);
    driver.publish_all("q", &["1", "2", "3"]);
    driver.publish_all("r", &["4"]);
    assert_eq!(driver.effects(), ["x#1 1", "y#2 4"]);
    driver.publish_all("r", &["5"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.acknowledge(A, 1);
    assert_eq!(driver.effects(), ["x#3 2"]);
    driver.acknowledge(A, 2);
    assert_eq!(driver.effects(), ["y#4 5"]);
    driver.acknowledge(A, 3);
    assert_eq!(driver.effects(), ["x#5 3"]);
}

#[test]
fn raising_a_global_prefetch_lets_blocked_consumers_go_on() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.consume(A, "q", "x", 0);
    driver.publish_all("q", &["1", "2", "3"]);
    assert_eq!(driver.effects(), ["x#1 1"]);
    driver.run(Command::SetPrefetch { channel: A, count: 2, global: true });
    assert_eq!(driver.effects(), ["x#2 2"]);
    driver.run(Command::SetPrefetch { channel: A, count: 0, global: true });
    assert_eq!(driver.effects(), ["x#3 3"]);
}

#[test]
fn get_neither_needs_nor_takes_credit() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.publish_all("q", &["1", "2", "3"]);
    driver.get(A, "q");
    driver.consume(A, "q", "x", 1);
    assert_eq!(driver.effects(), ["x#2 2"]);
    assert_eq!(driver.get(A, "q").unwrap().delivery_tag, 3);
}

#[test]
fn without_acknowledgements_there_is_no_limit_and_nothing_is_held() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: false });
    driver.run(Command::Consume {
        channel: A,
        queue: "q",
        consumer_tag: "x",
        no_ack: true,
        exclusive: false,
        priority: 0,
    });
    driver.publish_all("q", &["1", "2", "3"]);
    assert_eq!(driver.effects(), ["x#1 1", "x#2 2", "x#3 3"]);
    let counts = driver.counts("q");
    assert_eq!((counts.unacknowledged, counts.acknowledged), (0, 3));
    let refusal = driver.handle(Command::Acknowledge { channel: A, delivery_tag: 1, multiple: false });
    assert_eq!(refusal, Err(Refusal::UnknownDeliveryTag(1)));
}

#[test]
fn a_connection_that_is_not_writable_gets_nothing_and_then_everything() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "x", 0);
    driver.run(Command::SetWritable { connection: A.connection, writable: false });
    driver.publish_all("q", &["1", "2"]);
    assert_eq!(driver.effects(), [""; 0]);
    assert_eq!(driver.counts("q").ready, 2);
    driver.run(Command::SetWritable { connection: A.connection, writable: true });
    assert_eq!(driver.effects(), ["x#1 1", "x#2 2"]);
}

#[test]
fn a_connection_that_is_not_writable_leaves_its_turn_to_others() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.run(Command::SetWritable { connection: A.connection, writable: false });
    driver.run(Command::CloseChannel { channel: A2 });
    driver.run(Command::OpenChannel { channel: A2 });
    driver.consume(A2, "q", "x", 0);
    driver.consume(B, "q", "y", 0);
    driver.publish_all("q", &["1", "2"]);
    assert_eq!(driver.effects(), ["y#1 1", "y#2 2"]);
}

#[test]
fn a_connection_that_fills_up_between_two_effects_gets_no_more() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["1", "2", "3"]);
    driver.consume(A, "q", "x", 0);
    assert_eq!(driver.next_effect().as_deref(), Some("x#1 1"));
    driver.run(Command::SetWritable { connection: A.connection, writable: false });
    assert_eq!(driver.effects(), [""; 0]);
    assert_eq!(driver.counts("q").ready, 2);
}

#[test]
fn a_global_prefetch_does_not_keep_a_consumer_without_acknowledgements_after_a_pause() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.declare("r", QueuePolicy::default());
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.consume(A, "q", "x", 0);
    driver.run(Command::Consume {
        channel: A,
        queue: "r",
        consumer_tag: "y",
        no_ack: true,
        exclusive: false,
        priority: 0,
    });
    driver.publish_all("q", &["1", "2"]);
    assert_eq!(driver.effects(), ["x#1 1"]);
    driver.run(Command::SetWritable { connection: A.connection, writable: false });
    driver.publish_all("r", &["3"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.run(Command::SetWritable { connection: A.connection, writable: true });
    assert_eq!(driver.effects(), ["y#2 3"]);
}

#[test]
fn queues_with_a_backlog_take_turns_at_a_connection() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.declare("r", QueuePolicy::default());
    driver.publish_all("q", &["1", "2"]);
    driver.publish_all("r", &["3", "4"]);
    driver.consume(A, "q", "x", 0);
    driver.consume(A, "r", "y", 0);
    assert_eq!(driver.effects(), ["x#1 1", "y#2 3", "x#3 2", "y#4 4"]);
}

#[test]
fn a_cancelled_consumer_gets_no_more_and_keeps_what_it_holds() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "x", 0);
    driver.publish_all("q", &["1"]);
    assert_eq!(driver.effects(), ["x#1 1"]);
    driver.run(Command::Cancel { channel: A, consumer_tag: "x" });
    driver.publish_all("q", &["2"]);
    assert_eq!(driver.effects(), [""; 0]);
    assert_eq!(driver.counts("q").unacknowledged, 1);
    driver.acknowledge(A, 1);
    assert_eq!(driver.counts("q").acknowledged, 1);
    driver.run(Command::Cancel { channel: A, consumer_tag: "x" });
}

#[test]
fn consumer_tags_and_exclusive_consumers_are_guarded() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    let consume = |channel, consumer_tag, exclusive| Command::Consume {
        channel,
        queue: "q",
        consumer_tag,
        no_ack: false,
        exclusive,
        priority: 0,
    };
    driver.run(consume(A, "x", false));
    assert_eq!(driver.handle(consume(A, "x", false)), Err(Refusal::ConsumerTagInUse("x".into())));
    driver.run(consume(A2, "x", false));
    assert_eq!(driver.handle(consume(B, "y", true)), Err(Refusal::ExclusiveUse("q".into())));
    for channel in [A, A2] {
        driver.run(Command::Cancel { channel, consumer_tag: "x" });
    }
    driver.run(consume(B, "y", true));
    assert_eq!(driver.handle(consume(A, "x", false)), Err(Refusal::ExclusiveUse("q".into())));
    driver.run(Command::Cancel { channel: B, consumer_tag: "y" });
    driver.run(consume(A, "x", false));
}
