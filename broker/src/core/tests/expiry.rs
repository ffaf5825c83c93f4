//! What time does: messages die when theirs is up, at the head of their queue; queues go that nobody uses.

use super::*;
use crate::amqp::codec::Properties;

fn ttl(time_ms: u64) -> QueuePolicy {
    QueuePolicy { message_ttl: Some(Duration::from_millis(time_ms)), ..dead_letters_to("dead") }
}

/// A queue `q` with this time to live, whose dead letters go to the queue `dead`.
fn mortal(time_ms: u64) -> Driver {
    let mut driver = Driver::new();
    driver.declare("q", ttl(time_ms));
    driver.declare("dead", QueuePolicy::default());
    driver
}

fn expiring(time_ms: u64) -> PropertiesBuilder {
    PropertiesBuilder::new().expiration(time_ms.to_string())
}

#[test]
fn a_message_dies_when_its_time_is_up_though_nobody_asks_for_it() {
    let mut driver = mortal(10);
    assert_eq!(driver.broker.deadline(), None);
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.broker.deadline(), Some(driver.now + Duration::from_millis(10)));
    driver.wait_ms(9);
    driver.publish_all("q", &["b"]);
    assert_eq!(driver.effects(), [""; 0]);
    driver.wait_ms(1);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired"]);
    driver.wait_ms(9);
    assert_eq!(driver.effects(), ["b dead-lettered from q: expired"]);
    assert_eq!(driver.broker.deadline(), None);
    assert_eq!(driver.empty("dead"), ["a", "b"]);
}

#[test]
fn a_late_timer_delivers_nothing_that_should_have_died() {
    let mut driver = mortal(10);
    driver.publish_all("q", &["a", "b"]);
    driver.now = driver.now + Duration::from_millis(10);
    driver.consume(A, "q", "c", 0);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired", "b dead-lettered from q: expired"]);
    driver.publish_all("q", &["c"]);
    driver.now = driver.now + Duration::from_millis(10);
    assert_eq!(driver.effects(), ["c#1 c"], "it was there in time");
    driver.run(Command::Cancel { channel: A, consumer_tag: "c" });
    driver.publish_all("q", &["d"]);
    driver.now = driver.now + Duration::from_millis(10);
    assert!(driver.get(A, "q").is_none());
}

#[test]
fn the_shorter_of_both_times_counts_and_is_forgotten_with_the_queue() {
    let mut driver = mortal(10);
    driver.publish_with("q", expiring(3), "a");
    driver.publish_with("q", expiring(30), "b");
    driver.wait_ms(3);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired"]);
    driver.wait_ms(7);
    assert_eq!(driver.effects(), ["b dead-lettered from q: expired"]);
    let letter = driver.get(A, "dead").unwrap().message;
    assert_eq!(Properties::parse(letter.properties()).unwrap().expiration(), None);
    let record = format!("{:?}", letter.headers());
    assert!(record.contains("original-expiration") && record.contains("LongString([51])"), "{record}");
    driver.wait_ms(1_000);
    assert_eq!(driver.counts("dead").ready, 1, "a dead letter has all the time");
}

#[test]
fn what_has_no_time_at_all_is_delivered_behind_what_waits_for_the_same_consumer() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "c", 0);
    driver.publish_all("q", &["a"]);
    driver.publish_with("q", expiring(0), "b");
    assert_eq!(driver.effects(), ["c#1 a", "c#2 b"]);
}

#[test]
fn only_the_first_message_of_a_queue_expires() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_with("q", expiring(20), "a");
    driver.publish_with("q", expiring(5), "b");
    driver.publish_all("q", &["c"]);
    driver.wait_ms(10);
    assert_eq!((driver.effects().len(), driver.counts("q").ready), (0, 3));
    driver.get(A, "q");
    assert_eq!(driver.counts("q").ready, 2, "the timer does it");
    driver.wait_ms(0);
    assert_eq!(driver.effects(), ["b gone from q: expired"]);
    driver.wait_ms(100);
    assert_eq!(driver.empty("q"), ["c"]);
}

#[test]
fn what_stands_behind_a_delivered_message_expires_before_it_is_delivered() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    driver.publish_with("q", expiring(5), "b");
    driver.publish_all("q", &["c"]);
    driver.wait_ms(5);
    driver.consume(A, "q", "c", 0);
    assert_eq!(driver.effects(), ["c#1 a", "b gone from q: expired", "c#2 c"]);
}

#[test]
fn a_requeued_message_keeps_its_time() {
    let mut driver = mortal(10);
    driver.publish_all("q", &["a"]);
    driver.get(A, "q");
    driver.wait_ms(6);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), [""; 0]);
    driver.get(A, "q");
    driver.wait_ms(50);
    assert_eq!(driver.effects(), [""; 0], "what a client holds does not expire");
    driver.requeue(A, 2);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired"]);
}

#[test]
fn without_any_time_a_message_is_delivered_at_once_or_dies() {
    let mut driver = mortal(0);
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired"]);
    driver.consume(A, "q", "c", 1);
    driver.publish_all("q", &["b", "c"]);
    assert_eq!(driver.effects(), ["c#1 b", "c dead-lettered from q: expired"]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["b dead-lettered from q: expired"]);
}

#[test]
fn a_purged_or_deleted_queue_waits_for_nothing() {
    let mut driver = mortal(10);
    driver.publish_all("q", &["a"]);
    driver.run(Command::PurgeQueue { connection: A.connection, name: "q" });
    assert_eq!(driver.broker.deadline(), None);
    driver.publish_all("q", &["a"]);
    driver.run(Command::DeleteQueue { connection: A.connection, name: "q", if_unused: false, if_empty: false });
    assert_eq!(driver.broker.deadline(), None);
}

#[test]
fn expired_messages_that_would_go_round_are_dropped_unless_they_were_rejected_on_the_way() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { dead_letter_routing_key: Some(b"r".to_vec()), ..ttl(5) });
    driver.declare("r", QueuePolicy { dead_letter_routing_key: Some(b"q".to_vec()), ..ttl(5) });
    driver.publish_all("q", &["a"]);
    driver.wait_ms(5);
    driver.wait_ms(5);
    assert_eq!(driver.effects(), ["a dead-lettered from q: expired", "a gone from r: expired"]);
    driver.publish_all("q", &["b"]);
    driver.wait_ms(5);
    driver.get(A, "r");
    driver.reject(A, 1);
    driver.wait_ms(5);
    let expected =
        ["b dead-lettered from q: expired", "b dead-lettered from r: rejected", "b dead-lettered from q: expired"];
    assert_eq!(driver.effects(), expected);
}

#[test]
fn a_queue_goes_when_nobody_has_used_it_for_its_time() {
    let mut driver = Driver::new();
    let policy = QueuePolicy { expires: Some(Duration::from_millis(10)), ..dead_letters_to("dead") };
    driver.declare("q", policy.clone());
    driver.declare("dead", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    driver.wait_ms(9);
    driver.declare("q", policy);
    driver.wait_ms(9);
    driver.get(A, "q");
    driver.wait_ms(9);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.broker.deadline(), None);
    driver.wait_ms(100);
    driver.run(Command::CloseChannel { channel: A });
    driver.wait_ms(9);
    assert_eq!(driver.effects(), [""; 0]);
    driver.wait_ms(1);
    assert_eq!(driver.effects(), ["q expired"]);
    assert!(driver.broker.queue_counts("q").is_none());
    assert_eq!((driver.counts("dead").taken, driver.broker.deadline()), (0, None));
}
