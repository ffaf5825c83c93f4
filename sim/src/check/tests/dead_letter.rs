use std::time::Duration;

use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{Overflow, Reason};

/// With a delivery limit of 1: the second requeue is too much.
fn limited() -> Script {
    Script::dead_lettering(|queue| queue.delivery_limit(1)).consume("d", "dead", 5).published(1)
}

/// Delivered and given back once.
fn once() -> Script {
    limited().consume("a", "work", 1).receive("a", 1, 0).requeue("a", 1)
}

/// Delivered and given back as often as is allowed and once more.
fn exceeded() -> Script {
    once().receive("a", 1, 1).requeue("a", 1)
}

fn discarded() -> Script {
    let held = Script::dead_lettering(|queue| queue).consume("d", "dead", 5).published(1).consume("a", "work", 1);
    held.receive("a", 1, 0).discard("a", 1)
}

#[test]
fn the_limit_is_the_last_requeue_that_is_allowed() {
    exceeded().died("work", Reason::DeliveryLimit).receive("d", 1, 0).accepted();
    once().died("work", Reason::DeliveryLimit).receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
    exceeded().receive("a", 1, 2).rejected(Anomaly::DeadLetteredLate);
}

#[test]
fn lost_consumers_may_have_used_up_the_limit_unseen() {
    let lost = limited().consume("a", "work", 1).crash("a").consume("b", "work", 1).crash("b");
    lost.died("work", Reason::DeliveryLimit).receive("d", 1, 0).accepted();
    let one = limited().consume("a", "work", 1).crash("a");
    one.died("work", Reason::DeliveryLimit).receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
}

#[test]
fn a_rejection_needs_somebody_who_rejects() {
    discarded().died("work", Reason::Rejected).receive("d", 1, 0).accepted();
    let nobody = limited().died("work", Reason::Rejected);
    nobody.receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
}

#[test]
fn length_and_age_need_their_policies() {
    let death = |script: Script, reason| script.consume("d", "dead", 1).published(1).died("work", reason);
    let plain = || Script::dead_lettering(|queue| queue);
    death(plain(), Reason::MaxLength).receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
    death(plain(), Reason::Expired).receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
    let short = Script::dead_lettering(|queue| queue.max_length(1, Overflow::DropHead));
    death(short, Reason::MaxLength).receive("d", 1, 0).accepted();
    let expiring = || Script::dead_lettering(|queue| queue.message_ttl(Duration::from_secs(1)));
    death(expiring(), Reason::Expired).receive("d", 1, 0).rejected(Anomaly::DeadLetteredEarly);
    death(expiring(), Reason::Expired).wait(Duration::from_secs(1)).receive("d", 1, 0).accepted();
}

#[test]
fn what_was_rejected_for_good_does_not_come_again() {
    discarded().answered("a").receive("a", 1, 1).rejected(Anomaly::DeadLetteredLate);
    discarded().receive("a", 1, 1).rejected(Anomaly::DeadLetteredLate);
    discarded().crash("a").consume("b", "work", 1).receive("b", 1, 1).accepted();
}

#[test]
fn one_death_is_one_dead_letter() {
    let letter = discarded().died("work", Reason::Rejected).receive("d", 1, 0);
    letter.clone().requeue("d", 1).died("work", Reason::Rejected).receive("d", 1, 1).accepted();
    letter.clone().died("work", Reason::Rejected).receive("d", 1, 0).rejected(Anomaly::DeadLetteredTwice);
    let done = letter.acknowledge("d", 1).died("work", Reason::Rejected);
    done.receive("d", 1, 0).rejected(Anomaly::DeadLetteredTwice);
}

#[test]
fn a_message_sent_twice_may_die_twice() {
    let sent = Script::dead_lettering(|queue| queue).consume("d", "dead", 5).publish("p", "work", 1).published(1);
    let sent = sent.consume("a", "work", 1).receive("a", 1, 0).discard("a", 1).receive("a", 1, 0).discard("a", 1);
    let two = sent.died("work", Reason::Rejected).receive("d", 1, 0).died("work", Reason::Rejected).receive("d", 1, 0);
    two.clone().accepted();
    two.died("work", Reason::Rejected).receive("d", 1, 0).rejected(Anomaly::DeadLetteredTwice);
}

