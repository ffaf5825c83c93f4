//! When effects have to be asked for before the next message: where it shows when exactly one came.

use super::*;

#[test]
fn messages_of_a_plain_queue_may_come_together() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.consume(A, "q", "c", 2);
    driver.publish_all("q", &["a", "b", "c"]);
    assert!(!driver.broker.has_urgent_effects());
    assert_eq!(driver.effects(), ["c#1 a", "c#2 b"]);
}

#[test]
fn a_message_of_a_queue_that_heeds_moments_comes_alone() {
    let policies = [
        QueuePolicy { max_length: Some(9), ..QueuePolicy::default() },
        QueuePolicy { max_length_bytes: Some(9), ..QueuePolicy::default() },
        QueuePolicy { max_priority: Some(9), ..QueuePolicy::default() },
        QueuePolicy { message_ttl: Some(Duration::from_secs(9)), ..QueuePolicy::default() },
    ];
    for policy in policies {
        let mut driver = Driver::new();
        driver.declare("q", policy.clone());
        assert!(!driver.broker.has_urgent_effects(), "{policy:?}");
        driver.publish("q", "a");
        assert!(driver.broker.has_urgent_effects(), "{policy:?}");
        driver.effects();
        assert!(!driver.broker.has_urgent_effects(), "{policy:?}");
    }
}

#[test]
fn so_does_a_message_that_limits_its_own_time() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    driver.publish_with("q", PropertiesBuilder::new().expiration("1000"), "a");
    assert!(driver.broker.has_urgent_effects());
}

#[test]
fn queues_take_turns_when_several_have_something_to_push() {
    let mut driver = Driver::new();
    for queue in ["p", "q"] {
        driver.declare(queue, QueuePolicy::default());
    }
    driver.consume(A, "p", "c", 0);
    driver.consume(B, "q", "d", 0);
    driver.publish_all("p", &["1", "2", "3"]);
    driver.publish_all("q", &["4", "5"]);
    assert_eq!(driver.effects(), ["c#1 1", "d#1 4", "c#2 2", "d#2 5", "c#3 3"]);
}
