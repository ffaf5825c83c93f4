//! What became of every message, as far as clients can tell: the ground for lost, and for dead-lettered never.
//!
//! A message whose last delivery was acknowledged is gone, whether or not the acknowledgement is known to be taken: it
//! may have been. Otherwise it must be held by a consumer, have come as a dead letter, or be left in its queue or in
//! one that takes its dead letters when the run is over. What is left there is only counted, so messages are missing
//! for certain only if there are more of them than are left. Where a policy may have dropped the message unseen, the
//! history cannot tell.

use std::collections::BTreeMap;

use super::clients::{Clients, Life, Publish, Received, SettlementKind};
use super::{Anomaly, Verdict};
use crate::history::{Left, MessageId, Outcome, QueueId};

/// What became of a message in a queue.
enum Fate {
    /// Acknowledged, or died, or never certainly there.
    Settled,
    /// A consumer holds it.
    Held,
    /// It must be in the queue, or have died there; where that shows.
    Waiting(Vec<usize>),
    /// It must have died; where that shows.
    Doomed(Vec<usize>),
    /// A policy may have dropped it.
    Untold,
}

/// The messages that are nowhere among a group of queues that are connected by dead letters.
#[derive(Default)]
struct Group {
    queues: Vec<QueueId>,
    held: u64,
    missing: Vec<(Anomaly, MessageId, QueueId, Vec<usize>)>,
    untold: Option<QueueId>,
}

/// Judges the messages that are missing, under one of the two names.
pub fn judge(clients: &Clients<'_>, anomaly: Anomaly) -> Verdict {
    let mut unknown = None;
    for group in groups(clients).into_values() {
        if let Some(queue) = group.untold.filter(|_| anomaly == Anomaly::Lost) {
            let name = &clients.queue(queue).name;
            unknown = Some(format!("'{name}' may have dropped messages, and clients do not see it"));
        }
        if group.missing.iter().all(|(name, ..)| *name != anomaly) {
            continue;
        }
        let Some((end, left)) = clients.drained else {
            unknown = Some("messages are unaccounted for, and the run did not come to its end".into());
            continue;
        };
        match surplus(&group, left) {
            None => unknown = Some("messages are unaccounted for, and nobody counted what is left".into()),
            Some(left) if group.missing.len() as u64 > left => {
                let missing = group.missing.into_iter().find(|(name, ..)| *name == anomaly);
                if let Some((_, message, queue, places)) = missing {
                    let because = format!("{message} of '{}' is nowhere", clients.queue(queue).name);
                    return Verdict::violated(anomaly, because, places.into_iter().chain([end]));
                }
            }
            Some(_) => {}
        }
    }
    unknown.map_or(Verdict::Valid, Verdict::unknown)
}

/// How many messages are left that no consumer is known to hold; `None` if a queue was not looked at.
fn surplus(group: &Group, left: &[Left]) -> Option<u64> {
    let left_in = |queue: &QueueId| left.iter().find(|left| left.queue == *queue);
    let counts = group.queues.iter().map(|queue| left_in(queue).map(|left| left.ready + left.unacknowledged));
    let total: u64 = counts.collect::<Option<Vec<u64>>>()?.into_iter().sum();
    Some(total.saturating_sub(group.held))
}

fn groups(clients: &Clients<'_>) -> BTreeMap<QueueId, Group> {
    let mut groups: BTreeMap<QueueId, Group> = BTreeMap::new();
    for queue in clients.queue_ids() {
        groups.entry(last_stop(clients, queue)).or_default().queues.push(queue);
    }
    for ((queue, message), life) in &clients.lives {
        let group = groups.entry(last_stop(clients, *queue)).or_default();
        let (anomaly, places) = match fate(clients, *queue, *message, life) {
            Fate::Settled => continue,
            Fate::Held => {
                group.held += 1;
                continue;
            }
            Fate::Untold => {
                group.untold = Some(*queue);
                continue;
            }
            Fate::Waiting(places) => (Anomaly::Lost, places),
            Fate::Doomed(places) => (Anomaly::DeadLetteredNever, places),
        };
        group.missing.push((anomaly, *message, *queue, places));
    }
    groups
}

/// Where the dead letters of a queue end: the queue that stands for its group.
fn last_stop(clients: &Clients<'_>, queue: QueueId) -> QueueId {
    let mut way = vec![queue];
    let mut last = queue;
    while let Some(next) = clients.queue(last).dead_letter_queue {
        if let Some(circle) = way.iter().position(|stop| *stop == next) {
            return way[circle..].iter().copied().min().unwrap_or(next);
        }
        way.push(next);
        last = next;
    }
    last
}

