//! Dead letter: a message becomes a dead letter exactly when it is rejected for good, exceeds its delivery limit,
//! expires, or is dropped by a length limit; once for each cause.
//!
//! - early: it died without a cause. For clients the cause is what `x-death` names, and is missing if it cannot have
//!   happened: nobody rejected the message, or there were too few consumers for so many deliveries.
//! - late: it was delivered again after it should have died, or was still there.
//! - twice: the dead letter queue delivered more of it, for the first time, than can have died.
//! - never: it should have died and is nowhere when the run is over (see [`fate`](super::fate)).

use super::clients::{Clients, Life, Received, SettlementKind};
use super::replay::{Origin, Place, Replay};
use super::succession::{Succession, successions};
use super::{Anomaly, Verdict};
use super::{fate, lost};
use crate::history::{MessageId, Overflow, QueueId, Reason};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = [
        clients.deliveries.iter().find_map(|received| judge_cause(clients, received)),
        clients.deliveries.iter().find_map(|received| judge_limit(clients, received)),
        judge_successions(clients),
        clients.lives.iter().find_map(|((queue, message), life)| judge_twice(clients, *queue, *message, life)),
    ];
    let seen = seen.into_iter().flatten().reduce(Verdict::or);
    let seen = seen.unwrap_or_else(|| fate::judge(clients, Anomaly::DeadLetteredNever));
    let Some(replay) = replay else { return seen };
    let played = [judge_passings(replay), judge_handovers(replay), judge_overdue(replay)]
        .into_iter()
        .flatten()
        .reduce(Verdict::or);
    seen.or(played.or_else(|| judge_doomed(replay)).unwrap_or_else(|| lost::judge_end(replay, true)))
}

fn judge_cause(clients: &Clients<'_>, received: &Received) -> Option<Verdict> {
    let said = clients.said(received);
    let (message, death) = (said.message?, said.deaths.first()?);
    let mut sources = clients.sources(said.queue).iter().copied();
    let source = sources.find(|source| clients.queue(*source).name == death.queue)?;
    if !clients.is_single(source, message) || has_cause(clients, source, message, &death.reason, received) {
        return None;
    }
    let because = format!("{message} died in '{}' ({}), and there was no cause", death.queue, death.reason);
    let life = clients.lives.get(&(source, message));
    let deliveries = life.into_iter().flat_map(|life| &life.deliveries).map(|number| &clients.deliveries[*number]);
    let earlier = deliveries.map(|earlier| earlier.place).filter(|place| *place < received.place);
    let published = clients.published(message).next().map(|publish| publish.invoked);
    Some(Verdict::violated(Anomaly::DeadLetteredEarly, because, earlier.chain(published).chain([received.place])))
}

fn has_cause(clients: &Clients<'_>, queue: QueueId, message: MessageId, reason: &str, letter: &Received) -> bool {
    let policy = clients.queue(queue);
    let Some(published) = clients.published(message).next().map(|publish| publish.invoked) else { return true };
    if reason == Reason::Rejected.as_str() {
        let life = clients.lives.get(&(queue, message));
        let mut deliveries = life.into_iter().flat_map(|life| &life.deliveries);
        deliveries.any(|number| {
            let settlement = clients.settlement(&clients.deliveries[*number]);
            settlement.is_some_and(|one| one.kind == SettlementKind::Discard && one.place < letter.place)
        })
    } else if reason == Reason::DeliveryLimit.as_str() {
        policy.delivery_limit.is_some_and(|limit| can_exceed(clients, queue, message, limit, letter.place))
    } else if reason == Reason::MaxLength.as_str() {
        policy.has_length_limit() && policy.overflow == Overflow::DropHead
    } else if reason == Reason::Expired.as_str() {
        let age = clients.at(letter.place).since(clients.at(published));
        policy.message_ttl.is_some_and(|ttl| age >= ttl)
    } else {
        false
    }
}

/// Whether a message can have been delivered and given back once more than its limit says, before a place. What clients
/// did not see was on its way when a channel was lost.
fn can_exceed(clients: &Clients<'_>, queue: QueueId, message: MessageId, limit: u32, before: usize) -> bool {
    let life = clients.lives.get(&(queue, message));
    let deliveries = life.into_iter().flat_map(|life| &life.deliveries).map(|number| &clients.deliveries[*number]);
    let given_back = deliveries.filter(|received| {
        let settlement = clients.settlement(received);
        let is_requeued = settlement.is_some_and(|one| one.kind == SettlementKind::Requeue && one.place < before);
        received.place < before && (is_requeued || clients.may_be_given_up(received, before))
    });
    let needed = limit as usize + 1;
    given_back.count() + clients.losses(queue, before) >= needed
}

fn judge_limit(clients: &Clients<'_>, received: &Received) -> Option<Verdict> {
    let said = clients.said(received);
    let limit = clients.queue(said.queue).delivery_limit?;
    (said.delivery_count > limit).then(|| {
        let because = format!("{} was delivered again after {} requeues", clients.name(received), said.delivery_count);
        Verdict::violated(Anomaly::DeadLetteredLate, because, [received.place])
    })
}

