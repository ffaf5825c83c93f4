//! Prefetch: a consumer never holds more than its prefetch; one that stands by for a single active consumer gets
//! nothing.
//!
//! Sound for clients too: when a consumer received a delivery, everything it had received before had been sent, and
//! the broker can have taken no more settlements than it had sent. So the broker thought that it held at least what it
//! received less what it settled. A prefetch that a channel's consumers share is judged by the broker's events alone.

use super::clients::{Clients, Received};
use super::replay::Replay;
use super::{Anomaly, Verdict};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = clients.deliveries.iter().find(|received| received.is_overfetched);
    let seen = seen.map(|received| judge_received(clients, received));
    let played = replay.and_then(judge_handovers);
    let standing_by = replay.and_then(judge_turns);
    [seen, played, standing_by].into_iter().flatten().reduce(Verdict::or).unwrap_or(Verdict::Valid)
}

fn judge_received(clients: &Clients<'_>, received: &Received) -> Verdict {
    let said = clients.said(received);
    let consumer = said.consumer.and_then(|consumer| clients.consumers.get(&consumer));
    let prefetch = consumer.map_or(0, |consumer| consumer.prefetch);
    let held = clients.deliveries.iter().filter(|earlier| {
        let is_settled = clients.settlement(earlier).is_some_and(|settlement| settlement.place < received.place);
        earlier.place < received.place && clients.said(earlier).consumer == said.consumer && !is_settled
    });
    let places = held.map(|earlier| earlier.place).chain(consumer.map(|consumer| consumer.started));
    let because = format!("{} came while its consumer held {prefetch}, its prefetch", clients.name(received));
    Verdict::violated(Anomaly::Overfetched, because, places.chain([received.place]))
}

/// A consumer that stands by for another one may hold nothing new.
fn judge_turns(replay: &Replay<'_>) -> Option<Verdict> {
    let handover = replay.handovers.iter().find(|handover| handover.is_out_of_turn)?;
    let because = "a delivery went to a consumer that stood by for another one".to_owned();
    Some(Verdict::violated(Anomaly::Overfetched, because, [handover.place]))
}

fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    replay.handovers.iter().find_map(|handover| {
        let prefetch = handover.overfetched?;
        let said = replay.said(handover);
        let because = format!("a delivery went to a consumer that held {prefetch}, its prefetch");
        let earlier = replay.handovers.iter().take_while(|earlier| earlier.place < handover.place);
        let latest: Vec<usize> = earlier
            .filter(|earlier| replay.said(earlier).channel == said.channel)
            .map(|earlier| earlier.place)
            .collect();
        let latest = latest.into_iter().rev().take(usize::from(prefetch));
        Some(Verdict::violated(Anomaly::Overfetched, because, latest.chain([handover.place])))
    })
}
