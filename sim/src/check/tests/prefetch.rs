use super::Script;
use crate::check::Anomaly;

fn two() -> Script {
    Script::work().published(1).published(2).consume("a", "work", 1).receive("a", 1, 0)
}

#[test]
fn the_next_one_comes_after_a_settlement() {
    two().receive("a", 2, 0).rejected(Anomaly::Overfetched);
    two().acknowledge("a", 1).receive("a", 2, 0).accepted();
    two().requeue("a", 1).receive("a", 1, 1).accepted();
}

#[test]
fn each_consumer_has_its_own() {
    two().consume("b", "work", 1).receive("b", 2, 0).accepted();
}

#[test]
fn no_prefetch_is_no_limit() {
    let two = Script::work().published(1).published(2).consume("a", "work", 0);
    two.receive("a", 1, 0).receive("a", 2, 0).accepted();
}

#[test]
fn a_cancelled_consumer_still_has_its_limit() {
    two().cancel("a").receive("a", 2, 0).rejected(Anomaly::Overfetched);
}

#[test]
fn the_broker_keeps_to_it() {
    let one = Script::work()
        .broker_takes("work", 1)
        .broker_takes("work", 2)
        .broker_starts("a", "work", 1)
        .broker_delivers("a", 1, 0);
    one.clone().broker_delivers("a", 2, 0).rejected(Anomaly::Overfetched);
    one.broker_acknowledges("a", 1).broker_delivers("a", 2, 0).accepted();
}

#[test]
fn the_broker_serves_one_consumer_where_it_should() {
    let alone = || {
        let queue = crate::history::Queue::new("work").single_active_consumer();
        let taken = Script::new().queue(queue).broker_takes("work", 1).broker_takes("work", 2);
        taken.broker_starts("a", "work", 1).broker_delivers("a", 1, 0).broker_starts("b", "work", 1)
    };
    alone().broker_goes_on().accepted();
    alone().broker_delivers("b", 2, 0).rejected(Anomaly::Overfetched);
    let closed = || alone().broker_closes("a").broker_delivers("b", 1, 1);
    closed().broker_goes_on().accepted();
    alone().broker_closes("a").broker_goes_on().drained(&[("work", 2, 0)]).rejected(Anomaly::Starved);
}
