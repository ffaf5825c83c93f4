use std::time::Duration;

use super::Script;
use crate::check::Anomaly;

fn received() -> Script {
    Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0)
}

#[test]
fn what_is_held_is_not_delivered() {
    received().receive("b", 1, 1).rejected(Anomaly::DoubleHeld);
    received().receive("b", 1, 1).requeue("a", 1).rejected(Anomaly::DoubleHeld);
    received().receive("b", 1, 1).crash("a").rejected(Anomaly::DoubleHeld);
}

#[test]
fn what_was_given_back_is() {
    received().requeue("a", 1).receive("b", 1, 1).accepted();
    received().crash("a").receive("b", 1, 1).accepted();
    received().cut("a").receive("b", 1, 1).accepted();
    received().restart_broker().receive("b", 1, 1).accepted();
}

#[test]
fn a_cancelled_consumer_keeps_what_it_holds() {
    received().cancel("a").receive("b", 1, 1).rejected(Anomaly::DoubleHeld);
}

#[test]
fn a_silent_holder_is_lost_when_its_time_is_over() {
    let silent = received().silence("a", Duration::from_secs(1));
    silent.clone().receive("b", 1, 1).rejected(Anomaly::DoubleHeld);
    silent.wait(Duration::from_secs(1)).receive("b", 1, 1).accepted();
}

#[test]
fn a_holder_in_doubt_that_still_has_its_channel_was_not_lost() {
    let taken_back = received().cut("a").receive("b", 1, 1);
    taken_back.requeue("a", 1).answered("a").rejected(Anomaly::DoubleHeld);
}

#[test]
fn a_delivery_may_be_late() {
    // It was sent to `a` first, got stuck in the cut connection, and came after the second one.
    let cut = Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).cut("a");
    cut.receive("b", 1, 1).receive("a", 1, 0).accepted();
}

#[test]
fn the_broker_hands_out_what_is_ready() {
    let held = Script::work()
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_starts("b", "work", 1);
    held.clone().broker_delivers("b", 1, 1).rejected(Anomaly::DoubleHeld);
    held.clone().broker_closes("a").broker_delivers("b", 1, 1).accepted();
    held.broker_rejects("a", 1, true).broker_delivers("b", 1, 1).accepted();
}
