//! Altered histories: from a run in which everything holds, one event is dropped, repeated or swapped, and clients
//! alone must notice.

use std::collections::BTreeMap;

use handoff_broker::core::Broker;
use handoff_sim::check::{Anomaly, Verdict, check};
use handoff_sim::history::{ChannelId, Delivery, History, MessageId, QueueId, Request, What};
use proptest::prelude::*;

use super::network::{Plan, run};
use super::soundness::without_broker;

const WORK: QueueId = QueueId(1);

fn calm(seed: u64) -> History {
    let history = without_broker(run(Plan::calm(seed, 600), Broker::new));
    assert_eq!(history.queues[WORK.0 as usize].name, "work");
    history
}

fn delivery(history: &History, place: usize) -> Option<&Delivery> {
    match &history.events[place].what {
        What::Delivered(delivery) if delivery.queue == WORK => Some(delivery),
        _ => None,
    }
}

fn deliveries(history: &History) -> impl Iterator<Item = (usize, &Delivery)> {
    (0..history.events.len()).filter_map(|place| delivery(history, place).map(|delivery| (place, delivery)))
}

/// Deliveries of messages that were delivered once, with the acknowledgement that was meant for them alone.
fn single_deliveries(history: &History) -> Vec<(usize, usize)> {
    let mut times: BTreeMap<Option<MessageId>, usize> = BTreeMap::new();
    deliveries(history).for_each(|(_, delivery)| *times.entry(delivery.message).or_default() += 1);
    let acknowledgement = |delivery: &Delivery| {
        history.events.iter().position(|event| match event.what {
            What::Invoked { channel, request: Request::Acknowledge { delivery_tag, multiple: false }, .. } => {
                channel == delivery.channel && delivery_tag == delivery.delivery_tag
            }
            _ => false,
        })
    };
    let single = deliveries(history).filter(|(_, delivery)| times[&delivery.message] == 1);
    single.filter_map(|(place, delivery)| Some((place, acknowledgement(delivery)?))).collect()
}

/// First deliveries that follow each other at one consumer, of messages that one channel published.
fn neighbours(history: &History) -> Vec<(usize, usize)> {
    let mut publishers: BTreeMap<MessageId, ChannelId> = BTreeMap::new();
    for event in &history.events {
        if let What::Invoked { channel, request: Request::Publish { message, .. }, .. } = event.what {
            publishers.insert(message, channel);
        }
    }
    let publisher = |delivery: &Delivery| delivery.message.and_then(|message| publishers.get(&message));
    let mut latest = BTreeMap::new();
    let mut neighbours = Vec::new();
    for (place, delivery) in deliveries(history).filter(|(_, delivery)| delivery.delivery_count == 0) {
        if let Some((before, other)) = latest.insert(delivery.consumer, (place, publisher(delivery)))
            && other == publisher(delivery)
        {
            neighbours.push((before, place));
        }
    }
    neighbours
}

fn anomalies(history: &History) -> Vec<Anomaly> {
    check(history).anomalies()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delivery_that_never_came_is_missed(seed in 0_u64..1_000, pick in any::<prop::sample::Index>()) {
        let mut history = calm(seed);
        prop_assert_eq!(check(&history).overall().clone(), Verdict::Valid);
        let candidates = single_deliveries(&history);
        prop_assume!(!candidates.is_empty());
        let (delivered, acknowledged) = candidates[pick.index(candidates.len())];
        history.events.remove(acknowledged);
        history.events.remove(delivered);
        prop_assert!(anomalies(&history).contains(&Anomaly::Lost));
    }

    #[test]
    fn a_delivery_that_comes_twice_is_noticed(seed in 0_u64..1_000, pick in any::<prop::sample::Index>()) {
        let mut history = calm(seed);
        let candidates: Vec<usize> = deliveries(&history).map(|(place, _)| place).collect();
        prop_assume!(!candidates.is_empty());
        let place = candidates[pick.index(candidates.len())];
        let mut again = history.events[place].clone();
        if let What::Delivered(delivery) = &mut again.what {
            delivery.delivery_tag += 1_000_000;
        }
        history.events.insert(place + 1, again);
        prop_assert!(anomalies(&history).contains(&Anomaly::DoubleHeld));
    }

    #[test]
    fn swapped_deliveries_are_noticed(seed in 0_u64..1_000, pick in any::<prop::sample::Index>()) {
        let mut history = calm(seed);
        let candidates = neighbours(&history);
        prop_assume!(!candidates.is_empty());
        let (first, second) = candidates[pick.index(candidates.len())];
        let (earlier, later) = (delivery(&history, first).cloned(), delivery(&history, second).cloned());
        let (Some(earlier), Some(later)) = (earlier, later) else { unreachable!("both are deliveries") };
        let swapped = |own: &Delivery, other: &Delivery| {
            What::Delivered(Delivery { message: other.message, digest: other.digest, ..own.clone() })
        };
        history.events[first].what = swapped(&earlier, &later);
        history.events[second].what = swapped(&later, &earlier);
        prop_assert!(anomalies(&history).contains(&Anomaly::Reordered));
    }
}
