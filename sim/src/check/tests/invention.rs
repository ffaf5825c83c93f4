use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{Digest, QueueId, Reason};

#[test]
fn what_was_published_may_come() {
    Script::work().published(1).consume("c", "work", 1).receive("c", 1, 0).accepted();
}

#[test]
fn what_nobody_published_is_invented() {
    Script::work().published(1).consume("c", "work", 1).receive("c", 2, 0).rejected(Anomaly::Invented);
}

#[test]
fn what_is_published_only_later_is_invented() {
    Script::work().consume("c", "work", 1).receive("c", 1, 0).published(1).rejected(Anomaly::Invented);
}

#[test]
fn an_unknown_publish_may_come_and_a_failed_one_may_not() {
    let sent = Script::work().consume("c", "work", 1).publish("p", "work", 1);
    sent.clone().receive("c", 1, 0).accepted();
    sent.nacked("p", 1).receive("c", 1, 0).rejected(Anomaly::Invented);
}

#[test]
fn a_delivery_may_overtake_the_confirm() {
    Script::work().consume("c", "work", 1).publish("p", "work", 1).receive("c", 1, 0).confirmed("p", 1).accepted();
}

#[test]
fn a_message_comes_from_its_queue_or_from_the_one_that_takes_its_dead_letters() {
    let queues = || Script::dead_lettering(|queue| queue).published(1).consume("d", "dead", 1);
    queues()
        .consume("c", "work", 1)
        .receive("c", 1, 0)
        .discard("c", 1)
        .died("work", Reason::Rejected)
        .receive("d", 1, 0)
        .accepted();
    let elsewhere = Script::work().queue(crate::history::Queue::new("other")).published(1);
    elsewhere.consume("c", "other", 1).receive("c", 1, 0).rejected(Anomaly::Invented);
}

#[test]
fn other_bytes_are_corrupted() {
    let published = Script::work().published(1).consume("c", "work", 1);
    published.clone().receive_with("c", 1, 0, |delivery| delivery.digest = Digest(77)).rejected(Anomaly::Corrupted);
    published.receive_with("c", 1, 0, |delivery| delivery.message = None).rejected(Anomaly::Corrupted);
}

#[test]
fn the_broker_delivers_what_its_queue_took() {
    let taken = Script::work().broker_takes("work", 1).broker_starts("c", "work", 1);
    taken.clone().broker_delivers("c", 1, 0).accepted();
    taken.clone().broker_delivers("c", 2, 0).rejected(Anomaly::Invented);
    taken.clone().broker_delivers_with("c", 1, 0, |delivery| delivery.digest = Digest(77)).rejected(Anomaly::Corrupted);
    taken.broker_delivers_with("c", 1, 0, |delivery| delivery.queue = QueueId(9)).rejected(Anomaly::Invented);
}

#[test]
fn a_history_that_contradicts_itself_is_unknown() {
    let mut history = Script::work().published(1).consume("c", "work", 1).receive("c", 1, 0).history();
    history.queues.clear();
    let report = crate::check::check(&history);
    assert!(matches!(report.verdicts[&Invariant::NoInvention], Verdict::Unknown { .. }), "{report}");
    assert!(matches!(report.overall(), Verdict::Unknown { .. }));
}
