//! The end of channels and connections: everything they held comes back, in order, at once.

use super::*;

#[test]
fn what_a_closed_channel_held_goes_to_others_in_its_order() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a", "b", "c"]);
    driver.consume(A, "q", "x", 2);
    assert_eq!(driver.effects(), ["x#1 a", "x#2 b"]);
    driver.consume(B, "q", "y", 0);
    assert_eq!(driver.effects(), ["y#1 c"]);
    driver.run(Command::CloseChannel { channel: A });
    assert_eq!(driver.effects(), ["y#2 a+1", "y#3 b+1"]);
}

#[test]
fn a_closing_connection_gets_nothing_back_on_its_other_channels() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "x", 1);
    driver.consume(A2, "q", "y", 0);
    driver.publish_all("q", &["a", "b", "c"]);
    assert_eq!(driver.effects(), ["x#1 a", "y#1 b", "y#2 c"]);
    driver.run(Command::CloseConnection { connection: A.connection });
    assert_eq!(driver.effects(), [""; 0]);
    driver.consume(B, "q", "z", 0);
    assert_eq!(driver.effects(), ["z#1 a+1", "z#2 b+1", "z#3 c+1"]);
}

#[test]
fn a_channel_opened_again_starts_anew() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_all("q", &["a"]);
    driver.run(Command::SetPrefetch { channel: A, count: 1, global: true });
    driver.get(A, "q");
    driver.run(Command::CloseChannel { channel: A });
    driver.run(Command::OpenChannel { channel: A });
    driver.publish_all("q", &["b"]);
    driver.consume(A, "q", "c", 0);
    assert_eq!(driver.effects(), ["c#1 a+1", "c#2 b"]);
}

#[test]
fn opening_an_open_channel_changes_nothing() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "c", 0);
    driver.run(Command::OpenChannel { channel: A });
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.effects(), ["c#1 a"]);
}

#[test]
fn exclusive_queues_go_with_their_connection() {
    let mut driver = Driver::new();
    let options = QueueOptions { exclusive: true, ..QueueOptions::default() };
    driver.run(Command::DeclareQueue { connection: A.connection, name: "q", passive: false, options });
    driver.declare("shared", QueuePolicy::default());
    driver.consume(A, "q", "c", 0);
    driver.publish_all("q", &["a"]);
    assert_eq!(driver.effects(), ["c#1 a"]);
    driver.run(Command::CloseConnection { connection: A.connection });
    assert_eq!(driver.effects(), [""; 0]);
    let names: Vec<&str> = driver.broker.queues().map(|(name, _)| name).collect();
    assert_eq!(names, ["shared"]);
}

#[test]
fn what_dies_with_its_connection_is_dead_lettered_even_from_an_exclusive_queue() {
    let mut driver = Driver::new();
    driver.declare("dead", QueuePolicy::default());
    let policy = QueuePolicy { delivery_limit: Some(0), ..dead_letters_to("dead") };
    let options = QueueOptions { exclusive: true, policy, ..QueueOptions::default() };
    driver.run(Command::DeclareQueue { connection: A.connection, name: "q", passive: false, options });
    driver.publish_all("q", &["a"]);
    driver.get(A, "q");
    driver.run(Command::CloseConnection { connection: A.connection });
    assert_eq!(driver.effects(), ["a dead-lettered from q: delivery_limit"]);
    assert_eq!(driver.counts("dead").ready, 1);
}

#[test]
fn closing_an_unknown_connection_changes_nothing() {
    let mut driver = Driver::new();
    driver.run(Command::CloseConnection { connection: ConnectionId(9) });
    assert_eq!(driver.effects(), [""; 0]);
}
