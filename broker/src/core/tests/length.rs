//! Queues with a limit to their length, and both ways to keep it.

use super::*;

fn limit(max_length: u64, overflow: Overflow) -> QueuePolicy {
    QueuePolicy { max_length: Some(max_length), overflow, ..QueuePolicy::default() }
}

#[test]
fn a_full_queue_drops_its_oldest_message() {
    let mut driver = Driver::new();
    driver.declare("q", limit(2, Overflow::DropHead));
    driver.publish_all("q", &["a", "b", "c", "d"]);
    assert_eq!(driver.effects(), ["a gone from q: maxlen", "b gone from q: maxlen"]);
    assert_eq!(driver.empty("q"), ["c", "d"]);
}

#[test]
fn what_returned_is_older_and_dropped_first() {
    let mut driver = Driver::new();
    driver.declare("q", limit(2, Overflow::DropHead));
    driver.publish_all("q", &["a", "b"]);
    driver.get(A, "q");
    driver.publish_all("q", &["c"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["a gone from q: maxlen"]);
    assert_eq!(driver.empty("q"), ["b", "c"]);
}

#[test]
fn a_returned_message_is_not_dropped_while_a_consumer_has_credit_for_it() {
    let mut driver = Driver::new();
    driver.declare("q", limit(1, Overflow::DropHead));
    driver.consume(A, "q", "c", 1);
    driver.publish_all("q", &["a", "b"]);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["c#2 a+1"]);
    assert_eq!(driver.counts("q").ready, 1);
}

#[test]
fn nothing_is_dropped_for_which_a_blocked_consumer_has_just_got_credit() {
    let mut driver = Driver::new();
    driver.declare("q", dead_letters_to("dead"));
    driver.declare("dead", limit(1, Overflow::DropHead));
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.consume(A, "q", "c", 0);
    driver.consume(A, "dead", "d", 0);
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.publish_all("dead", &["z"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.reject(A, 1);
    assert_eq!(driver.effects(), ["a dead-lettered from q: rejected", "d#2 z"]);
    assert_eq!(driver.counts("dead").ready, 1);
}

#[test]
fn a_full_queue_refuses_what_it_was_told_to_refuse() {
    let mut driver = Driver::new();
    driver.declare("q", limit(1, Overflow::RejectPublish));
    assert_eq!(driver.publish("q", "a"), Published::Taken);
    assert_eq!(driver.publish("q", "b"), Published::Refused);
    driver.get(A, "q");
    assert_eq!(driver.publish("q", "c"), Published::Taken);
    assert_eq!(driver.effects(), [""; 0]);
    assert_eq!(driver.counts("q").taken, 2);
}

#[test]
fn a_requeue_is_never_refused() {
    let mut driver = Driver::new();
    driver.declare("q", limit(1, Overflow::RejectPublish));
    driver.publish("q", "a");
    driver.get(A, "q");
    driver.publish("q", "b");
    driver.requeue(A, 1);
    assert_eq!(driver.counts("q").ready, 2);
    assert_eq!(driver.publish("q", "c"), Published::Refused);
    assert_eq!(driver.empty("q"), ["a", "b"]);
}

#[test]
fn one_full_queue_refuses_and_the_others_take() {
    let mut driver = Driver::new();
    driver.declare("q", limit(0, Overflow::RejectPublish));
    driver.declare("r", QueuePolicy::default());
    for queue in ["q", "r"] {
        let (connection, exchange) = (A.connection, "amq.fanout");
        driver.run(Command::BindQueue { connection, queue, exchange, routing_key: b"", arguments: Table::default() });
    }
    assert_eq!(driver.publish_to("amq.fanout", "", "a"), Published::Refused);
    assert_eq!((driver.counts("q").taken, driver.counts("r").ready), (0, 1));
}

#[test]
fn only_ready_messages_count() {
    let mut driver = Driver::new();
    driver.declare("q", limit(1, Overflow::RejectPublish));
    driver.consume(A, "q", "c", 0);
    for body in ["a", "b", "c"] {
        assert_eq!(driver.publish("q", body), Published::Taken);
    }
    assert_eq!(driver.effects(), ["c#1 a", "c#2 b", "c#3 c"]);
}

#[test]
fn a_queue_without_length_drops_everything() {
    let mut driver = Driver::new();
    driver.declare("q", limit(0, Overflow::DropHead));
    assert_eq!(driver.publish("q", "a"), Published::Taken);
    assert_eq!(driver.effects(), ["a gone from q: maxlen"]);
}

fn limit_bytes(max_length_bytes: u64, overflow: Overflow) -> QueuePolicy {
    QueuePolicy { max_length_bytes: Some(max_length_bytes), overflow, ..QueuePolicy::default() }
}

#[test]
fn bytes_of_bodies_are_limited_by_dropping_as_many_as_are_needed() {
    let mut driver = Driver::new();
    driver.declare("q", limit_bytes(10, Overflow::DropHead));
    driver.publish_all("q", &["aaaa", "bbbb", "cc"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.publish_all("q", &["ddddd"]);
    assert_eq!(driver.effects(), ["aaaa gone from q: maxlen", "bbbb gone from q: maxlen"]);
    driver.publish_all("q", &["a body longer than the queue"]);
    assert_eq!(driver.effects().len(), 3);
    assert_eq!(driver.counts("q").ready, 0);
}

#[test]
fn a_message_that_would_exceed_the_bytes_is_refused_and_a_smaller_one_is_not() {
    let mut driver = Driver::new();
    driver.declare("q", limit_bytes(5, Overflow::RejectPublish));
    assert_eq!(driver.publish("q", "aaa"), Published::Taken);
    assert_eq!(driver.publish("q", "bbb"), Published::Refused);
    assert_eq!(driver.publish("q", "cc"), Published::Taken);
    driver.get(A, "q");
    assert_eq!(driver.publish("q", "ddd"), Published::Taken);
    driver.run(Command::PurgeQueue { connection: A.connection, name: "q" });
    assert_eq!(driver.publish("q", "eeeee"), Published::Taken);
}

#[test]
fn what_is_refused_may_go_to_the_dead_letters_instead() {
    let mut driver = Driver::new();
    let overflow = Overflow::RejectPublishDeadLetter;
    driver.declare("q", QueuePolicy { max_length: Some(1), overflow, ..dead_letters_to("dead") });
    driver.declare("dead", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.publish("q", "b"), Published::Refused);
    assert_eq!(driver.counts("q").taken, 1);
    let letter = driver.get(A, "dead").unwrap();
    let death = Death { queue: "q".into(), reason: "maxlen".into(), count: 1 };
    assert_eq!((text(&letter.message), Death::read(letter.message.headers())), ("b".into(), vec![death]));
}
