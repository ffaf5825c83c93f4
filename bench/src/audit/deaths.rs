//! What may come again, and what may come late, because a consumer died.
//!
//! A consumer that dies leaves three kinds of messages behind. What it held and had certainly not acknowledged has to
//! come again. What it had acknowledged so lately that the target may not have read it may come again: it holds at most
//! its prefetch, so whatever it was sent more than that many messages before is settled. And what was on its way to it
//! has been sent once without having arrived, so its first arrival is elsewhere, perhaps after later messages: as many
//! as its prefetch leaves room for, and none that was sent after the death. Everything else is an anomaly, as ever.

use std::collections::BTreeMap;

use crate::stamp::Stamp;

/// The end of a consumer.
#[derive(Clone, Copy, Debug)]
pub struct Death<'a> {
    /// What it had received and not acknowledged.
    pub held: &'a [Stamp],
    /// What it had acknowledged, perhaps too late to be heard.
    pub unsure: &'a [Stamp],
    /// How many messages it may have held.
    pub prefetch: u16,
}

/// What the deaths so far excuse.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    /// By producer and sequence number: whether it has to come again, or only may.
    pending: BTreeMap<(u16, u64), bool>,
    /// How many first arrivals may be late.
    late: u64,
    /// How many messages of each producer were sent when the last consumer died.
    sent: Vec<u64>,
    owed: u64,
    redelivered: u64,
}

impl Deaths {
    /// One more; `sent` is how many messages each producer had sent.
    pub fn note(&mut self, death: Death<'_>, sent: Vec<u64>) {
        let key = |stamp: &Stamp| (stamp.producer, stamp.sequence);
        for stamp in death.unsure {
            self.pending.entry(key(stamp)).or_insert(false);
        }
        for stamp in death.held {
            if self.pending.insert(key(stamp), true) != Some(true) {
                self.owed += 1;
            }
        }
        self.late += u64::from(death.prefetch).saturating_sub(death.held.len() as u64);
        self.sent = sent;
    }

    /// Whether a message that came before may come again.
    pub fn excuse_again(&mut self, stamp: Stamp) -> bool {
        let Some(is_owed) = self.pending.remove(&(stamp.producer, stamp.sequence)) else { return false };
        self.owed -= u64::from(is_owed);
        self.redelivered += 1;
        true
    }

    /// Whether a message that comes for the first time may come after later ones.
    pub fn excuse_late(&mut self, stamp: Stamp) -> bool {
        let was_sent = self.sent.get(usize::from(stamp.producer)).is_some_and(|sent| stamp.sequence < *sent);
        let is_excused = was_sent && self.late > 0;
        self.late -= u64::from(is_excused);
        is_excused
    }

    /// How many have to come again and have not yet.
    pub fn owed(&self) -> u64 {
        self.owed
    }

    /// How many of those that have to come again were confirmed.
    pub fn owed_of(&self, confirmed: &[u64]) -> u64 {
        let is_confirmed = |(producer, sequence): &(u16, u64)| {
            confirmed.get(usize::from(*producer)).is_some_and(|confirmed| sequence < confirmed)
        };
        self.pending.iter().filter(|(message, is_owed)| **is_owed && is_confirmed(message)).count() as u64
    }

    /// How many came again.
    pub fn redelivered(&self) -> u64 {
        self.redelivered
    }
}
