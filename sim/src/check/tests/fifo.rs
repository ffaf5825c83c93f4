use super::Script;
use crate::check::Anomaly;

#[test]
fn one_channel_is_taken_in_the_order_of_publishing() {
    let sent = Script::work().publish("p", "work", 1).publish("p", "work", 2).consume("c", "work", 2);
    sent.clone().receive("c", 1, 0).receive("c", 2, 0).accepted();
    sent.receive("c", 2, 0).receive("c", 1, 0).rejected(Anomaly::Reordered);
}

#[test]
fn channels_are_ordered_by_confirms() {
    let one = Script::work().consume("c", "work", 2).publish("p", "work", 1);
    let confirmed = one.clone().confirmed("p", 1).publish("q", "work", 2);
    confirmed.receive("c", 2, 0).receive("c", 1, 0).rejected(Anomaly::Reordered);
    let overlapping = one.publish("q", "work", 2).confirmed("p", 1);
    overlapping.receive("c", 2, 0).receive("c", 1, 0).accepted();
}

#[test]
fn a_later_answer_orders_an_unconfirmed_publish() {
    let one = Script::work().consume("c", "work", 2).publish("p", "work", 1);
    let answered = one.clone().answered("p").publish("q", "work", 2);
    answered.receive("c", 2, 0).receive("c", 1, 0).rejected(Anomaly::Reordered);
    one.publish("q", "work", 2).receive("c", 2, 0).receive("c", 1, 0).accepted();
}

#[test]
fn between_consumers_the_network_may_reorder() {
    let sent = Script::work().publish("p", "work", 1).publish("p", "work", 2);
    let both = sent.consume("a", "work", 1).consume("b", "work", 1);
    both.receive("b", 2, 0).receive("a", 1, 0).accepted();
}

#[test]
fn a_delivery_is_not_sent_before_its_consumer_starts() {
    let sent = Script::work().publish("p", "work", 1).publish("p", "work", 2).consume("b", "work", 1);
    sent.receive("b", 2, 0).consume("a", "work", 1).receive("a", 1, 0).rejected(Anomaly::Reordered);
}

#[test]
fn a_delivery_is_not_sent_before_there_is_credit_for_it() {
    let sent = Script::work().published(1).published(2).published(3);
    let both = sent.consume("a", "work", 1).consume("b", "work", 1).receive("a", 1, 0).receive("b", 3, 0);
    both.clone().acknowledge("a", 1).receive("a", 2, 0).rejected(Anomaly::Reordered);
    let wide = Script::work().published(1).published(2).published(3).consume("a", "work", 2).consume("b", "work", 1);
    wide.receive("a", 1, 0).receive("b", 3, 0).acknowledge("a", 1).receive("a", 2, 0).accepted();
}

#[test]
fn a_requeued_message_comes_before_fresh_ones() {
    let requeued = Script::work().published(1).published(2).consume("a", "work", 1).receive("a", 1, 0).requeue("a", 1);
    requeued.clone().receive("a", 1, 1).acknowledge("a", 1).receive("a", 2, 0).accepted();
    let overtaken = requeued.answered("a").consume("b", "work", 1).receive("b", 2, 0).acknowledge("b", 2);
    overtaken.clone().receive("b", 1, 1).rejected(Anomaly::Reordered);
    // Here it may have been on its way to `a` all the time.
    overtaken.receive("a", 1, 1).accepted();
}

#[test]
fn a_requeue_that_may_still_be_on_its_way_orders_nothing() {
    let requeued = Script::work().published(1).published(2).consume("a", "work", 1).receive("a", 1, 0).requeue("a", 1);
    requeued.consume("b", "work", 1).receive("b", 2, 0).acknowledge("b", 2).receive("b", 1, 1).accepted();
}

#[test]
fn the_broker_delivers_the_oldest_first() {
    let taken = Script::work().broker_takes("work", 1).broker_takes("work", 2).broker_starts("a", "work", 0);
    taken.clone().broker_delivers("a", 1, 0).broker_delivers("a", 2, 0).accepted();
    taken.broker_delivers("a", 2, 0).broker_delivers("a", 1, 0).rejected(Anomaly::Reordered);
}

#[test]
fn the_broker_requeues_to_the_original_position() {
    let taken = Script::work().broker_takes("work", 1).broker_takes("work", 2).broker_takes("work", 3);
    let two = taken.broker_starts("a", "work", 2).broker_delivers("a", 1, 0).broker_delivers("a", 2, 0);
    let back = two.broker_closes("a").broker_starts("b", "work", 0);
    back.clone().broker_delivers("b", 1, 1).broker_delivers("b", 2, 1).broker_delivers("b", 3, 0).accepted();
    let swapped = back.clone().broker_delivers("b", 2, 1).broker_delivers("b", 1, 1);
    swapped.rejected(Anomaly::Reordered);
    back.broker_delivers("b", 1, 1).broker_delivers("b", 3, 0).broker_delivers("b", 2, 1).rejected(Anomaly::Reordered);
}

#[test]
fn the_broker_takes_one_channels_messages_in_order() {
    let sent = Script::work().publish("p", "work", 1).publish("p", "work", 2);
    sent.clone().broker_takes("work", 1).broker_takes("work", 2).accepted();
    sent.broker_takes("work", 2).broker_takes("work", 1).rejected(Anomaly::Reordered);
}

#[test]
fn the_broker_orders_by_priority_first_where_a_queue_has_priorities() {
    let taken = |max: Option<u8>| {
        let queue = crate::history::Queue::new("work");
        let queue = max.map_or(queue.clone(), |max| queue.max_priority(max));
        let taken = Script::new().queue(queue).broker_takes_with("work", 1, 1, 0).broker_takes_with("work", 2, 9, 0);
        taken.broker_takes_with("work", 3, 5, 0).broker_starts("a", "work", 3)
    };
    let delivered = |max, order: [u64; 3]| {
        order.into_iter().fold(taken(max), |script, message| script.broker_delivers("a", message, 0))
    };
    delivered(Some(9), [2, 3, 1]).accepted();
    delivered(Some(9), [3, 2, 1]).rejected(Anomaly::Reordered);
    delivered(Some(5), [2, 3, 1]).accepted();
    delivered(Some(5), [3, 2, 1]).rejected(Anomaly::Reordered);
    delivered(None, [1, 2, 3]).accepted();
    delivered(None, [2, 3, 1]).rejected(Anomaly::Reordered);
}
