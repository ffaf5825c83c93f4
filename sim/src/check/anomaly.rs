//! The names of what can go wrong, and of what is promised.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A way in which a broker breaks a promise. Each has one name, in code, output and report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Anomaly {
    /// A message that was confirmed is nowhere.
    Lost,
    /// A message was delivered that was not published, or not there.
    Invented,
    /// A message was delivered with other bytes or properties than it was published with.
    Corrupted,
    /// A message was delivered after the broker had taken its acknowledgement.
    Resurrected,
    /// Messages were delivered in another order than the queue's.
    Reordered,
    /// A message was delivered while somebody held it.
    DoubleHeld,
    /// A delivery says wrongly how often the message was delivered or died before.
    Miscounted,
    /// A message became a dead letter before its limit, or without a cause.
    DeadLetteredEarly,
    /// A message was delivered again after it should have died.
    DeadLetteredLate,
    /// A message became a dead letter more than once for one cause.
    DeadLetteredTwice,
    /// A message should have become a dead letter and did not.
    DeadLetteredNever,
    /// A consumer got more than its prefetch allows.
    Overfetched,
    /// A message stayed ready while a consumer with credit was connected.
    Starved,
    /// The broker still holds what is gone, or its counts do not add up.
    Leaked,
    /// A limit did not hold.
    Unbounded,
}

impl Anomaly {
    /// All of them.
    pub const ALL: [Anomaly; 15] = [
        Anomaly::Lost,
        Anomaly::Invented,
        Anomaly::Corrupted,
        Anomaly::Resurrected,
        Anomaly::Reordered,
        Anomaly::DoubleHeld,
        Anomaly::Miscounted,
        Anomaly::DeadLetteredEarly,
        Anomaly::DeadLetteredLate,
        Anomaly::DeadLetteredTwice,
        Anomaly::DeadLetteredNever,
        Anomaly::Overfetched,
        Anomaly::Starved,
        Anomaly::Leaked,
        Anomaly::Unbounded,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Anomaly::Lost => "lost",
            Anomaly::Invented => "invented",
            Anomaly::Corrupted => "corrupted",
            Anomaly::Resurrected => "resurrected",
            Anomaly::Reordered => "reordered",
            Anomaly::DoubleHeld => "double-held",
            Anomaly::Miscounted => "miscounted",
            Anomaly::DeadLetteredEarly => "dead-lettered early",
            Anomaly::DeadLetteredLate => "dead-lettered late",
            Anomaly::DeadLetteredTwice => "dead-lettered twice",
            Anomaly::DeadLetteredNever => "dead-lettered never",
            Anomaly::Overfetched => "overfetched",
            Anomaly::Starved => "starved",
            Anomaly::Leaked => "leaked",
            Anomaly::Unbounded => "unbounded",
        }
    }
}

impl From<Anomaly> for &'static str {
    fn from(anomaly: Anomaly) -> Self {
        anomaly.as_str()
    }
}

impl TryFrom<String> for Anomaly {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Anomaly::ALL.into_iter().find(|anomaly| anomaly.as_str() == name).ok_or_else(|| {
            let names = Anomaly::ALL.map(Anomaly::as_str).join(", ");
            format!("no anomaly '{name}': expected one of {names}")
        })
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A promise of the broker, and so a row of a [`Report`](super::Report).
///
/// The promise about crashes has no anomaly of its own: a message that a closed connection keeps is leaked, one that
/// waits although it was given back is starved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Invariant {
    /// A confirmed message is never silently gone.
    AtLeastOnce,
    /// What is delivered was published, and is the same.
    NoInvention,
    /// What was acknowledged is never delivered again.
    DestructiveRead,
    /// Messages come in the order of their queue.
    Fifo,
    /// A message is in one place at a time.
    OneHolder,
    /// Deliveries say how often the message was delivered before.
    DeliveryCount,
    /// Messages become dead letters exactly when they should.
    DeadLetter,
    /// No consumer holds more than its prefetch.
    Prefetch,
    /// No message waits while a consumer could have it.
    Push,
    /// The broker's counts add up.
    Conservation,
    /// Limits hold.
    Bounded,
}

impl Invariant {
    /// The contract's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Invariant::AtLeastOnce => "at-least-once",
            Invariant::NoInvention => "no invention",
            Invariant::DestructiveRead => "destructive read",
            Invariant::Fifo => "FIFO",
            Invariant::OneHolder => "one holder",
            Invariant::DeliveryCount => "delivery count",
            Invariant::DeadLetter => "dead letter",
            Invariant::Prefetch => "prefetch",
            Invariant::Push => "push",
            Invariant::Conservation => "conservation",
            Invariant::Bounded => "bounded",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_contracts() {
        let names = Anomaly::ALL.map(Anomaly::as_str).join(", ");
        assert_eq!(
            names,
            "lost, invented, corrupted, resurrected, reordered, double-held, miscounted, dead-lettered early, \
             dead-lettered late, dead-lettered twice, dead-lettered never, overfetched, starved, leaked, unbounded"
        );
    }
}
