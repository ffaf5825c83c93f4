use super::Script;
use crate::check::Anomaly;
use crate::history::{Death, Reason};

fn received() -> Script {
    Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0)
}

#[test]
fn each_return_counts() {
    received().requeue("a", 1).receive("b", 1, 1).requeue("b", 1).receive("a", 1, 2).accepted();
    received().requeue("a", 1).receive("b", 1, 0).rejected(Anomaly::Miscounted);
    received().crash("a").receive("b", 1, 0).rejected(Anomaly::Miscounted);
    received().requeue("a", 1).receive("b", 1, 1).requeue("b", 1).receive("a", 1, 1).rejected(Anomaly::Miscounted);
}

#[test]
fn a_count_may_skip_what_a_lost_consumer_never_saw() {
    received().requeue("a", 1).receive("b", 1, 2).rejected(Anomaly::Miscounted);
    received().requeue("a", 1).crash("a").receive("b", 1, 2).accepted();
    received().requeue("a", 1).crash("a").receive("b", 1, 3).rejected(Anomaly::Miscounted);
}

#[test]
fn a_consumer_lost_too_late_explains_nothing() {
    received().requeue("a", 1).receive("b", 1, 2).crash("a").rejected(Anomaly::Miscounted);
}

#[test]
fn a_consumer_lost_early_may_still_be_known_to_the_broker() {
    let lost_before = Script::work().consume("a", "work", 1).crash("a").published(1).consume("b", "work", 1);
    lost_before.clone().receive("b", 1, 1).accepted();
    lost_before.receive("b", 1, 2).rejected(Anomaly::Miscounted);
}

#[test]
fn the_flag_says_what_the_count_says() {
    let published = Script::work().published(1).consume("a", "work", 1);
    published.receive_with("a", 1, 0, |delivery| delivery.redelivered = true).rejected(Anomaly::Miscounted);
    let requeued = received().requeue("a", 1);
    requeued.receive_with("b", 1, 1, |delivery| delivery.redelivered = false).rejected(Anomaly::Miscounted);
}

#[test]
fn no_count_comes_down_once_the_higher_one_was_received() {
    // Both of the lower counts were lost on the way, and one of them seems to come back.
    let skipped = Script::work().published(1).consume("a", "work", 1).crash("a").consume("b", "work", 1);
    let skipped = skipped.receive("b", 1, 1).requeue("b", 1);
    skipped.consume("c", "work", 1).receive("c", 1, 0).rejected(Anomaly::Miscounted);
}

#[test]
fn a_message_sent_twice_has_each_count_twice_at_most() {
    let sent = Script::work().publish("p", "work", 1).published(1).consume("a", "work", 0).consume("b", "work", 0);
    let both = sent.receive("a", 1, 0).requeue("a", 1).receive("b", 1, 1).receive("a", 1, 0).requeue("a", 1);
    let both = both.receive("a", 1, 1);
    both.clone().accepted();
    both.receive("a", 1, 1).rejected(Anomaly::Miscounted);
}

#[test]
fn a_dead_letter_says_where_it_died() {
    let dead = || {
        let dead = Script::dead_lettering(|queue| queue).published(1).consume("a", "work", 1).consume("d", "dead", 1);
        dead.receive("a", 1, 0).discard("a", 1)
    };
    dead().died("work", Reason::Rejected).receive("d", 1, 0).accepted();
    dead().receive("d", 1, 0).rejected(Anomaly::Miscounted);
    dead().died("dead", Reason::Rejected).receive("d", 1, 0).rejected(Anomaly::Miscounted);
    let twice = dead().died("work", Reason::Rejected);
    twice.receive_with("d", 1, 0, |delivery| delivery.deaths[0].count = 2).rejected(Anomaly::Miscounted);
    let alive = Script::work().published(1).consume("a", "work", 1);
    alive.died("work", Reason::Rejected).receive("a", 1, 0).rejected(Anomaly::Miscounted);
}

#[test]
fn the_broker_counts_exactly() {
    let requeued = Script::work()
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_rejects("a", 1, true);
    requeued.clone().broker_delivers("a", 1, 1).accepted();
    requeued.clone().broker_delivers("a", 1, 0).rejected(Anomaly::Miscounted);
    requeued.broker_delivers("a", 1, 2).rejected(Anomaly::Miscounted);
}

#[test]
fn the_broker_keeps_the_record_of_deaths() {
    let died = Script::dead_lettering(|queue| queue)
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0)
        .broker_rejects("a", 1, false)
        .broker_lets_die("work", 1, Reason::Rejected, true)
        .broker_starts("d", "dead", 1);
    died.clone().died("work", Reason::Rejected).broker_delivers("d", 1, 0).accepted();
    died.clone().broker_delivers("d", 1, 0).rejected(Anomaly::Miscounted);
    let more = Death { queue: "work".into(), reason: "rejected".into(), count: 2 };
    died.broker_delivers_with("d", 1, 0, |delivery| delivery.deaths = vec![more]).rejected(Anomaly::Miscounted);
}
