use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{Overflow, Reason};

fn held() -> Script {
    Script::work().published(1).consume("a", "work", 1).receive("a", 1, 0)
}

#[track_caller]
fn assert_unknown(script: Script) {
    let verdict = script.verdict(Invariant::AtLeastOnce);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[test]
fn a_confirmed_message_that_is_nowhere_is_lost() {
    Script::work().published(1).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
    Script::work().published(1).drained(&[("work", 1, 0)]).accepted();
    assert_unknown(Script::work().published(1));
    assert_unknown(Script::work().published(1).drained(&[]));
}

#[test]
fn an_unknown_publish_may_never_appear_unless_it_is_certain() {
    let sent = Script::work().publish("p", "work", 1);
    sent.clone().drained(&[("work", 0, 0)]).accepted();
    sent.clone().nacked("p", 1).drained(&[("work", 0, 0)]).accepted();
    sent.clone().answered("p").drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
    let seen = sent.consume("a", "work", 1).receive("a", 1, 0).crash("a");
    seen.drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn a_queue_that_refuses_may_have_refused_what_was_never_confirmed() {
    let full = Script::new().queue(crate::history::Queue::new("work").max_length(1, Overflow::RejectPublish));
    full.clone().publish("p", "work", 1).answered("p").drained(&[("work", 0, 0)]).accepted();
    full.published(1).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn an_acknowledged_message_is_accounted_for_even_if_that_is_unknown() {
    held().acknowledge("a", 1).answered("a").drained(&[("work", 0, 0)]).accepted();
    held().acknowledge("a", 1).crash("a").drained(&[("work", 0, 0)]).accepted();
}

#[test]
fn a_message_given_back_must_be_there() {
    held().crash("a").drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
    held().crash("a").drained(&[("work", 1, 0)]).accepted();
    held().requeue("a", 1).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn a_message_may_be_held_at_the_end() {
    held().drained(&[("work", 0, 1)]).accepted();
    let other = held().published(2);
    other.clone().drained(&[("work", 1, 1)]).accepted();
    other.drained(&[("work", 0, 1)]).rejected(Anomaly::Lost);
}

#[test]
fn an_earlier_acknowledgement_that_was_not_taken_does_not_count() {
    let back = held().acknowledge("a", 1).crash("a").consume("b", "work", 1).receive("b", 1, 1).crash("b");
    back.drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn a_restart_excuses_what_was_published_before() {
    Script::work().published(1).restart_broker().drained(&[("work", 0, 0)]).accepted();
    Script::work().restart_broker().published(1).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
    let across = Script::work().publish("p", "work", 1).restart_broker().confirmed("p", 1);
    across.drained(&[("work", 0, 0)]).accepted();
}

#[test]
fn what_a_policy_may_have_dropped_is_unknown_to_clients() {
    let dropping = || Script::new().queue(crate::history::Queue::new("work").max_length(1, Overflow::DropHead));
    assert_unknown(dropping().published(1).drained(&[("work", 0, 0)]));
    let told = dropping().broker_declares("work").published(1).broker_takes("work", 1).broker_takes("work", 2);
    let told = told.broker_lets_die("work", 1, Reason::MaxLength, false).drained(&[("work", 1, 0)]);
    assert_eq!(told.verdict(Invariant::AtLeastOnce), Verdict::Valid);
}

#[test]
fn a_message_that_may_have_died_unseen_is_unknown_without_a_dead_letter_queue() {
    let limited = Script::new().queue(crate::history::Queue::new("work").delivery_limit(0));
    let lost = limited.clone().published(1).consume("a", "work", 1).crash("a").drained(&[("work", 0, 0)]);
    assert_unknown(lost);
    limited.published(1).consume("a", "work", 1).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn a_dead_letter_is_accounted_for() {
    let dead = Script::dead_lettering(|queue| queue).published(1).consume("a", "work", 1).receive("a", 1, 0);
    let dead = dead.discard("a", 1).died("work", Reason::Rejected).consume("d", "dead", 1);
    let empty = [("work", 0, 0), ("dead", 0, 0)];
    dead.clone().receive("d", 1, 0).acknowledge("d", 1).drained(&empty).accepted();
    dead.receive("d", 1, 0).crash("d").drained(&empty).rejected(Anomaly::Lost);
}

#[test]
fn a_confirm_without_a_taking_is_a_loss() {
    let observed = Script::work().broker_declares("work").publish("p", "work", 1);
    observed.clone().confirmed("p", 1).rejected(Anomaly::Lost);
    observed.clone().broker_takes("work", 1).confirmed("p", 1).accepted();
    observed.accepted();
}

#[test]
fn the_broker_must_have_left_what_the_queue_has() {
    let given_back = Script::work()
        .published(1)
        .published(2)
        .broker_takes("work", 1)
        .broker_takes("work", 2)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_closes("a");
    given_back.clone().drained(&[("work", 2, 0)]).accepted();
    given_back.clone().drained(&[("work", 1, 0)]).rejected(Anomaly::Lost);
    assert_unknown(given_back);
}

#[test]
fn a_lost_message_does_not_make_the_others_reordered_or_starved() {
    let lost = Script::work()
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_takes("work", 2)
        .broker_delivers("a", 2, 0)
        .broker_acknowledges("a", 2)
        .drained(&[("work", 0, 0)]);
    assert_eq!(lost.clone().judge().anomalies(), [Anomaly::Lost]);
    lost.rejected(Anomaly::Lost);
}
