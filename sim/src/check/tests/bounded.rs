use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{Overflow, Queue, Reason, Resource, What};

fn limited(overflow: Overflow) -> Script {
    Script::new().queue(Queue::new("work").max_length(1, overflow))
}

#[test]
fn a_queue_is_no_longer_than_its_limit() {
    limited(Overflow::DropHead).drained(&[("work", 1, 0)]).accepted();
    limited(Overflow::DropHead).drained(&[("work", 2, 0)]).rejected(Anomaly::Unbounded);
    let verdict = limited(Overflow::DropHead).verdict(Invariant::Bounded);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[test]
fn a_queue_that_refuses_may_grow_by_what_comes_back() {
    limited(Overflow::RejectPublish).drained(&[("work", 2, 0)]).accepted();
}

#[test]
fn what_is_measured_keeps_to_its_limit() {
    let measured = |amount| What::Measured { resource: Resource::MemoryBytes, amount, limit: 10 };
    Script::work().measured(measured(10)).accepted();
    Script::work().measured(measured(11)).rejected(Anomaly::Unbounded);
}

#[test]
fn the_broker_drops_within_the_turn() {
    let full = limited(Overflow::DropHead).broker_takes("work", 1).broker_takes("work", 2);
    full.clone().broker_lets_die("work", 1, Reason::MaxLength, false).broker_goes_on().accepted();
    let late = full.broker_goes_on().broker_lets_die("work", 1, Reason::MaxLength, false);
    late.drained(&[("work", 1, 0)]).rejected(Anomaly::Unbounded);
}

#[test]
fn the_broker_refuses_when_it_is_full() {
    let full = limited(Overflow::RejectPublish).broker_takes("work", 1).broker_takes("work", 2).broker_goes_on();
    full.drained(&[("work", 2, 0)]).rejected(Anomaly::Unbounded);
    let back = limited(Overflow::RejectPublish)
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_takes("work", 2)
        .broker_closes("a")
        .broker_goes_on();
    back.drained(&[("work", 2, 0)]).accepted();
}

#[test]
fn a_lost_message_does_not_make_its_queue_too_long() {
    let lost = limited(Overflow::DropHead).broker_takes("work", 1).broker_takes("work", 2).broker_goes_on();
    assert_eq!(lost.drained(&[("work", 1, 0)]).judge().anomalies(), [Anomaly::Lost]);
}

#[test]
fn the_broker_keeps_to_the_bytes_too() {
    let limited = || Script::new().queue(Queue::new("work").max_length_bytes(10, Overflow::DropHead));
    let full = || limited().broker_takes_with("work", 1, 0, 6).broker_takes_with("work", 2, 0, 4);
    full().broker_goes_on().drained(&[("work", 2, 0)]).accepted();
    let more = || full().broker_takes_with("work", 3, 0, 1);
    more().broker_goes_on().drained(&[("work", 3, 0)]).rejected(Anomaly::Unbounded);
    let dropped = more().broker_lets_die("work", 1, Reason::MaxLength, false);
    dropped.broker_goes_on().drained(&[("work", 2, 0)]).accepted();
}
