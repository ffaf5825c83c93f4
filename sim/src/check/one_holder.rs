//! One holder: a message is never delivered while somebody holds it.
//!
//! A holder that crashed, closed, or was disturbed before the second delivery came may have lost the message; one that
//! is only silent, when its time is over. A holder that proves later, by an answer, that the broker still knew its
//! channel, has not lost it.

use super::clients::Clients;
use super::replay::{Origin, Replay};
use super::succession::{Succession, successions};
use super::{Anomaly, Verdict};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = judge_successions(clients).unwrap_or(Verdict::Valid);
    let played = replay.and_then(judge_handovers).unwrap_or(Verdict::Valid);
    seen.or(played)
}

fn judge_successions(clients: &Clients<'_>) -> Option<Verdict> {
    let held = successions(clients).filter(|(.., succession)| matches!(succession, Succession::WhileHeld));
    let (first, second, _) = held.min_by_key(|(first, second, _)| first.place.max(second.place))?;
    let because = format!("{} was delivered while it was held", clients.name(first));
    let proof = clients.settlement(first).filter(|settlement| settlement.place > second.place);
    let places = [first.place, second.place].into_iter().chain(proof.map(|settlement| settlement.place));
    Some(Verdict::violated(Anomaly::DoubleHeld, because, places))
}

fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    replay.handovers.iter().find_map(|handover| match handover.from {
        Origin::Held(since) => {
            let entry = &replay.entries[handover.entry?];
            let because = format!("the broker delivered {} while it was held", entry.message);
            Some(Verdict::violated(Anomaly::DoubleHeld, because, [entry.taken, since, handover.place]))
        }
        _ => None,
    })
}
