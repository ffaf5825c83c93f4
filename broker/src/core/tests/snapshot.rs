//! What an operator is shown is what is there.

use super::*;
use crate::amqp::codec::{TableBuilder, Value};

#[test]
fn a_snapshot_lists_what_was_made() {
    let mut driver = Driver::new();
    driver.declare("jobs", QueuePolicy { max_length: Some(9), ..QueuePolicy::default() });
    let connection = A.connection;
    let mut said = TableBuilder::new();
    said.insert("x-note", Value::LongInt(7));
    let arguments = said.as_table();
    driver.run(Command::BindQueue { connection, queue: "jobs", exchange: "amq.topic", routing_key: b"a.#", arguments });
    driver.run(Command::BindExchange { destination: "amq.topic", source: "amq.fanout", routing_key: b"", arguments });
    driver.publish_all("jobs", &["1", "2"]);
    driver.consume(A, "jobs", "worker", 1);
    driver.effects();
    driver.requeue(A, 1);
    driver.effects();

    let snapshot = driver.broker.snapshot();
    let [queue] = &snapshot.queues[..] else { panic!("{:?}", snapshot.queues) };
    assert_eq!((&*queue.name, queue.options.policy.max_length, queue.owner), ("jobs", Some(9), None));
    assert_eq!((queue.counts.ready, queue.counts.unacknowledged), (1, 1));
    assert_eq!((queue.delivered, queue.redelivered), (2, 1));
    let [consumer] = &snapshot.consumers[..] else { panic!("{:?}", snapshot.consumers) };
    assert_eq!((&*consumer.tag, consumer.channel, &*consumer.queue), ("worker", A, "jobs"));
    assert_eq!((consumer.prefetch, consumer.unacknowledged, consumer.is_active), (1, 1, true));
    let bindings: Vec<_> = snapshot.bindings.iter().map(|b| (&*b.source, &*b.destination, b.is_to_queue)).collect();
    assert_eq!(bindings, [("amq.topic", "jobs", true), ("amq.fanout", "amq.topic", false)]);
    assert!(snapshot.bindings.iter().all(|b| b.arguments().get("x-note") == Some(Value::LongInt(7))));
    let exchanges: Vec<_> = snapshot.exchanges.iter().map(|exchange| &*exchange.name).collect();
    assert_eq!(exchanges, ["", "amq.direct", "amq.fanout", "amq.headers", "amq.match", "amq.topic"]);
    assert!(snapshot.exchanges.iter().all(|exchange| exchange.options.durable), "all of these are always there");
    let channels: Vec<_> = snapshot.channels.iter().map(|c| (c.id, c.consumers, c.unacknowledged)).collect();
    assert_eq!(channels, [(A, 1, 1), (A2, 0, 0), (B, 0, 0)]);
    assert_eq!(driver.broker.channel_count(A.connection), 2);
}

#[test]
fn totals_outlive_what_they_count() {
    let mut driver = Driver::new();
    driver.declare("jobs", QueuePolicy::default());
    driver.publish_all("jobs", &["1", "2", "3"]);
    driver.publish("nowhere", "4");
    driver.consume(A, "jobs", "worker", 1);
    driver.effects();
    driver.requeue(A, 1);
    driver.effects();
    driver.acknowledge(A, 2);
    driver.effects();
    driver.run(Command::CloseChannel { channel: A });
    assert_eq!(driver.get(B, "jobs").map(|got| text(&got.message)), Some("2".into()));
    driver.run(Command::OpenChannel { channel: A });
    driver.publish_all("jobs", &["5"]);
    assert_eq!(driver.empty("jobs"), ["3", "5"]);
    driver.run(Command::DeleteQueue { connection: B.connection, name: "jobs", if_unused: false, if_empty: false });

    let totals = driver.broker.snapshot().totals;
    assert_eq!((totals.published, totals.unroutable, totals.acknowledged), (5, 1, 1));
    assert_eq!((totals.delivered, totals.delivered_no_ack, totals.redelivered), (3, 0, 2));
    assert_eq!((totals.got, totals.got_no_ack, totals.got_empty), (1, 2, 1));
    assert_eq!((totals.channels_opened, totals.channels_closed), (4, 1));
    assert_eq!((totals.queues_created, totals.queues_deleted), (1, 1));
}
