//! Transactions of a channel.

use super::*;

fn transactional() -> Driver {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.run(Command::SelectTransactions { channel: A });
    driver
}

#[test]
fn what_is_published_comes_to_its_queues_with_the_commit_or_never() {
    let mut driver = transactional();
    assert_eq!(driver.publish("q", "a"), Published::Held);
    assert_eq!(driver.publish("nowhere", "b"), Published::Held);
    assert_eq!(driver.counts("q").taken, 0);
    let committed = driver.run(Command::Commit { channel: A });
    assert_eq!(committed, Reply::Committed(vec![Published::Taken, Published::Unroutable]));
    assert_eq!(driver.counts("q").ready, 1);
    driver.publish("q", "c");
    driver.run(Command::Rollback { channel: A });
    assert_eq!(driver.run(Command::Commit { channel: A }), Reply::Committed(vec![]));
    assert_eq!(driver.empty("q"), ["a"]);
}

#[test]
fn an_exchange_that_is_missing_is_missed_at_once() {
    let mut driver = transactional();
    let message = Message::new("missing", b"", b"\0\0", b"");
    let refusal = driver.handle(Command::Publish { channel: A, message });
    assert_eq!(refusal, Err(Refusal::NoExchange("missing".into())));
}

#[test]
fn what_is_settled_keeps_its_credit_until_the_commit_and_is_settled_once() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    driver.consume(A, "q", "c", 2);
    assert_eq!(driver.effects(), ["c#1 a", "c#2 b"]);
    driver.run(Command::SelectTransactions { channel: A });
    driver.acknowledge(A, 1);
    driver.requeue(A, 2);
    assert_eq!(driver.effects(), [""; 0]);
    let again = Command::Acknowledge { channel: A, delivery_tag: 1, multiple: false };
    assert_eq!(driver.handle(again), Err(Refusal::UnknownDeliveryTag(1)));
    driver.run(Command::Rollback { channel: A });
    assert_eq!(driver.effects(), [""; 0]);
    driver.requeue(A, 2);
    driver.acknowledge(A, 1);
    driver.run(Command::Commit { channel: A });
    assert_eq!(driver.effects(), ["c#3 b+1", "c#4 c"]);
    assert_eq!(driver.counts("q").acknowledged, 1);
}

#[test]
fn a_closed_channel_rolls_back() {
    let mut driver = transactional();
    driver.run(Command::Publish { channel: B, message: Message::new("", b"q", b"\0\0", b"a") });
    driver.get(A, "q");
    driver.acknowledge(A, 1);
    driver.publish("q", "b");
    driver.run(Command::CloseChannel { channel: A });
    assert_eq!((driver.counts("q").ready, driver.counts("q").taken), (1, 1));
}

#[test]
fn a_channel_without_transactions_has_none_to_end() {
    let mut driver = Driver::new();
    for command in [Command::Commit { channel: A }, Command::Rollback { channel: A }] {
        assert_eq!(driver.handle(command), Err(Refusal::NotTransactional));
    }
}
