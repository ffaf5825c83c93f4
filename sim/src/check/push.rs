//! Push: no message stays ready while a consumer with credit is connected.
//!
//! By the broker's events this is exact and needs no clock: when a turn is over, everything that can be pushed was. A
//! message that stayed counts only if it is seen again, since otherwise it was not starved but lost.
//!
//! Clients see it only at the end: something is left ready, and a consumer of that queue is alive and has credit. Which
//! of them is served alone, where one is, they do not see.

use super::clients::Clients;
use super::replay::Replay;
use super::{Anomaly, Verdict};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = judge_end(clients);
    replay.map_or(seen.clone(), |replay| judge_waits(replay).or(seen))
}

fn judge_end(clients: &Clients<'_>) -> Verdict {
    let Some((place, left)) = clients.drained else {
        return Verdict::unknown("clients can only tell at the end, and the run did not come to its end");
    };
    let at = clients.at(place);
    let is_shared = |queue| !clients.queue(queue).single_active_consumer;
    for left in left.iter().filter(|left| left.ready > 0 && is_shared(left.queue)) {
        let mut consumers = clients.consumers.values().filter(|consumer| consumer.queue == left.queue);
        let idle = consumers.find(|consumer| {
            consumer.is_alive(clients, place, at)
                && clients.channel(consumer.channel).taken_by(consumer.started).is_some()
                && consumer.credit() != Some(0)
        });
        if let Some(consumer) = idle {
            let name = &clients.queue(left.queue).name;
            let because = format!("messages are left ready in '{name}', and a consumer has credit");
            return Verdict::violated(Anomaly::Starved, because, [consumer.started, place]);
        }
    }
    Verdict::Valid
}

fn judge_waits(replay: &Replay<'_>) -> Verdict {
    let mut starved = replay.waits.iter().filter_map(|(stay, waited)| Some((stay, *waited, replay.seen_again(*stay)?)));
    let Some((stay, waited, seen)) = starved.next() else { return Verdict::Valid };
    let stay = &replay.stays[*stay];
    let message = replay.entries[stay.entry].message;
    let because = format!("{message} stayed ready although a consumer had credit");
    Verdict::violated(Anomaly::Starved, because, [stay.since, waited, seen])
}
