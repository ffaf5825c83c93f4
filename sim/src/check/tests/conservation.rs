use super::Script;
use crate::check::{Anomaly, Invariant, Verdict};
use crate::history::{Counts, QueueId};

const COUNTS: Counts =
    Counts { queue: QueueId(0), taken: 15, ready: 1, unacknowledged: 2, acknowledged: 3, dead_lettered: 4, removed: 5 };

#[test]
fn counts_add_up() {
    Script::work().counted(COUNTS).accepted();
    Script::work().counted(Counts { taken: 16, ..COUNTS }).rejected(Anomaly::Leaked);
    Script::work().counted(Counts { ready: u64::MAX, ..COUNTS }).rejected(Anomaly::Leaked);
    assert!(matches!(Script::work().verdict(Invariant::Conservation), Verdict::Unknown { .. }));
}

#[test]
fn at_the_end_nobody_holds_what_nobody_has() {
    let held = Script::work().published(1).consume("a", "work", 1).receive("a", 1, 0);
    held.clone().drained(&[("work", 0, 1)]).accepted();
    held.clone().crash("a").drained(&[("work", 0, 1)]).rejected(Anomaly::Leaked);
    held.clone().cancel("a").drained(&[("work", 0, 1)]).accepted();
    let done = held.acknowledge("a", 1);
    done.clone().cancel("a").drained(&[("work", 0, 1)]).rejected(Anomaly::Leaked);
    // It may have got something that it has not looked at.
    done.drained(&[("work", 0, 1)]).accepted();
}

#[test]
fn the_broker_holds_what_the_queue_should() {
    let held = Script::work()
        .consume("a", "work", 1)
        .broker_takes("work", 1)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0);
    held.clone().drained(&[("work", 0, 1)]).accepted();
    held.clone().broker_acknowledges("a", 1).drained(&[("work", 0, 1)]).rejected(Anomaly::Leaked);
    held.clone().broker_closes("a").drained(&[("work", 0, 1)]).rejected(Anomaly::Leaked);
    held.crash("a").broker_closes("a").drained(&[("work", 1, 0)]).accepted();
}
