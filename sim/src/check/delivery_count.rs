//! Delivery count: the n-th delivery of a message says n - 1, it says redelivered if that is not 0, and it says what
//! deaths the message died.
//!
//! Clients may miss deliveries that were on their way when a consumer was lost, and each such loss takes a channel
//! with it. So for them the count may skip upward, by at most as many as there were channels lost, but no count comes
//! twice, and none comes down once the earlier delivery was received.

use super::clients::{Clients, Life, Received};
use super::replay::{Origin, Replay};
use super::succession::{Succession, successions};
use super::{Anomaly, Verdict};
use crate::history::{MessageId, QueueId};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let lives = || clients.lives.iter().filter(|(_, life)| !life.deliveries.is_empty());
    let found = [
        clients.deliveries.iter().find_map(|received| judge_flag(clients, received)),
        clients.deliveries.iter().find_map(|received| judge_deaths(clients, received)),
        judge_successions(clients),
        lives().find_map(|((queue, message), life)| judge_life(clients, *queue, *message, life)),
        replay.and_then(judge_handovers),
    ];
    found.into_iter().flatten().reduce(Verdict::or).unwrap_or(Verdict::Valid)
}

fn miscounted(because: String, places: impl IntoIterator<Item = usize>) -> Option<Verdict> {
    Some(Verdict::violated(Anomaly::Miscounted, because, places))
}

fn judge_flag(clients: &Clients<'_>, received: &Received) -> Option<Verdict> {
    let said = clients.said(received);
    if said.redelivered == (said.delivery_count > 0) {
        return None;
    }
    let because = format!("the redelivered flag of {} contradicts its delivery count", clients.name(received));
    miscounted(because, [received.place])
}

/// Where messages cannot go round, each has died at most once in each queue that it came through, and last in one
/// whose dead letters come here.
fn judge_deaths(clients: &Clients<'_>, received: &Received) -> Option<Verdict> {
    let said = clients.said(received);
    let message = said.message?;
    clients.copies(said.queue, message).filter(|copies| *copies > 0)?;
    let mut sources = clients.sources(said.queue).iter();
    let is_published_here = clients.published(message).any(|publish| publish.queue == said.queue);
    let is_right = match said.deaths.first() {
        None => is_published_here,
        Some(latest) => sources.any(|source| clients.queue(*source).name == latest.queue),
    };
    if is_right && said.deaths.iter().all(|death| death.count == 1) {
        return None;
    }
    miscounted(format!("{message} says that it died where or how often it cannot have"), [received.place])
}

fn judge_successions(clients: &Clients<'_>) -> Option<Verdict> {
    let found = successions(clients).filter_map(|(first, second, succession)| {
        let name = clients.name(first);
        let because = match succession {
            Succession::Repeated => format!("two deliveries of {name} say the same count"),
            Succession::Descending => format!("{name} says a lower count than before"),
            _ => return None,
        };
        let returned = clients.settlement(first).map(|settlement| settlement.place);
        miscounted(because, [first.place, second.place].into_iter().chain(returned))
    });
    found.reduce(Verdict::or)
}

fn judge_life(clients: &Clients<'_>, queue: QueueId, message: MessageId, life: &Life) -> Option<Verdict> {
    let copies = clients.copies(queue, message)?;
    let deliveries = clients.by_count(life);
    if copies == 1 {
        return judge_skips(clients, message, &deliveries);
    }
    let count = |received: &Received| clients.said(received).delivery_count;
    let mut same = deliveries.chunk_by(|first, second| count(first) == count(second));
    let same = same.find(|same| same.len() > copies && count(same[0]) > 0)?;
    let because = format!("{message} was taken {copies} times at most, and more deliveries say the same count");
    miscounted(because, same.iter().map(|received| received.place))
}

fn judge_skips(clients: &Clients<'_>, message: MessageId, deliveries: &[&Received]) -> Option<Verdict> {
    let published = clients.published(message).next()?.invoked;
    let (_, received) = deliveries.iter().enumerate().find(|(earlier, received)| {
        let said = clients.said(received);
        let unseen = (said.delivery_count as usize).saturating_sub(*earlier);
        unseen > clients.losses(said.queue, received.place)
    })?;
    let because = format!("{message} says that it came back more often than it can have");
    let seen = deliveries.iter().map(|received| received.place).take_while(|place| *place < received.place);
    miscounted(because, seen.chain([published, received.place]))
}

fn judge_handovers(replay: &Replay<'_>) -> Option<Verdict> {
    replay.handovers.iter().find_map(|handover| {
        let (Origin::Ready(stay), Some(entry)) = (handover.from, handover.entry) else { return None };
        let (said, entry) = (replay.said(handover), &replay.entries[entry]);
        let is_counted = said.delivery_count == handover.expected_count;
        if is_counted && said.redelivered == (said.delivery_count > 0) && handover.has_right_deaths {
            return None;
        }
        let (message, count) = (entry.message, handover.expected_count);
        let because =
            format!("{message} had come back {count} times, and its delivery says otherwise or forgets a death");
        miscounted(because, [entry.taken, replay.stays[stay].since, handover.place])
    })
}
