//! Acknowledgements, single and multiple, and the tags that are unknown.

use super::*;

fn with_held(bodies: &[&str]) -> Driver {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", bodies);
    driver.consume(A, "q", "c", 0);
    assert_eq!(driver.effects().len(), bodies.len());
    driver
}

fn acknowledge(delivery_tag: u64, multiple: bool) -> Command<'static> {
    Command::Acknowledge { channel: A, delivery_tag, multiple }
}

#[test]
fn what_was_acknowledged_is_never_delivered_again() {
    let mut driver = with_held(&["a", "b"]);
    driver.acknowledge(A, 1);
    driver.run(Command::CloseConnection { connection: A.connection });
    driver.consume(B, "q", "d", 0);
    assert_eq!(driver.effects(), ["d#1 b+1"]);
}

#[test]
fn an_acknowledged_message_holds_no_memory() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    let message = Message::new("", b"q", b"", b"body");
    driver.run(Command::Publish { channel: A, message: message.clone() });
    assert_eq!(message.holders(), 2);
    driver.get(A, "q");
    assert_eq!(message.holders(), 2);
    driver.acknowledge(A, 1);
    assert_eq!(message.holders(), 1);
}

#[test]
fn a_tag_is_settled_once() {
    let mut driver = with_held(&["a"]);
    driver.acknowledge(A, 1);
    let before = driver.counts("q");
    assert_eq!(driver.handle(acknowledge(1, false)), Err(Refusal::UnknownDeliveryTag(1)));
    assert_eq!(driver.handle(acknowledge(1, true)), Err(Refusal::UnknownDeliveryTag(1)));
    let reject = Command::Reject { channel: A, delivery_tag: 1, multiple: false, requeue: true };
    assert_eq!(driver.handle(reject), Err(Refusal::UnknownDeliveryTag(1)));
    assert_eq!(driver.counts("q"), before);
}

#[test]
fn tags_of_another_channel_and_tags_never_given_are_unknown() {
    let mut driver = with_held(&["a", "b"]);
    for (channel, delivery_tag, multiple) in [(B, 1, false), (B, 1, true), (A, 3, false), (A, 3, true), (A, 0, false)] {
        let refusal = driver.handle(Command::Acknowledge { channel, delivery_tag, multiple });
        assert_eq!(refusal, Err(Refusal::UnknownDeliveryTag(delivery_tag)));
    }
    assert_eq!(driver.counts("q").unacknowledged, 2);
}

#[test]
fn multiple_settles_up_to_the_tag_and_not_beyond() {
    let mut driver = with_held(&["a", "b", "c", "d"]);
    driver.acknowledge(A, 2);
    driver.run(acknowledge(3, true));
    assert_eq!(driver.counts("q").acknowledged, 3);
    driver.requeue(A, 4);
    assert_eq!(driver.effects(), ["c#5 d+1"]);
}

#[test]
fn multiple_with_tag_zero_is_all_so_far_even_if_that_is_nothing() {
    let mut driver = with_held(&["a", "b"]);
    driver.run(acknowledge(0, true));
    assert_eq!(driver.counts("q").acknowledged, 2);
    driver.run(acknowledge(0, true));
    driver.run(Command::Acknowledge { channel: B, delivery_tag: 0, multiple: true });
}

#[test]
fn rejecting_multiple_with_requeue_returns_all_in_order() {
    let mut driver = with_held(&["a", "b", "c", "d"]);
    driver.run(Command::Cancel { channel: A, consumer_tag: "c" });
    driver.run(Command::Reject { channel: A, delivery_tag: 3, multiple: true, requeue: true });
    assert_eq!(driver.counts("q").ready, 3);
    assert_eq!(driver.empty("q"), ["a", "b", "c"]);
}

#[test]
fn rejecting_multiple_without_requeue_lets_all_die_in_order() {
    let mut driver = with_held(&["a", "b", "c"]);
    driver.run(Command::Reject { channel: A, delivery_tag: 2, multiple: true, requeue: false });
    assert_eq!(driver.effects(), ["a gone from q: rejected", "b gone from q: rejected"]);
    let counts = driver.counts("q");
    assert_eq!((counts.removed, counts.unacknowledged), (2, 1));
}

#[test]
fn recover_requeues_everything_before_it_redelivers_anything() {
    let mut driver = with_held(&["a", "b"]);
    driver.run(Command::Recover { channel: A });
    assert_eq!(driver.effects(), ["c#3 a+1", "c#4 b+1"]);
}

#[test]
fn a_closed_channel_takes_no_commands() {
    let mut driver = with_held(&["a"]);
    driver.run(Command::CloseChannel { channel: A });
    let message = Message::new("", b"q", b"", b"");
    let refused = Err(Refusal::NoChannel(A));
    assert_eq!(driver.handle(acknowledge(1, false)), refused);
    assert_eq!(driver.handle(Command::Publish { channel: A, message }), refused);
    assert_eq!(driver.handle(Command::Get { channel: A, queue: "q", no_ack: true }), refused);
    assert_eq!(driver.handle(Command::CloseChannel { channel: A }), refused);
}

#[test]
fn a_message_is_shared_and_not_copied() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    let message = Message::new("", b"q", b"\x80\0properties", b"body");
    driver.run(Command::Publish { channel: A, message: message.clone() });
    let delivery = driver.get(B, "q").unwrap();
    assert_eq!(delivery.message, message);
    assert_eq!(delivery.message.body().as_ptr(), message.body().as_ptr());
}
