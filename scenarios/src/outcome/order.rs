//! Whether jobs of one key were done in the order in which they were sent.
//!
//! Sent one after the other means: the second was sent when the first had been answered. Of two that were under way at
//! the same time nobody can say which is the first.

use std::collections::BTreeMap;

use super::Fate;

/// How many jobs were overtaken: a job of the same key was sent after their answer, and done before them.
pub(super) fn disordered(fates: &BTreeMap<u64, Fate>, keys: &BTreeMap<u64, u64>) -> u64 {
    let mut by_key = BTreeMap::<u64, Vec<&Fate>>::new();
    for (job, key) in keys {
        by_key.entry(*key).or_default().extend(fates.get(job));
    }
    by_key.values().map(|fates| fates.iter().filter(|fate| is_overtaken(fate, fates)).count() as u64).sum()
}

fn is_overtaken(first: &Fate, others: &[&Fate]) -> bool {
    let (Some((answered_at, _)), Some(done_at)) = (first.answer, first.completed_at) else {
        return false;
    };
    let was_sent_later = |other: &Fate| other.arrived.is_some_and(|arrived| arrived >= answered_at);
    let was_done_earlier = |other: &Fate| other.completed_at.is_some_and(|done| done < done_at);
    others.iter().any(|other| was_sent_later(other) && was_done_earlier(other))
}
