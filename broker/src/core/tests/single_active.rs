//! Queues that serve one consumer at a time.

use super::*;

fn driver() -> Driver {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy { single_active_consumer: true, ..QueuePolicy::default() });
    driver
}

fn consume(channel: ChannelId, consumer_tag: &str, priority: i64) -> Command<'_> {
    Command::Consume { channel, queue: "q", consumer_tag, no_ack: false, exclusive: false, priority }
}

#[test]
fn the_first_consumer_is_served_alone_until_it_goes() {
    let mut driver = driver();
    driver.consume(A, "q", "x", 1);
    driver.consume(B, "q", "y", 0);
    driver.publish_all("q", &["a", "b", "c"]);
    assert_eq!(driver.effects(), ["x#1 a"], "its prefetch is used up, and nobody else's turn");
    driver.run(Command::Cancel { channel: A, consumer_tag: "x" });
    assert_eq!(driver.effects(), ["y#1 b", "y#2 c"]);
    driver.acknowledge(A, 1);
    driver.publish_all("q", &["d"]);
    assert_eq!(driver.effects(), ["y#3 d"]);
}

#[test]
fn a_lost_consumer_is_followed_by_the_next_which_gets_what_it_held() {
    let mut driver = driver();
    driver.consume(A, "q", "x", 0);
    driver.consume(B, "q", "y", 0);
    driver.publish_all("q", &["a", "b"]);
    assert_eq!(driver.effects(), ["x#1 a", "x#2 b"]);
    driver.run(Command::CloseConnection { connection: A.connection });
    assert_eq!(driver.effects(), ["y#1 a+1", "y#2 b+1"]);
}

#[test]
fn the_next_is_the_one_of_the_highest_priority_which_pushes_nobody_out() {
    let mut driver = driver();
    for (channel, tag, priority) in [(A, "w", 0), (A, "x", 1), (A2, "y", 5), (B, "z", 5)] {
        driver.run(consume(channel, tag, priority));
    }
    for (channel, tag) in [(A, "w"), (A2, "y"), (B, "z"), (A, "x")] {
        driver.publish_all("q", &["a"]);
        assert!(driver.next_effect().is_some_and(|effect| effect.starts_with(tag)), "{tag} is active");
        driver.run(Command::Cancel { channel, consumer_tag: tag });
    }
}

#[test]
fn whoever_stands_by_may_go_and_nobody_may_be_exclusive() {
    let mut driver = driver();
    let exclusive =
        Command::Consume { channel: B, queue: "q", consumer_tag: "e", no_ack: true, exclusive: true, priority: 0 };
    assert_eq!(driver.handle(exclusive), Err(Refusal::ExclusiveUse("q".into())));
    driver.run(consume(A, "x", 0));
    driver.run(consume(B, "y", 0));
    driver.run(Command::CloseConnection { connection: B.connection });
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.effects(), ["x#1 a"]);
    driver.run(Command::DeleteQueue { connection: A.connection, name: "q", if_unused: false, if_empty: false });
    assert_eq!(driver.effects(), ["x cancelled"]);
}

#[test]
fn anybody_may_get() {
    let mut driver = driver();
    driver.consume(A, "q", "x", 1);
    driver.publish_all("q", &["a", "b"]);
    assert_eq!(driver.effects(), ["x#1 a"]);
    assert_eq!(driver.get(B, "q").map(|delivery| text(&delivery.message)), Some("b".into()));
}
