//! Bounded: limits hold, whatever clients do.
//!
//! A queue that drops from its head is never longer than its limit. One that refuses may be: what it took before may
//! be requeued; but it takes nothing while it is full, which only the broker's events show. Messages that were never
//! seen again do not count, since they may be lost. Everything else that is limited has to be measured.

use std::collections::BTreeMap;

use super::clients::Clients;
use super::replay::{Overlong, Replay};
use super::{Anomaly, Verdict};
use crate::history::{Overflow, QueueId, What};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let found = [judge_measures(clients), replay.and_then(judge_overlong)];
    let found = found.into_iter().flatten().reduce(Verdict::or);
    let is_limited = || clients.history.queues.iter().any(|queue| queue.has_length_limit());
    match found {
        Some(verdict) => verdict,
        None if is_limited() && replay.is_none() && clients.drained.is_none() && !is_counted(clients) => {
            Verdict::unknown("a queue has a length limit, and nobody counted it")
        }
        None => Verdict::Valid,
    }
}

fn unbounded(because: String, place: usize) -> Option<Verdict> {
    Some(Verdict::violated(Anomaly::Unbounded, because, [place]))
}

fn is_counted(clients: &Clients<'_>) -> bool {
    clients.history.events.iter().any(|event| matches!(event.what, What::Counted(_)))
}

fn judge_measures(clients: &Clients<'_>) -> Option<Verdict> {
    clients.history.events.iter().enumerate().find_map(|(place, event)| match &event.what {
        What::Measured { resource, amount, limit } if amount > limit => {
            unbounded(format!("{amount} {resource:?} are in use, and {limit} are allowed"), place)
        }
        What::Counted(counts) => judge_length(clients, place, counts.queue, counts.ready),
        What::Drained { left } => left.iter().find_map(|left| judge_length(clients, place, left.queue, left.ready)),
        _ => None,
    })
}

fn judge_length(clients: &Clients<'_>, place: usize, queue: QueueId, ready: u64) -> Option<Verdict> {
    let policy = clients.queue(queue);
    let limit = policy.max_length.filter(|limit| ready > *limit && policy.overflow == Overflow::DropHead)?;
    unbounded(format!("{ready} messages are ready in '{}', and {limit} are allowed", policy.name), place)
}

fn judge_overlong(replay: &Replay<'_>) -> Option<Verdict> {
    let unseen = unseen(replay);
    replay.overlong.iter().find_map(|Overlong { place, queue, length, bytes }| {
        let policy = replay.queue(*queue);
        let unseen = unseen.get(queue).map_or(0, |since| since.partition_point(|since| since <= place) as u64);
        let (seen, name) = (length.saturating_sub(unseen), &policy.name);
        let too_many = policy.max_length.filter(|limit| seen > *limit);
        let too_long = policy.max_length_bytes.filter(|limit| unseen == 0 && bytes > limit);
        if let Some(limit) = too_many {
            return unbounded(format!("{seen} messages were ready in '{name}', and {limit} are allowed"), *place);
        }
        unbounded(format!("{bytes} bytes were ready in '{name}', and {} are allowed", too_long?), *place)
    })
}

/// For each queue, since when messages were ready that nobody saw again, in order.
fn unseen(replay: &Replay<'_>) -> BTreeMap<QueueId, Vec<usize>> {
    let mut unseen: BTreeMap<QueueId, Vec<usize>> = BTreeMap::new();
    for (number, stay) in replay.stays.iter().enumerate() {
        if replay.seen_again(number).is_none() {
            unseen.entry(replay.entries[stay.entry].queue).or_default().push(stay.since);
        }
    }
    unseen
}
