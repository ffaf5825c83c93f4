//! Destructive read: once the broker has taken an acknowledgement, the message is never delivered again.
//!
//! An acknowledgement has no answer. For clients it is taken when something later on its channel was answered, or when
//! the channel cannot have been given up before the next delivery came; otherwise it is unknown, and allows one more
//! delivery or none. A purged message, and one from before a restart, is as gone as an acknowledged one.

use std::collections::BTreeMap;

use super::clients::{Clients, SettlementKind};
use super::replay::{Origin, Replay};
use super::succession::{Succession, successions};
use super::{Anomaly, Verdict};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = judge_successions(clients).or_else(|| judge_repetitions(clients)).unwrap_or(Verdict::Valid);
    let played = replay.and_then(judge_handovers).unwrap_or(Verdict::Valid);
    seen.or(played)
}

fn judge_successions(clients: &Clients<'_>) -> Option<Verdict> {
    let found = successions(clients).filter_map(|(first, second, succession)| match succession {
        Succession::AfterAcknowledgement(settlement) => Some((first, second, settlement)),
        _ => None,
    });
    let (first, second, settlement) = found.min_by_key(|(_, second, settlement)| second.place.max(settlement.place))?;
    let because = format!("{} was delivered again after its acknowledgement was taken", clients.name(second));
    let places = [Some(first.place), Some(settlement.place), clients.taken_by(&settlement), Some(second.place)];
    Some(Verdict::violated(Anomaly::Resurrected, because, places.into_iter().flatten()))
}

/// A message that a queue may have taken several times cannot be followed delivery by delivery, but it cannot have
/// been acknowledged more often than it was taken.
fn judge_repetitions(clients: &Clients<'_>) -> Option<Verdict> {
    clients.lives.iter().filter(|(_, life)| life.deliveries.len() > 1).find_map(|((queue, message), life)| {
        let copies = clients.copies(*queue, *message).filter(|copies| *copies > 1)?;
        let mut acknowledged = BTreeMap::new();
        for number in &life.deliveries {
            let received = &clients.deliveries[*number];
            let settlement = clients.settlement(received).filter(|one| one.kind == SettlementKind::Acknowledge);
            if settlement.is_some_and(|settlement| clients.taken_by(&settlement).is_some()) {
                acknowledged.insert(received.place, *number);
            }
        }
        (acknowledged.len() > copies).then(|| {
            let because = format!("{message} was acknowledged more often than it can have been taken");
            Verdict::violated(Anomaly::Resurrected, because, acknowledged.into_keys())
        })
    })
}

fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    replay.handovers.iter().find_map(|handover| match handover.from {
        Origin::Acknowledged(gone) | Origin::Removed(gone) => {
            let entry = &replay.entries[handover.entry?];
            let because = format!("the broker delivered {} after it was gone", entry.message);
            Some(Verdict::violated(Anomaly::Resurrected, because, [entry.taken, gone, handover.place]))
        }
        _ => None,
    })
}