fn fate(clients: &Clients<'_>, queue: QueueId, message: MessageId, life: &Life) -> Fate {
    let published = clients.published(message).next();
    let is_wiped = published.is_none_or(|publish| clients.is_wiped(queue, publish.invoked));
    if is_wiped || has_died_elsewhere(clients, queue, message) {
        return Fate::Settled;
    }
    let deliveries = clients.by_count(life);
    let is_acknowledged = |received: &&&Received| {
        clients.settlement(received).is_some_and(|settlement| settlement.kind == SettlementKind::Acknowledge)
    };
    let is_single = clients.is_single(queue, message);
    let fate = match deliveries.last() {
        None => {
            certain_publish(clients, life).map_or(Fate::Settled, |publish| Fate::Waiting(publish.places().collect()))
        }
        Some(last) if is_acknowledged(&last) => Fate::Settled,
        // Of several copies it is not known which one a delivery was of.
        Some(_) if !is_single && deliveries.iter().any(|received| is_acknowledged(&received)) => Fate::Settled,
        Some(last) => fate_after(clients, queue, life, last),
    };
    let came_back = deliveries.last().map_or(0, |last| clients.said(last).delivery_count + 1);
    let may_die = match &fate {
        Fate::Doomed(_) => true,
        Fate::Waiting(_) => deliveries.last().is_some_and(|last| is_discarded(clients, last)),
        _ => return fate,
    };
    if may_be_dropped(clients, queue, came_back, may_die) { Fate::Untold } else { fate }
}

fn is_discarded(clients: &Clients<'_>, received: &Received) -> bool {
    clients.settlement(received).is_some_and(|settlement| settlement.kind == SettlementKind::Discard)
}

/// Whether it was seen as a dead letter of this queue.
fn has_died_elsewhere(clients: &Clients<'_>, queue: QueueId, message: MessageId) -> bool {
    let Some(target) = clients.queue(queue).dead_letter_queue else { return false };
    clients.lives.get(&(target, message)).is_some_and(|life| !life.deliveries.is_empty())
}

fn certain_publish<'c>(clients: &'c Clients<'_>, life: &Life) -> Option<&'c Publish> {
    clients.published_there(life).find(|publish| {
        let is_answered = || clients.channel(publish.channel).taken_by(publish.invoked).is_some();
        publish.outcome() == Outcome::Ok || (is_answered() && !clients.queue(publish.queue).refuses_messages())
    })
}

/// The fate of a message whose last delivery was not acknowledged.
fn fate_after(clients: &Clients<'_>, queue: QueueId, life: &Life, last: &Received) -> Fate {
    let (policy, settlement) = (clients.queue(queue), clients.settlement(last));
    let is_in_doubt = clients.channel(clients.said(last).channel).first_doubt().is_some();
    if settlement.is_none() && !is_in_doubt {
        return Fate::Held;
    }
    let publish = clients.published_there(life).next();
    let mut places: Vec<usize> = publish.into_iter().flat_map(Publish::places).collect();
    places.push(last.place);
    places.extend(settlement.map(|settlement| settlement.place));

    let is_discarded = is_discarded(clients, last);
    let exceeds = policy.delivery_limit.is_some_and(|limit| clients.said(last).delivery_count >= limit);
    if policy.dead_letter_queue.is_none() && (is_discarded || exceeds) {
        // It may be gone for good, and nobody would see.
        return Fate::Settled;
    }
    // A rejection that was not taken has come to nothing, and the message was given back with its channel.
    let is_taken = settlement.is_some_and(|settlement| clients.taken_by(&settlement).is_some());
    let is_rejected = is_discarded && (is_taken || !is_in_doubt);
    if is_rejected || exceeds { Fate::Doomed(places) } else { Fate::Waiting(places) }
}

/// Whether a policy may have dropped a message on its way through dead letters, unseen by every client. `may_die` says
/// that a client's rejection may have sent it on that way.
fn may_be_dropped(clients: &Clients<'_>, queue: QueueId, came_back: u32, may_die: bool) -> bool {
    let (mut queue, mut came_back, mut may_die) = (queue, came_back, may_die);
    for _ in clients.queue_ids() {
        let policy = clients.queue(queue);
        let unseen = clients.losses(queue, clients.history.events.len());
        let may_exceed = policy.delivery_limit.is_some_and(|limit| unseen + came_back as usize > limit as usize);
        may_die |= policy.drops_messages() || may_exceed;
        if clients.loses_on_the_way(queue) {
            return true;
        }
        let target = policy.dead_letter_queue.filter(|target| !clients.queue(*target).refuses_messages());
        match target {
            Some(target) if may_die => (queue, came_back, may_die) = (target, 0, false),
            Some(_) => return false,
            None => return may_die,
        }
    }
    // It goes round, and is dropped if no consumer has a part in that.
    true
}
