//! The rarer words of a history, and what follows from them.

use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{BrokerEvent, QueueId, Request};

const WORK: QueueId = QueueId(0);

#[test]
fn a_consumer_that_acknowledges_nothing_takes_by_being_sent() {
    let consumed = Script::work().published(1).consume_with("a", "work", 0, true);
    consumed.clone().receive("a", 1, 0).drained(&[("work", 0, 0)]).accepted();
    consumed
        .clone()
        .receive("a", 1, 0)
        .crash("a")
        .consume("b", "work", 1)
        .receive("b", 1, 1)
        .rejected(Anomaly::Resurrected);
    let verdict = consumed.crash("a").drained(&[("work", 0, 0)]).verdict(Invariant::AtLeastOnce);
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
}

#[test]
fn all_up_to_a_tag_are_settled_at_once() {
    let held = Script::work().published(1).published(2).consume("a", "work", 2).consume("b", "work", 0);
    let held = held.receive("a", 1, 0).receive("a", 2, 0);
    let both = held.clone().asks("a", Request::Reject { delivery_tag: 2, multiple: true, requeue: true });
    both.receive("b", 1, 1).receive("b", 2, 1).accepted();
    let first = held.asks("a", Request::Reject { delivery_tag: 1, multiple: true, requeue: true });
    first.receive("b", 1, 1).receive("b", 2, 1).rejected(Anomaly::DoubleHeld);
}

#[test]
fn a_settlement_may_be_recorded_before_a_delivery_that_it_covers() {
    // Two tasks of one client: the second acknowledges all, before the first has written down what it got.
    let sent = Script::work().published(1).published(2).consume("a", "work", 2);
    let covered = sent.receive_with("a", 2, 0, |delivery| delivery.delivery_tag = 2);
    let covered = covered.asks("a", Request::Acknowledge { delivery_tag: 2, multiple: true });
    let covered = covered.receive_with("a", 1, 0, |delivery| delivery.delivery_tag = 1).answered("a").crash("a");
    covered.consume("b", "work", 1).receive("b", 1, 1).rejected(Anomaly::Resurrected);
}

#[test]
fn recover_gives_everything_back() {
    let held = Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0);
    held.asks("a", Request::Recover).receive("b", 1, 1).accepted();
}

#[test]
fn a_purge_excuses_what_was_published_before() {
    let purged = Script::work().published(1).asks("p", Request::Purge { queue: WORK });
    purged.clone().drained(&[("work", 0, 0)]).accepted();
    purged.published(2).drained(&[("work", 0, 0)]).rejected(Anomaly::Lost);
}

#[test]
fn a_message_that_was_got_needs_no_credit_and_is_held() {
    let got = Script::work().published(1).published(2).consume("a", "work", 1).receive("a", 1, 0);
    let got = got.asks("a", Request::Get { queue: WORK, no_ack: false });
    let got = got.receive_with("a", 2, 0, |delivery| delivery.consumer = None);
    got.clone().accepted();
    got.consume("b", "work", 1).receive("b", 2, 1).rejected(Anomaly::DoubleHeld);
}

#[test]
fn closing_is_like_crashing_from_where_it_is_asked_for() {
    let held = Script::work().published(1).consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0);
    held.clone().asks("a", Request::Close).receive("b", 1, 1).accepted();
    held.receive("b", 1, 1).asks("a", Request::Close).rejected(Anomaly::DoubleHeld);
}

fn two_ready() -> Script {
    Script::work().broker_takes("work", 1).broker_takes("work", 2)
}

#[test]
fn the_broker_settles_by_sending_if_nothing_is_acknowledged() {
    let sent =
        two_ready().broker_starts_with("a", "work", 1, true).broker_delivers("a", 1, 0).broker_delivers("a", 2, 0);
    sent.clone().drained(&[("work", 0, 0)]).accepted_by(Invariant::AtLeastOnce);
    sent.broker_closes("a").broker_starts("b", "work", 1).broker_delivers("b", 1, 1).rejected(Anomaly::Resurrected);
}

#[test]
fn the_broker_settles_all_up_to_a_tag() {
    let held = || two_ready().broker_starts("a", "work", 2).broker_delivers("a", 1, 0).broker_delivers("a", 2, 0);
    let acknowledged = |delivery_tag| {
        let event = move |channel| BrokerEvent::Acknowledged { channel, delivery_tag, multiple: true };
        held().broker_does("a", event).broker_closes("a").broker_starts("b", "work", 0)
    };
    acknowledged(1).broker_delivers("b", 2, 1).accepted();
    acknowledged(2).broker_delivers("b", 2, 1).rejected(Anomaly::Resurrected);
    acknowledged(0).broker_delivers("b", 2, 1).rejected(Anomaly::Resurrected);
}

#[test]
fn the_broker_recovers_everything() {
    let held = two_ready().broker_starts("a", "work", 2).broker_delivers("a", 1, 0).broker_delivers("a", 2, 0);
    let recovered = held.broker_does("a", |channel| BrokerEvent::Recovered { channel });
    recovered.clone().broker_delivers("a", 1, 1).broker_delivers("a", 2, 1).broker_goes_on().accepted();
    recovered.broker_delivers("a", 2, 1).broker_delivers("a", 1, 1).rejected(Anomaly::Reordered);
}

#[test]
fn the_broker_purges_what_is_ready_and_deletes_all() {
    let held = || two_ready().broker_starts("a", "work", 1).broker_delivers("a", 1, 0);
    let purged = || held().broker_does("a", |_| BrokerEvent::Purged { queue: WORK });
    purged().broker_closes("a").broker_starts("b", "work", 1).broker_delivers("b", 1, 1).accepted();
    purged().broker_starts("b", "work", 1).broker_delivers("b", 2, 0).rejected(Anomaly::Resurrected);
    let deleted = held().broker_does("a", |_| BrokerEvent::Deleted { queue: WORK });
    deleted.broker_closes("a").broker_starts("b", "work", 1).broker_delivers("b", 1, 1).rejected(Anomaly::Resurrected);
}

#[test]
fn consumers_may_share_a_prefetch() {
    let shared = Script::work()
        .broker_does("a", |channel| BrokerEvent::PrefetchSet { channel, prefetch: 1 })
        .broker_starts("a", "work", 0)
        .broker_takes("work", 1)
        .broker_delivers("a", 1, 0)
        .broker_takes("work", 2);
    shared.clone().broker_goes_on().broker_acknowledges("a", 1).broker_delivers("a", 2, 0).broker_goes_on().accepted();
    shared.broker_delivers("a", 2, 0).rejected(Anomaly::Overfetched);
}

#[test]
fn a_channel_that_takes_nothing_starves_nobody() {
    let paused = Script::work()
        .broker_starts("a", "work", 0)
        .broker_does("a", |channel| BrokerEvent::WritableSet { channel, writable: false })
        .broker_takes("work", 1)
        .broker_goes_on();
    let woken = paused.broker_does("a", |channel| BrokerEvent::WritableSet { channel, writable: true });
    woken.clone().broker_delivers("a", 1, 0).broker_goes_on().accepted();
    woken.broker_goes_on().broker_delivers("a", 1, 0).rejected(Anomaly::Starved);
}
