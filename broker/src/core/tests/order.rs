//! FIFO, requeue to the original position, and delivery counts.

use super::*;

#[test]
fn messages_are_delivered_in_the_order_they_were_taken() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b"]);
    driver.consume(A, "q", "c", 0);
    driver.publish_all("q", &["c"]);
    assert_eq!(driver.effects(), ["c#1 a", "c#2 b", "c#3 c"]);
}

#[test]
fn a_requeued_message_goes_before_every_message_never_delivered() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["c#2 a+1"]);
}

#[test]
fn requeued_messages_keep_their_order_whatever_the_order_of_their_return() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c", "d", "e"]);
    for _ in 0..4 {
        driver.get(A, "q");
    }
    driver.requeue(A, 3);
    driver.requeue(A, 1);
    driver.acknowledge(A, 2);
    driver.publish_all("q", &["f"]);
    driver.requeue(A, 4);
    assert_eq!(driver.empty("q"), ["a", "c", "d", "e", "f"]);
}

#[test]
fn a_requeue_lies_between_two_fresh_messages() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b"]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.get(B, "q");
    driver.publish_all("q", &["c"]);
    driver.acknowledge(A, 1);
    assert_eq!(driver.effects(), ["c#2 c"]);
    driver.publish_all("q", &["d"]);
    driver.requeue(B, 1);
    driver.acknowledge(A, 2);
    assert_eq!(driver.effects(), ["c#3 b+1"]);
    driver.acknowledge(A, 3);
    assert_eq!(driver.effects(), ["c#4 d"]);
}

#[test]
fn each_requeue_counts_by_whatever_cause() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.requeue(A, 1);
    assert_eq!(driver.effects(), ["c#2 a+1"]);
    driver.run(Command::Recover { channel: A });
    assert_eq!(driver.effects(), ["c#3 a+2"]);
    driver.run(Command::CloseChannel { channel: A });
    driver.consume(B, "q", "d", 1);
    assert_eq!(driver.effects(), ["d#1 a+3"]);
    driver.run(Command::CloseConnection { connection: B.connection });
    let delivery = driver.get(A2, "q").unwrap();
    assert_eq!((delivery.delivery_count, delivery.redelivered()), (4, true));
}

#[test]
fn get_takes_the_oldest_and_says_how_many_are_left() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    let get = |no_ack| Command::Get { channel: A, queue: "q", no_ack };
    for (no_ack, tag, left) in [(false, 1, 2), (true, 2, 1), (false, 3, 0)] {
        let Reply::Got(Some((delivery, ready))) = driver.run(get(no_ack)) else { panic!("nothing was ready") };
        assert_eq!((delivery.delivery_tag, ready), (tag, left));
    }
    assert_eq!(driver.run(get(false)), Reply::Got(None));
    assert_eq!(driver.counts("q").acknowledged, 1);
    assert_eq!(driver.counts("q").unacknowledged, 2);
}

#[test]
fn tags_count_over_consumers_and_get_together_and_per_channel() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c", "d"]);
    assert_eq!(driver.get(A, "q").unwrap().delivery_tag, 1);
    assert_eq!(driver.get(B, "q").unwrap().delivery_tag, 1);
    driver.consume(A, "q", "c", 1);
    assert_eq!(driver.effects(), ["c#2 c"]);
    assert_eq!(driver.get(A, "q").unwrap().delivery_tag, 3);
}
