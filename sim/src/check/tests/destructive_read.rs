use std::time::Duration;

use super::Script;
use crate::check::Anomaly;

fn received() -> Script {
    Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0)
}

#[test]
fn an_acknowledgement_that_was_taken_allows_no_more() {
    received().acknowledge("a", 1).answered("a").crash("a").receive("b", 1, 1).rejected(Anomaly::Resurrected);
}

#[test]
fn the_answer_may_come_after_the_delivery() {
    received().acknowledge("a", 1).receive("b", 1, 1).answered("a").rejected(Anomaly::Resurrected);
}

#[test]
fn an_unknown_acknowledgement_allows_one_more_or_none() {
    received().acknowledge("a", 1).crash("a").accepted();
    received().acknowledge("a", 1).crash("a").receive("b", 1, 1).accepted();
    received().acknowledge("a", 1).cut("a").receive("b", 1, 1).accepted();
}

#[test]
fn one_more_is_not_two() {
    let once = received().acknowledge("a", 1).crash("a").receive("b", 1, 1).acknowledge("b", 1).answered("b");
    once.consume("c", "work", 1).receive("c", 1, 2).rejected(Anomaly::Resurrected);
}

#[test]
fn the_channel_must_have_been_lost_before_the_message_came_again() {
    received().acknowledge("a", 1).receive("b", 1, 1).crash("a").rejected(Anomaly::Resurrected);
}

#[test]
fn a_silent_channel_may_be_given_up_when_its_time_is_over() {
    let silent = received().silence("a", Duration::from_secs(1)).acknowledge("a", 1);
    silent.clone().receive("b", 1, 1).rejected(Anomaly::Resurrected);
    silent.wait(Duration::from_secs(1)).receive("b", 1, 1).accepted();
}

#[test]
fn a_channel_that_the_broker_closed_may_have_been_lost_since_its_last_answer() {
    received().acknowledge("a", 1).receive("b", 1, 1).lose_channel("a").accepted();
    let answered = received().acknowledge("a", 1).answered("a").receive("b", 1, 1);
    answered.lose_channel("a").rejected(Anomaly::Resurrected);
}

#[test]
fn an_acknowledgement_sent_twice_is_an_error_that_ends_the_channel() {
    let held = Script::work().published(1).published(2).consume("a", "work", 2).consume("b", "work", 1);
    let held = held.receive("a", 1, 0).receive("a", 2, 0).acknowledge("a", 1);
    held.clone().acknowledge("a", 1).receive("b", 2, 1).accepted();
    held.receive("b", 2, 1).rejected(Anomaly::DoubleHeld);
}

#[test]
fn a_message_sent_twice_may_be_acknowledged_twice() {
    let sent = Script::work().publish("p", "work", 1).published(1).consume("a", "work", 3);
    let twice = sent.receive("a", 1, 0).acknowledge("a", 1).receive("a", 1, 0).acknowledge("a", 1);
    twice.clone().answered("a").accepted();
    twice.receive("a", 1, 0).acknowledge("a", 1).answered("a").rejected(Anomaly::Resurrected);
}

#[test]
fn the_broker_destroys_what_was_acknowledged() {
    let acknowledged = Script::work()
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_acknowledges("a", 1);
    acknowledged.clone().broker_delivers("a", 1, 1).rejected(Anomaly::Resurrected);
    acknowledged.broker_takes("work", 1).broker_delivers("a", 1, 0).accepted();
}

#[test]
fn nothing_outlives_a_restart() {
    let restarted = Script::work().broker_takes("work", 1).restart_broker().broker_starts("a", "work", 1);
    restarted.clone().broker_delivers("a", 1, 0).rejected(Anomaly::Resurrected);
    restarted.broker_takes("work", 2).broker_delivers("a", 2, 0).accepted();
}
