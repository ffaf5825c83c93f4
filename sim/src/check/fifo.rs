//! FIFO, within a priority: first deliveries happen in the order in which the queue took the messages; messages of one channel are taken
//! in the order of publishing; a requeued message returns to its position, before every message never delivered.
//!
//! The broker's events have one order, so there every delivery is compared with what else was ready. For clients,
//! order is certain only if it shows:
//!
//! - message A was taken before B if both were published on one channel in that order, or if A was known to be taken
//!   (by an answer) when B was published;
//! - a delivery X was sent before Y if both came on one channel and X has the lower tag, or if X was received before Y
//!   can have been sent.
//!
//! A violation needs both: Y was certainly ready when X was sent, and X should have come after it. That cannot be the
//! network's doing. Messages that may have been taken twice, those of queues with priorities, and dead letters, whose
//! order of death clients do not see, are left to the broker's events.
//!
//! With one consumer and prefetch 1, completions follow the order of deliveries, since each delivery waits for the
//! completion before it: that part of the promise follows from this one and from prefetch.

use std::collections::BTreeMap;

use super::clients::{Clients, Publish, Received, SettlementKind};
use super::replay::{Order, Origin, Replay};
use super::{Anomaly, Verdict};
use crate::history::{ChannelId, Outcome, QueueId};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let first = first_deliveries(clients);
    let mut found = vec![judge_first(clients, &first), judge_requeued(clients)];
    found.extend(replay.map(|replay| judge_taking(clients, replay)));
    found.extend(replay.map(judge_handovers));
    found.into_iter().flatten().reduce(Verdict::or).unwrap_or(Verdict::Valid)
}

/// The first delivery of a message that was taken once, with its publish.
struct First<'c> {
    publish: &'c Publish,
    received: &'c Received,
}

/// The channel and the tag of a delivery: on one channel, deliveries are sent in the order of their tags.
type Tag = (ChannelId, u64);

fn tag(clients: &Clients<'_>, received: &Received) -> Tag {
    let said = clients.said(received);
    (said.channel, said.delivery_tag)
}

fn first_deliveries<'c>(clients: &'c Clients<'_>) -> Vec<First<'c>> {
    let lives = clients.lives.iter().filter(|((queue, _), _)| clients.sources(*queue).is_empty());
    let single = lives.filter(|((queue, message), _)| {
        clients.queue(*queue).max_priority.is_none() && clients.is_single(*queue, *message)
    });
    let firsts = single.filter_map(|(_, life)| {
        let publish = clients.published_there(life).next()?;
        let mut deliveries = life.deliveries.iter().map(|number| &clients.deliveries[*number]);
        let received = deliveries.find(|received| clients.said(received).delivery_count == 0)?;
        Some(First { publish, received })
    });
    firsts.collect()
}

/// A delivery that should have come before everything that became ready, or was sent, only later.
struct Waiting<'c> {
    /// From here on it was certainly ready.
    ready_by: usize,
    received: &'c Received,
    tag: Tag,
    /// What shows that it was ready.
    shown_by: Vec<usize>,
}

/// A delivery that has to come after everything that was ready by then.
struct Later<'c> {
    /// It was not there, or not sent, before this.
    not_before: usize,
    received: &'c Received,
    tag: Tag,
}

