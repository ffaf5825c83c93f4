//! No invention: what is delivered was published, to that queue or to one whose dead letters it takes, and is the same.
//!
//! A body that names no message was damaged, since everybody publishes bodies that do: it is corrupted. A publish that
//! failed did not happen; an unknown one may have.

use super::clients::{Clients, Received};
use super::replay::{Handover, Origin, Replay};
use super::{Anomaly, Verdict};

pub fn judge(clients: &Clients<'_>, replay: Option<&Replay<'_>>) -> Verdict {
    let seen = clients.deliveries.iter().find_map(|received| judge_received(clients, received));
    let handed =
        replay.and_then(|replay| replay.handovers.iter().find_map(|handover| judge_handover(replay, handover)));
    let died = replay.and_then(judge_passings);
    let found = [seen, handed, died].into_iter().flatten().reduce(Verdict::or);
    found.unwrap_or(Verdict::Valid)
}

fn judge_received(clients: &Clients<'_>, received: &Received) -> Option<Verdict> {
    let (said, place) = (clients.said(received), received.place);
    let queue = &clients.queue(said.queue).name;
    let Some(message) = said.message else {
        let because = format!("a body from '{queue}' names no message");
        return Some(Verdict::violated(Anomaly::Corrupted, because, [place]));
    };
    let invented = |because: String| Some(Verdict::violated(Anomaly::Invented, because, [place]));
    let mut earlier = clients.published(message).take_while(|publish| publish.invoked < place).peekable();
    let Some(first) = earlier.peek().map(|publish| publish.invoked) else {
        return invented(format!("{message} was delivered from '{queue}' and was not published before"));
    };
    if clients.copies(said.queue, message) == Some(0) {
        return invented(format!("{message} was delivered from '{queue}' and was not published to it"));
    }
    if earlier.all(|publish| publish.digest != said.digest) {
        let because = format!("{message} was delivered from '{queue}' with other bytes or properties than published");
        return Some(Verdict::violated(Anomaly::Corrupted, because, [first, place]));
    }
    None
}

fn judge_handover(replay: &Replay<'_>, handover: &Handover) -> Option<Verdict> {
    let said = replay.said(handover);
    let Some(message) = said.message else {
        let because = "the broker delivered a body that names no message";
        return Some(Verdict::violated(Anomaly::Corrupted, because, [handover.place]));
    };
    if let Some(taken) = handover.corrupted {
        let because = format!("the broker delivered {message} with other bytes or properties than it took");
        return Some(Verdict::violated(Anomaly::Corrupted, because, [taken, handover.place]));
    }
    (handover.from == Origin::Nowhere).then(|| {
        let because = format!("the broker delivered {message} from a queue that had not taken it");
        Verdict::violated(Anomaly::Invented, because, [handover.place])
    })
}

fn judge_passings(replay: &Replay<'_>) -> Option<Verdict> {
    replay.passings.iter().find_map(|passing| {
        let because = "a message died with other bytes or properties than were taken";
        passing.corrupted.map(|taken| Verdict::violated(Anomaly::Corrupted, because, [taken, passing.place]))
    })
}
