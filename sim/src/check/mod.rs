//! The invariants: what a history says about the broker's promises.
//!
//! [`check`] gives a verdict for each [`Invariant`]: valid, violated with the smallest witness, or unknown, which is
//! not valid. It costs O(n log n) in the history. It knows nothing of the simulated world, so runs on real TCP are
//! judged by the same code.
//!
//! Every promise is judged from two sides, and either may find it broken:
//!
//! - from the clients' side (`clients`), which every history has. There the network blurs order and endings, so a
//!   judge only speaks up when no correct broker, with whatever delays, could have caused what clients saw;
//! - from the broker's side (`replay`), where it was recorded. There the order is exact, and so are the judges.
//!
//! What a judge may assume is that the history is honest: faults are recorded before they act, requests before they
//! are sent, and everything that publishes or consumes is recorded.

mod anomaly;
mod bounded;
mod clients;
mod conservation;
mod dead_letter;
mod delivery_count;
mod destructive_read;
mod fate;
mod fifo;
mod invention;
mod lost;
mod one_holder;
mod prefetch;
mod push;
mod replay;
mod report;
mod succession;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use anomaly::{Anomaly, Invariant};
use clients::Clients;
use replay::Replay;
pub use report::{Report, Verdict, Witness};

use crate::history::History;

/// A history that cannot be read: it names something that it did not introduce before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("event {place} names {what} that the history does not know")]
struct Malformed {
    place: usize,
    what: &'static str,
}

impl Malformed {
    fn new(place: usize, what: &'static str) -> Self {
        Malformed { place, what }
    }
}

/// Judges a history. One that contradicts itself (it names a queue or a channel that it does not know) is unknown in
/// everything.
pub fn check(history: &History) -> Report {
    type Judge = fn(&Clients<'_>, Option<&Replay<'_>>) -> Verdict;
    let judges: [(Invariant, Judge); 11] = [
        (Invariant::AtLeastOnce, lost::judge),
        (Invariant::NoInvention, invention::judge),
        (Invariant::DestructiveRead, destructive_read::judge),
        (Invariant::Fifo, fifo::judge),
        (Invariant::OneHolder, one_holder::judge),
        (Invariant::DeliveryCount, delivery_count::judge),
        (Invariant::DeadLetter, dead_letter::judge),
        (Invariant::Prefetch, prefetch::judge),
        (Invariant::Push, push::judge),
        (Invariant::Conservation, conservation::judge),
        (Invariant::Bounded, bounded::judge),
    ];
    let clients = Clients::read(history);
    let replay = Replay::read(history);
    let verdicts = judges.map(|(invariant, judge)| {
        let verdict = match &clients {
            Ok(clients) => judge(clients, replay.as_ref()).told(history),
            Err(malformed) => Verdict::unknown(malformed.to_string()),
        };
        (invariant, verdict)
    });
    Report { verdicts: verdicts.into() }
}