fn judge_first(clients: &Clients<'_>, first: &[First<'_>]) -> Option<Verdict> {
    let mut by_queue: BTreeMap<QueueId, (Vec<Waiting<'_>>, Vec<Later<'_>>)> = BTreeMap::new();
    let mut by_channel: BTreeMap<(ChannelId, QueueId), (Vec<Waiting<'_>>, Vec<Later<'_>>)> = BTreeMap::new();
    for First { publish, received } in first {
        let (invoked, tag) = (publish.invoked, tag(clients, received));
        let later = || Later { not_before: invoked, received, tag };
        let waiting = |ready_by, shown_by| Waiting { ready_by, received, tag, shown_by };
        let (of_queue, of_queue_later) = by_queue.entry(publish.queue).or_default();
        let (of_channel, of_channel_later) = by_channel.entry((publish.channel, publish.queue)).or_default();
        if let Some(taken_by) = clients.channel(publish.channel).taken_by(invoked) {
            of_queue.push(waiting(taken_by, vec![invoked, taken_by]));
        }
        of_queue_later.push(later());
        of_channel.push(waiting(invoked, vec![invoked]));
        of_channel_later.push(later());
    }
    let groups = by_queue.into_values().chain(by_channel.into_values());
    let found = groups.filter_map(|(waiting, later)| inversion(waiting, later));
    let found = found.map(|(waiting, later)| {
        let (name, other) = (clients.name(waiting.received), clients.name(later.received));
        let because = format!("{name} was taken before {other} and delivered after it");
        overtaken(because, waiting, &later)
    });
    found.reduce(Verdict::or)
}

fn overtaken(because: String, waiting: Waiting<'_>, later: &Later<'_>) -> Verdict {
    let (received, sent_after) = (waiting.received.place, waiting.received.sent_after);
    let in_time = Some(sent_after).filter(|sent_after| later.received.place < *sent_after);
    let places = waiting.shown_by.into_iter().chain([later.not_before, later.received.place, received]);
    Verdict::violated(Anomaly::Reordered, because, places.chain(in_time))
}

/// Messages that were certainly requeued, against messages that were delivered for the first time later.
fn judge_requeued(clients: &Clients<'_>) -> Option<Verdict> {
    let mut by_queue: BTreeMap<QueueId, (Vec<Waiting<'_>>, Vec<Later<'_>>)> = BTreeMap::new();
    let lives = clients.lives.iter().filter(|((queue, _), _)| clients.queue(*queue).max_priority.is_none());
    for ((queue, message), life) in lives {
        let (waiting, later) = by_queue.entry(*queue).or_default();
        let deliveries = clients.by_count(life);
        let first = deliveries.iter().take_while(|received| clients.said(received).delivery_count == 0);
        later.extend(first.map(|received| Later {
            not_before: received.sent_after,
            received,
            tag: tag(clients, received),
        }));
        if deliveries.len() > 1 && clients.is_single(*queue, *message) {
            waiting.extend(deliveries.windows(2).filter_map(|pair| requeued(clients, pair[0], pair[1])));
        }
    }
    let found = by_queue.into_values().filter_map(|(waiting, later)| inversion(waiting, later));
    let found = found.map(|(waiting, later)| {
        let (name, other) = (clients.name(waiting.received), clients.name(later.received));
        let because = format!("{name} was requeued before the first delivery of {other} and came after it");
        overtaken(because, waiting, &later)
    });
    found.reduce(Verdict::or)
}

/// A delivery whose message was certainly requeued before, and had not been sent to anybody else since.
fn requeued<'c>(clients: &Clients<'_>, first: &Received, second: &'c Received) -> Option<Waiting<'c>> {
    let settlement = clients.settlement(first).filter(|one| one.kind == SettlementKind::Requeue)?;
    let ready_by = clients.taken_by(&settlement)?;
    let said = clients.said(second);
    let is_next = said.delivery_count == clients.said(first).delivery_count + 1;
    let shown_by = vec![first.place, settlement.place, ready_by];
    is_next.then(|| Waiting { ready_by, received: second, tag: tag(clients, second), shown_by })
}

/// A waiting delivery, and a later one that was certainly sent before it. O(n log n).
fn inversion<'c>(mut waiting: Vec<Waiting<'c>>, mut later: Vec<Later<'c>>) -> Option<(Waiting<'c>, Later<'c>)> {
    let found = inversion_in_time(&mut waiting, &mut later).or_else(|| inversion_on_channel(&mut waiting, &mut later));
    found.map(|(first, second)| (waiting.swap_remove(first), later.swap_remove(second)))
}

