//! Conservation: what a queue has taken is ready, unacknowledged, acknowledged, dead-lettered or removed, after every
//! step; and what is gone holds no memory.
//!
//! The broker's own counts must add up. By its events, it must not hold more than the replayed queue does. For
//! clients, at the end no more can be unacknowledged than consumers hold: what they are known to hold, and for a
//! consumer that is still connected, whatever its prefetch allows, since it need not have looked at it yet.

use super::clients::Clients;
use super::replay::Replay;
use super::{Anomaly, Verdict};
use crate::history::{Counts, Left, What};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let found = [judge_sums(clients), judge_end(clients), replay.and_then(judge_snapshots)];
    let found = found.into_iter().flatten().reduce(Verdict::or);
    let is_counted = || {
        let counts = |what: &What| matches!(what, What::Counted(_) | What::Drained { .. });
        clients.history.events.iter().any(|event| counts(&event.what))
    };
    match found {
        Some(verdict) => verdict,
        None if is_counted() => Verdict::Valid,
        None => Verdict::unknown("nobody counted what the broker holds"),
    }
}

fn leaked(because: String, places: impl IntoIterator<Item = usize>) -> Option<Verdict> {
    Some(Verdict::violated(Anomaly::Leaked, because, places))
}

fn judge_sums(clients: &Clients<'_>) -> Option<Verdict> {
    clients.history.events.iter().enumerate().find_map(|(place, event)| {
        let What::Counted(counts) = &event.what else { return None };
        let Counts { queue, taken, ready, unacknowledged, acknowledged, dead_lettered, removed } = *counts;
        let parts = [ready, unacknowledged, acknowledged, dead_lettered, removed];
        let sum = parts.into_iter().try_fold(0_u64, u64::checked_add);
        if sum == Some(taken) {
            return None;
        }
        leaked(format!("the counts of '{}' do not add up", clients.queue(queue).name), [place])
    })
}

fn judge_end(clients: &Clients<'_>) -> Option<Verdict> {
    let (place, left) = clients.drained?;
    left.iter().find_map(|left| {
        let most = most_held(clients, place, left)?;
        if left.unacknowledged <= most {
            return None;
        }
        let (name, unacknowledged) = (&clients.queue(left.queue).name, left.unacknowledged);
        leaked(format!("'{name}' has {unacknowledged} unacknowledged, and consumers hold {most} at most"), [place])
    })
}

/// The most that may be unacknowledged at the end; `None` is no limit.
fn most_held(clients: &Clients<'_>, place: usize, left: &Left) -> Option<u64> {
    let mut most = 0;
    for consumer in clients.consumers.values().filter(|consumer| consumer.queue == left.queue && !consumer.no_ack) {
        let channel = clients.channel(consumer.channel);
        if channel.ended.is_none() && consumer.cancelled.is_none() {
            most += u64::from(Some(consumer.prefetch).filter(|prefetch| *prefetch > 0)?);
        }
    }
    let unsettled = clients.channels.values().filter(|channel| channel.ended.is_none());
    let unsettled = unsettled.flat_map(|channel| channel.unsettled.values()).map(|number| &clients.deliveries[*number]);
    let others = unsettled.filter(|received| {
        let said = clients.said(received);
        let consumer = said.consumer.and_then(|consumer| clients.consumers.get(&consumer));
        let is_counted = consumer.is_some_and(|consumer| consumer.cancelled.is_none());
        said.queue == left.queue && received.place < place && !is_counted
    });
    Some(most + others.count() as u64)
}

/// In the middle of a run, only what is unacknowledged: a message too many that is ready will be delivered, and that
/// tells what it is.
fn judge_snapshots(replay: &Replay<'_>) -> Option<Verdict> {
    replay.snapshots.iter().enumerate().find_map(|(number, snapshot)| {
        let is_last = replay.last_snapshots.get(&snapshot.queue) == Some(&number);
        let (had, has) = (snapshot.ready + snapshot.held, snapshot.said_ready + snapshot.said_held);
        if snapshot.said_held <= snapshot.held && (has <= had || !is_last) {
            return None;
        }
        let name = &replay.queue(snapshot.queue).name;
        let because = format!(
            "'{name}' holds {} ready and {} unacknowledged, and should hold {} and {}",
            snapshot.said_ready, snapshot.said_held, snapshot.ready, snapshot.held
        );
        leaked(because, [snapshot.place])
    })
}
