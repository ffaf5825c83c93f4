use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};

#[test]
fn nothing_is_left_for_an_idle_consumer() {
    let idle = Script::work().published(1).consume("a", "work", 1);
    idle.clone().drained(&[("work", 1, 0)]).rejected(Anomaly::Starved);
    idle.clone().receive("a", 1, 0).acknowledge("a", 1).drained(&[("work", 0, 0)]).accepted();
    idle.clone().cancel("a").drained(&[("work", 1, 0)]).accepted();
    idle.crash("a").drained(&[("work", 1, 0)]).accepted();
}

#[test]
fn a_full_consumer_does_not_starve_anybody() {
    let full = Script::work().published(1).published(2).consume("a", "work", 1).receive("a", 1, 0);
    full.drained(&[("work", 1, 1)]).accepted();
}

#[test]
fn clients_cannot_tell_before_the_end() {
    let open = Script::work().published(1).consume("a", "work", 1);
    assert!(matches!(open.verdict(Invariant::Push), Verdict::Unknown { .. }));
}

#[test]
fn the_broker_pushes_within_the_turn() {
    let idle = Script::work().broker_starts("a", "work", 1).broker_takes("work", 1);
    idle.clone().broker_delivers("a", 1, 0).broker_goes_on().accepted();
    idle.clone().broker_goes_on().broker_delivers("a", 1, 0).rejected(Anomaly::Starved);
    idle.broker_goes_on().drained(&[("work", 1, 0)]).rejected(Anomaly::Starved);
}

#[test]
fn without_credit_a_message_waits() {
    let full = Script::work()
        .broker_starts("a", "work", 1)
        .broker_takes("work", 1)
        .broker_delivers("a", 1, 0)
        .broker_takes("work", 2)
        .broker_goes_on();
    full.clone().broker_acknowledges("a", 1).broker_delivers("a", 2, 0).broker_goes_on().accepted();
    let freed = full.broker_acknowledges("a", 1).broker_goes_on();
    freed.broker_delivers("a", 2, 0).rejected(Anomaly::Starved);
}

#[test]
fn a_message_that_a_restart_took_was_not_starved() {
    // It was lost before: nobody saw it again.
    let lost = Script::work().broker_starts("a", "work", 1).broker_takes("work", 1).broker_goes_on();
    lost.clone().restart_broker().broker_goes_on().accepted();
    lost.broker_delivers("a", 1, 0).rejected(Anomaly::Starved);
}