/// The later one was received before the waiting one can have been sent: compared with the one received first of all
/// that came after it.
fn inversion_in_time(waiting: &mut [Waiting<'_>], later: &mut [Later<'_>]) -> Option<(usize, usize)> {
    waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.ready_by));
    later.sort_by_key(|later| std::cmp::Reverse(later.not_before));
    let (mut next, mut earliest): (usize, Option<usize>) = (0, None);
    for (number, one) in waiting.iter().enumerate() {
        while later.get(next).is_some_and(|later| later.not_before > one.ready_by) {
            if earliest.is_none_or(|earliest| later[next].received.place < later[earliest].received.place) {
                earliest = Some(next);
            }
            next += 1;
        }
        if let Some(earliest) = earliest.filter(|other| later[*other].received.place < one.received.sent_after) {
            return Some((number, earliest));
        }
    }
    None
}

/// Both came on one channel, the later one first: compared with the latest of all that came there before.
fn inversion_on_channel(waiting: &mut [Waiting<'_>], later: &mut [Later<'_>]) -> Option<(usize, usize)> {
    waiting.sort_by_key(|waiting| waiting.tag);
    later.sort_by_key(|later| later.tag);
    let (mut next, mut latest): (usize, Option<usize>) = (0, None);
    for (number, one) in waiting.iter().enumerate() {
        while later.get(next).is_some_and(|later| later.tag < one.tag) {
            let is_later = |latest: usize| {
                later[latest].tag.0 != later[next].tag.0 || later[latest].not_before < later[next].not_before
            };
            if latest.is_none_or(is_later) {
                latest = Some(next);
            }
            next += 1;
        }
        let on_channel = latest.filter(|other| later[*other].tag.0 == one.tag.0);
        if let Some(other) = on_channel.filter(|other| later[*other].not_before > one.ready_by) {
            return Some((number, other));
        }
    }
    None
}

/// Messages of one channel, against the order in which the broker took them.
fn judge_taking(clients: &Clients<'_>, replay: &Replay<'_>) -> Option<Verdict> {
    let mut latest: BTreeMap<(ChannelId, QueueId), (usize, &Publish)> = BTreeMap::new();
    for publish in &clients.publishes {
        if publish.outcome() == Outcome::Failed || !clients.is_single(publish.queue, publish.message) {
            continue;
        }
        let life = replay.lives.get(&(publish.queue, publish.message));
        let Some(taken) = life.and_then(|life| life.taken) else { continue };
        let (latest, earlier) = latest.entry((publish.channel, publish.queue)).or_insert((taken, publish));
        if *latest > taken {
            let because = format!("{} was published before {} and taken after it", earlier.message, publish.message);
            let places = [earlier.invoked, publish.invoked, *latest, taken];
            return Some(Verdict::violated(Anomaly::Reordered, because, places));
        }
        (*latest, *earlier) = (taken, publish);
    }
    None
}

/// Every delivery, against those that went out while its message was ready and were behind it.
fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    // Of each queue, the deliveries that no later one was further behind than: they come ever closer to the front.
    let mut behind: BTreeMap<QueueId, Vec<(usize, Order)>> = BTreeMap::new();
    for handover in &replay.handovers {
        let (Origin::Ready(stay), Some(entry)) = (handover.from, handover.entry) else { continue };
        let (entry, since) = (&replay.entries[entry], replay.stays[stay].since);
        let behind = behind.entry(entry.queue).or_default();
        let later = behind.partition_point(|(place, _)| *place <= since);
        if let Some((overtaken, _)) = behind.get(later).filter(|(_, order)| *order > entry.order()) {
            let because = format!("{} was ready, and a message behind it was delivered first", entry.message);
            let places = [entry.taken, since, *overtaken, handover.place];
            return Some(Verdict::violated(Anomaly::Reordered, because, places));
        }
        while behind.last().is_some_and(|(_, order)| *order <= entry.order()) {
            behind.pop();
        }
        behind.push((handover.place, entry.order()));
    }
    None
}