fn judge_successions(clients: &Clients<'_>) -> Option<Verdict> {
    let found = successions(clients).filter_map(|(first, second, succession)| {
        let name = clients.name(first);
        match succession {
            Succession::AfterDiscard(settlement) => {
                let places = [Some(first.place), Some(settlement.place), Some(second.place)];
                let places = places.into_iter().chain([clients.taken_by(&settlement)]).flatten();
                let because = format!("{name} was delivered again after it was rejected for good");
                Some(Verdict::violated(Anomaly::DeadLetteredLate, because, places))
            }
            Succession::DeadLetteredTwice => {
                let because = format!("{name} came as a dead letter twice, and can have died once");
                Some(Verdict::violated(Anomaly::DeadLetteredTwice, because, [first.place, second.place]))
            }
            _ => None,
        }
    });
    found.reduce(Verdict::or)
}

/// More first deliveries than can have been taken. A queue that takes no dead letters delivers too often for another
/// reason.
fn judge_twice(clients: &Clients<'_>, queue: QueueId, message: MessageId, life: &Life) -> Option<Verdict> {
    if clients.sources(queue).is_empty() {
        return None;
    }
    let copies = clients.copies(queue, message).filter(|copies| *copies > 1)?;
    let deliveries = life.deliveries.iter().map(|number| &clients.deliveries[*number]);
    let first = deliveries.filter(|received| clients.said(received).delivery_count == 0);
    let places: Vec<usize> = first.map(|received| received.place).collect();
    (places.len() > copies).then(|| {
        let because = format!("{message} came as a dead letter {} times, and can have {copies} times", places.len());
        Verdict::violated(Anomaly::DeadLetteredTwice, because, places)
    })
}

fn judge_passings(replay: &Replay<'_>) -> Option<Verdict> {
    replay.passings.iter().find_map(|passing| {
        let entry = passing.entry.map(|entry| &replay.entries[entry]);
        let taken = entry.map(|entry| entry.taken);
        let name = entry.map_or_else(|| "a message".into(), |entry| entry.message.to_string());
        let reason = passing.reason.as_str();
        let (anomaly, because, cause) = match passing.from {
            Origin::Dead(died) => (Anomaly::DeadLetteredTwice, format!("{name} died again ({reason})"), Some(died)),
            _ if !passing.is_founded => {
                let delivered = entry.and_then(|entry| entry.delivered);
                (Anomaly::DeadLetteredEarly, format!("{name} died ({reason}) without a cause"), delivered)
            }
            Origin::Doomed(doomed) if passing.is_withheld => {
                (Anomaly::DeadLetteredNever, format!("{name} died ({reason}) and was dropped"), Some(doomed))
            }
            _ if passing.is_withheld => {
                (Anomaly::DeadLetteredNever, format!("{name} died ({reason}) and was dropped"), None)
            }
            _ => return None,
        };
        let places = [taken, cause, Some(passing.place)];
        Some(Verdict::violated(anomaly, because, places.into_iter().flatten()))
    })
}

fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    replay.handovers.iter().find_map(|handover| {
        let entry = &replay.entries[handover.entry?];
        let (anomaly, since, because) = match handover.from {
            Origin::Doomed(since) | Origin::Dead(since) => {
                (Anomaly::DeadLetteredLate, since, "was delivered again after it should have died")
            }
            Origin::Ready(stay) if has_expired(replay, handover.place, entry.queue, entry.taken) => {
                (Anomaly::DeadLetteredLate, replay.stays[stay].since, "was delivered after its time to live")
            }
            Origin::LetterAgain(since) => (Anomaly::DeadLetteredTwice, since, "came as a dead letter twice"),
            _ => return None,
        };
        let because = format!("{} {because}", entry.message);
        Some(Verdict::violated(anomaly, because, [entry.taken, since, handover.place]))
    })
}

/// Messages that stayed the first of their queue beyond their time to live.
fn judge_overdue(replay: &Replay<'_>) -> Option<Verdict> {
    let mut overdue = replay.overdue.iter().filter_map(|(stay, at)| Some((stay, *at, replay.seen_again(*stay)?)));
    let (stay, at, seen) = overdue.next()?;
    let entry = &replay.entries[replay.stays[*stay].entry];
    let because = format!("{} stayed ready after its time to live", entry.message);
    Some(Verdict::violated(Anomaly::DeadLetteredLate, because, [entry.taken, at, seen]))
}

fn has_expired(replay: &Replay<'_>, place: usize, queue: QueueId, taken: usize) -> bool {
    let events = &replay.history.events;
    let age = events[place].at.since(events[taken].at);
    replay.queue(queue).message_ttl.is_some_and(|ttl| age > ttl)
}

/// Messages that had to die in a queue with a dead letter queue, and did not in that turn or later.
fn judge_doomed(replay: &Replay<'_>) -> Option<Verdict> {
    let doomed = replay.entries.iter().filter_map(|entry| match entry.place {
        Place::Doomed(since, reason) => Some((entry, since, reason)),
        _ => None,
    });
    let mut owed = doomed
        .filter(|(entry, since, _)| *since <= replay.complete && replay.queue(entry.queue).dead_letter_queue.is_some());
    let (entry, since, reason) = owed.next()?;
    let because = format!("{} should have died ({}) and did not", entry.message, reason.as_str());
    let places = [Some(entry.taken), entry.delivered, Some(since)];
    Some(Verdict::violated(Anomaly::DeadLetteredNever, because, places.into_iter().flatten()))
}