#[test]
fn what_must_die_must_come_as_a_dead_letter() {
    let empty = [("work", 0, 0), ("dead", 0, 0)];
    discarded().drained(&empty).rejected(Anomaly::DeadLetteredNever);
    discarded().drained(&[("work", 0, 0), ("dead", 1, 0)]).accepted_by(Invariant::DeadLetter);
    exceeded().drained(&empty).rejected(Anomaly::DeadLetteredNever);
    let verdict = discarded().verdict(Invariant::DeadLetter);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[test]
fn without_a_dead_letter_queue_what_dies_is_gone() {
    let held = Script::work().published(1).consume("a", "work", 1).receive("a", 1, 0);
    held.discard("a", 1).drained(&[("work", 0, 0)]).accepted();
}

fn broker_holds(change: impl FnOnce(crate::history::Queue) -> crate::history::Queue) -> Script {
    Script::dead_lettering(change).broker_takes("work", 1).broker_starts("a", "work", 1).broker_delivers("a", 1, 0)
}

#[test]
fn the_broker_lets_die_what_has_a_cause() {
    let held = || broker_holds(|queue| queue.delivery_limit(0));
    let reason = Reason::DeliveryLimit;
    held().broker_rejects("a", 1, true).broker_lets_die("work", 1, reason, true).broker_goes_on().accepted();
    held().broker_lets_die("work", 1, reason, true).rejected(Anomaly::DeadLetteredEarly);
    held().broker_rejects("a", 1, true).broker_delivers("a", 1, 1).rejected(Anomaly::DeadLetteredLate);
    held().broker_rejects("a", 1, true).broker_goes_on().broker_goes_on().rejected(Anomaly::DeadLetteredNever);
}

#[test]
fn the_broker_does_not_forget_the_dead_letter_queue() {
    let rejected = || broker_holds(|queue| queue).broker_rejects("a", 1, false);
    let died = |dead_lettered| rejected().broker_lets_die("work", 1, Reason::Rejected, dead_lettered);
    died(true).broker_goes_on().accepted();
    died(false).rejected(Anomaly::DeadLetteredNever);
    died(true).drained(&[("work", 0, 0), ("dead", 0, 0)]).rejected(Anomaly::DeadLetteredNever);
    died(true).drained(&[("work", 0, 0), ("dead", 1, 0)]).accepted();
}

#[test]
fn the_broker_lets_die_once() {
    let died = broker_holds(|queue| queue).broker_rejects("a", 1, false);
    let died = died.broker_lets_die("work", 1, Reason::Rejected, true);
    died.clone().broker_lets_die("work", 1, Reason::Rejected, true).rejected(Anomaly::DeadLetteredTwice);
    let twice = died.broker_starts("d", "dead", 2).died("work", Reason::Rejected).broker_delivers("d", 1, 0);
    twice.clone().accepted();
    twice.died("work", Reason::Rejected).broker_delivers("d", 1, 0).rejected(Anomaly::DeadLetteredTwice);
}

#[test]
fn the_broker_drops_from_a_queue_that_is_too_long() {
    let limited = || Script::dead_lettering(|queue| queue.max_length(1, Overflow::DropHead)).broker_takes("work", 1);
    limited().broker_lets_die("work", 1, Reason::MaxLength, true).rejected(Anomaly::DeadLetteredEarly);
    let two = limited().broker_takes("work", 2).broker_lets_die("work", 1, Reason::MaxLength, true);
    two.broker_goes_on().accepted();
}

#[test]
fn the_broker_keeps_to_the_time_to_live() {
    let taken = || {
        let expiring = Script::dead_lettering(|queue| queue.message_ttl(Duration::from_secs(1)));
        expiring.broker_takes("work", 1)
    };
    taken().broker_lets_die("work", 1, Reason::Expired, true).rejected(Anomaly::DeadLetteredEarly);
    let old = || taken().wait(Duration::from_secs(1));
    old().broker_lets_die("work", 1, Reason::Expired, true).broker_goes_on().accepted();
    old().broker_starts("a", "work", 1).broker_delivers("a", 1, 0).rejected(Anomaly::DeadLetteredLate);
}

#[test]
fn the_broker_does_not_keep_the_first_message_beyond_its_time() {
    let taken = || Script::new().queue(crate::history::Queue::new("work").message_ttl(Duration::from_secs(1)));
    let taken = || taken().broker_takes("work", 1);
    let seen = |waits: Duration| taken().wait(waits).drained(&[("work", 1, 0)]);
    seen(Duration::from_secs(1)).accepted();
    seen(Duration::from_secs(2)).rejected(Anomaly::DeadLetteredLate);
}
