//! Two deliveries of one message that follow each other: what must have happened between them, as clients see it.
//!
//! Only for messages that their queue can have taken once: then deliveries are ordered by their counts. The second
//! delivery was sent after the first one was given back, so if it was not given back, something is wrong whatever the
//! network did.

use super::clients::{Clients, Received, Settlement, SettlementKind};

/// How a delivery follows another.
pub enum Succession {
    /// The first was given back, or may have been.
    Fine,
    /// Both say the same count, although the first was given back in between.
    Repeated,
    /// The second, which says the higher count, was received before the first can have been sent.
    Descending,
    /// The first was acknowledged, and that was taken.
    AfterAcknowledgement(Settlement),
    /// The first was rejected for good, and that was taken.
    AfterDiscard(Settlement),
    /// The first was still held.
    WhileHeld,
    /// Both are first deliveries of a dead letter: the queue was given it twice.
    DeadLetteredTwice,
}

/// All pairs of deliveries that follow each other, with the pair's kind, in the order of queues and messages.
pub fn successions<'c>(clients: &'c Clients<'_>) -> impl Iterator<Item = (&'c Received, &'c Received, Succession)> {
    let lives = clients.lives.iter().filter(|(_, life)| life.deliveries.len() > 1);
    let single = lives.filter(|((queue, message), _)| clients.is_single(*queue, *message));
    single.flat_map(|(_, life)| {
        let deliveries = clients.by_count(life);
        let pairs: Vec<_> = deliveries.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().map(|(first, second)| (first, second, succession(clients, first, second)))
    })
}

fn succession(clients: &Clients<'_>, first: &Received, second: &Received) -> Succession {
    let said = clients.said(first);
    let is_same_count = said.delivery_count == clients.said(second).delivery_count;
    if is_same_count && said.delivery_count == 0 && !clients.sources(said.queue).is_empty() {
        return Succession::DeadLetteredTwice;
    }
    if second.place < first.sent_after {
        return Succession::Descending;
    }
    let may_be_given_up = clients.may_be_given_up(first, second.place);
    let given_back = if is_same_count { Succession::Repeated } else { Succession::Fine };
    let Some(settlement) = clients.settlement(first) else {
        return if may_be_given_up { given_back } else { Succession::WhileHeld };
    };
    // If the settlement was taken, the channel held the message until then; if the channel cannot have been given up,
    // it held it at least until the settlement was sent.
    if clients.taken_by(&settlement).is_none() && may_be_given_up {
        return given_back;
    }
    match settlement.kind {
        _ if settlement.place > second.place => Succession::WhileHeld,
        SettlementKind::Requeue => given_back,
        SettlementKind::Acknowledge => Succession::AfterAcknowledgement(settlement),
        SettlementKind::Discard => Succession::AfterDiscard(settlement),
    }
}
