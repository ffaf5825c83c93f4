//! Who reads what, decided by the member that leads: Kafka's range assignor.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::log::client::topic_partition::TopicPartition;

/// Each topic's partitions in ranges, one for each member that subscribes to it, in the order of member ids; the first
/// members get one more if it does not come out even.
///
/// `subscriptions` maps members to topics, `partition_counts` topics to their number of partitions. Every member gets
/// an entry, and every partition of a topic with a subscriber goes to exactly one member.
pub(super) fn assign_ranges(
    subscriptions: &BTreeMap<String, Vec<String>>,
    partition_counts: &BTreeMap<String, i32>,
) -> BTreeMap<String, Vec<TopicPartition>> {
    let mut assignment: BTreeMap<String, Vec<TopicPartition>> =
        subscriptions.keys().map(|member| (member.clone(), Vec::new())).collect();
    for (topic, partitions) in partition_counts {
        let topic: Arc<str> = topic.as_str().into();
        let subscribers: Vec<&String> = subscriptions
            .iter()
            .filter(|(_, topics)| topics.iter().any(|subscribed| **subscribed == *topic))
            .map(|(member, _)| member)
            .collect();
        let mut next = 0;
        for (index, member) in (0..).zip(&subscribers) {
            let members = subscribers.len() as i32;
            let count = partitions / members + i32::from(index < partitions % members);
            let range = (next..next + count).map(|partition| TopicPartition::new(topic.clone(), partition));
            assignment.entry((*member).clone()).or_default().extend(range);
            next += count;
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_contiguous_and_the_first_get_one_more() {
        let subscriptions = ["a", "b", "c"].map(|member| (member.to_owned(), vec!["t".to_owned()])).into();
        let assignment = assign_ranges(&subscriptions, &[("t".to_owned(), 7)].into());
        let numbers = |member: &str| assignment[member].iter().map(|found| found.partition).collect::<Vec<_>>();
        assert_eq!((numbers("a"), numbers("b"), numbers("c")), (vec![0, 1, 2], vec![3, 4], vec![5, 6]));
    }

    proptest! {
        #[test]
        fn every_partition_goes_to_exactly_one_subscriber(
            subscriptions in prop::collection::btree_map("[a-z]{1,3}", prop::collection::vec("[tuv]", 0..3), 1..6),
            counts in prop::collection::btree_map("[tuv]", 0..9_i32, 0..4),
        ) {
            let assignment = assign_ranges(&subscriptions, &counts);
            prop_assert!(assignment.keys().eq(subscriptions.keys()));
            for (topic, count) in &counts {
                let is_read = subscriptions.values().flatten().any(|subscribed| subscribed == topic);
                for partition in 0..*count {
                    let wanted = TopicPartition::new(topic.as_str(), partition);
                    let readers: Vec<_> = assignment.iter().filter(|(_, found)| found.contains(&wanted)).collect();
                    prop_assert_eq!(readers.len(), usize::from(is_read));
                    prop_assert!(readers.iter().all(|(member, _)| subscriptions[*member].contains(topic)));
                }
            }
        }
    }
}
