//! At-least-once: a message that was confirmed is acknowledged, dead-lettered, dropped by a policy, or still there when
//! the run is over. Never nowhere.
//!
//! Clients: see [`fate`](super::fate). A publish is certain when it was confirmed, when something later on its channel
//! was answered (unless its queue may refuse), or when one of its effects was seen.
//!
//! The broker's events: a confirmed message that no queue took is lost at once; and at the end, the broker must have
//! left in each queue what the replayed queue has left. A message that its consumer is not known to hold and that was
//! never delivered from the dead letter queue it died into is not lost but dead-lettered never; both are judged here,
//! since the same count shows them.

use super::clients::Clients;
use super::fate;
use super::replay::{Place, Replay, Snapshot};
use super::{Anomaly, Verdict};
use crate::history::Outcome;

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = fate::judge(clients, Anomaly::Lost);
    let Some(replay) = replay else { return seen };
    let untaken = judge_untaken(clients, replay).unwrap_or_else(|| judge_end(replay, false));
    seen.or(untaken)
}

/// Confirmed, and no queue took it.
fn judge_untaken(clients: &Clients<'_>, replay: &Replay<'_>) -> Option<Verdict> {
    let confirmed = clients.publishes.iter().filter(|publish| publish.outcome() == Outcome::Ok);
    let mut untaken = confirmed.filter(|publish| {
        let is_recorded = replay.declared.get(&publish.queue).is_some_and(|declared| *declared < publish.invoked);
        let life = replay.lives.get(&(publish.queue, publish.message));
        is_recorded && life.is_none_or(|life| life.taken.is_none())
    });
    let publish = untaken.next()?;
    let because = format!("{} was confirmed, and no queue had taken it", publish.message);
    Some(Verdict::violated(Anomaly::Lost, because, publish.places()))
}

/// Messages that a queue should have at the end and has not: those that died into it and were never delivered from it,
/// or the others.
pub fn judge_end(replay: &Replay<'_>, letters: bool) -> Verdict {
    for snapshot in replay.last_snapshots.values().map(|number| &replay.snapshots[*number]) {
        let (had, has) = (snapshot.ready + snapshot.held, snapshot.said_ready + snapshot.said_held);
        if has < had
            && let Some(verdict) = missing(replay, snapshot, letters)
        {
            return verdict;
        }
    }
    let is_waiting = replay.entries.iter().any(|entry| matches!(entry.place, Place::Ready(_)));
    if is_waiting && replay.last_snapshots.is_empty() {
        return Verdict::unknown("messages were left in their queues, and nobody counted them at the end");
    }
    Verdict::Valid
}

fn missing(replay: &Replay<'_>, snapshot: &Snapshot, letters: bool) -> Option<Verdict> {
    let of_queue = replay.entries.iter().filter(|entry| entry.queue == snapshot.queue);
    let mut missing = of_queue.filter_map(|entry| match entry.place {
        Place::Ready(stay) => Some((entry, replay.stays[stay].since)),
        // The broker has forgotten what a consumer holds.
        Place::Held { since, .. } if snapshot.said_held < snapshot.held => Some((entry, since)),
        _ => None,
    });
    let (entry, since) = missing.find(|(entry, _)| (entry.by_death && entry.delivered.is_none()) == letters)?;
    let anomaly = if letters { Anomaly::DeadLetteredNever } else { Anomaly::Lost };
    let because = format!("{} of '{}' is nowhere", entry.message, replay.queue(entry.queue).name);
    let places = [Some(entry.taken), entry.delivered, Some(since), Some(snapshot.place)];
    Some(Verdict::violated(anomaly, because, places.into_iter().flatten()))
}
