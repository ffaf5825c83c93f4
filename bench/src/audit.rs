//! The checker of benchmark runs: what was confirmed must arrive, once, whole and in order.
//!
//! A figure of a run that lost or reordered something is no figure. It judges what clients see and nothing else, so that
//! it is the same for every target; the invariants of the broker itself are judged in the simulated world.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;

/// What was found out about a run, in counts. All zero is a run as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Messages that were confirmed and never arrived.
    pub lost: u64,
    /// Arrivals of messages that had arrived before.
    pub duplicated: u64,
    /// First arrivals at a consumer that had already been sent a later message of the same producer.
    pub reordered: u64,
    /// Messages whose body was not what was sent.
    pub corrupted: u64,
    /// Messages that nobody sent.
    pub invented: u64,
}

/// What arrived in a run.
#[derive(Debug)]
pub struct Audit {
    run: u8,
    body_bytes: usize,
    producers: Vec<Arrivals>,
    /// For each consumer and producer, one more than the highest number that it was sent.
    heights: Vec<Vec<u64>>,
    findings: Findings,
}

/// Which messages of a producer have arrived.
#[derive(Clone, Debug, Default)]
struct Arrivals {
    /// One bit a message.
    seen: Vec<u64>,
}

impl Arrivals {
    /// Notes a message; whether it is its first arrival.
    fn note(&mut self, sequence: u64) -> bool {
        let (word, bit) = ((sequence / 64) as usize, 1 << (sequence % 64));
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        let is_first = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        is_first
    }

    /// How many of the first `count` have not arrived.
    fn missing(&self, count: u64) -> u64 {
        let has_arrived = |sequence: &u64| {
            let word = self.seen.get((sequence / 64) as usize).copied().unwrap_or_default();
            word & (1 << (sequence % 64)) != 0
        };
        count - (0..count).filter(has_arrived).count() as u64
    }
}

impl Audit {
    /// Nothing has arrived. `run` and `body_bytes` are what this run's stamps say and how long its bodies are.
    pub fn new(run: u8, body_bytes: usize, producers: usize, consumers: usize) -> Self {
        Audit {
            run,
            body_bytes,
            producers: vec![Arrivals::default(); producers],
            heights: vec![vec![0; producers]; consumers],
            findings: Findings::default(),
        }
    }

    /// Notes what a consumer got, sent `sent` messages by its producer so far. Returns the stamp of a message that
    /// arrives for the first time.
    pub fn arrived(&mut self, consumer: usize, body: &[u8], sent: impl Fn(u16) -> u64) -> Option<Stamp> {
        let Some(stamp) = Stamp::read(body, self.body_bytes) else {
            self.findings.corrupted += 1;
            return None;
        };
        let producer = usize::from(stamp.producer);
        if stamp.run != self.run || producer >= self.producers.len() || stamp.sequence >= sent(stamp.producer) {
            self.findings.invented += 1;
            return None;
        }
        if !self.producers[producer].note(stamp.sequence) {
            self.findings.duplicated += 1;
            return None;
        }
        let height = &mut self.heights[consumer][producer];
        if stamp.sequence < *height {
            self.findings.reordered += 1;
        }
        *height = (*height).max(stamp.sequence + 1);
        Some(stamp)
    }

    /// What was found when everything that can arrive has, given how many of each producer's messages were confirmed
    /// (the first ones, without gaps).
    pub fn finish(&self, confirmed: &[u64]) -> Findings {
        let lost = self.producers.iter().zip(confirmed).map(|(producer, confirmed)| producer.missing(*confirmed)).sum();
        Findings { lost, ..self.findings }
    }
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        *self == Findings::default()
    }
}

impl fmt::Display for Findings {
    /// What is wrong, in words; "valid" if nothing is.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { lost, duplicated, reordered, corrupted, invented } = *self;
        let counts = [lost, duplicated, reordered, corrupted, invented];
        let names = ["lost", "duplicated", "reordered", "corrupted", "invented"];
        let wrong = counts.iter().zip(names).filter(|(count, _)| **count > 0);
        let words: Vec<String> = wrong.map(|(count, name)| format!("{count} {name}")).collect();
        formatter.write_str(if words.is_empty() { "valid".to_owned() } else { words.join(", ") }.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY_BYTES: usize = 20;

    fn audit() -> Audit {
        Audit::new(1, BODY_BYTES, 2, 2)
    }

    /// Message `sequence` of `producer` arrives at `consumer`; ten of each producer were sent.
    fn arrive(audit: &mut Audit, consumer: usize, producer: u16, sequence: u64) -> bool {
        let mut body = Vec::new();
        Stamp { run: 1, producer, sequence, intended_ns: 0 }.write(BODY_BYTES, &mut body);
        audit.arrived(consumer, &body, |_| 10).is_some()
    }

    #[test]
    fn competing_consumers_may_each_see_a_part_in_order() {
        let mut audit = audit();
        for (consumer, sequence) in [(0, 0), (1, 1), (1, 3), (0, 2)] {
            assert!(arrive(&mut audit, consumer, 0, sequence));
        }
        assert!(audit.finish(&[4, 0]).is_clean());
    }

    #[test]
    fn what_was_confirmed_and_did_not_arrive_is_lost() {
        let mut audit = audit();
        arrive(&mut audit, 0, 0, 0);
        arrive(&mut audit, 0, 0, 2);
        assert_eq!(audit.finish(&[3, 1]), Findings { lost: 2, ..Findings::default() });
        assert_eq!(audit.finish(&[1, 0]), Findings::default());
    }

    #[test]
    fn each_anomaly_is_counted_by_its_name() {
        let mut audit = audit();
        arrive(&mut audit, 0, 1, 5);
        assert!(!arrive(&mut audit, 1, 1, 5));
        assert!(arrive(&mut audit, 0, 1, 4));
        assert!(!arrive(&mut audit, 0, 1, 10));
        assert!(!arrive(&mut audit, 0, 2, 0));
        assert!(audit.arrived(0, &[0; BODY_BYTES], |_| 10).is_none());
        let found = audit.finish(&[0, 0]);
        assert_eq!(found, Findings { lost: 0, duplicated: 1, reordered: 1, corrupted: 1, invented: 2 });
        assert_eq!(found.to_string(), "1 duplicated, 1 reordered, 1 corrupted, 2 invented");
    }
}
