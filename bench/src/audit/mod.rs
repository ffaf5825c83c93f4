//! The checker of benchmark runs: what was confirmed must arrive, once, whole and in order.
//!
//! A figure of a run that lost or reordered something is no figure. It judges what clients see and nothing else, so that
//! it is the same for every target; the invariants of the broker itself are judged in the simulated world.

mod arrivals;
mod deaths;
mod rejects;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::arrivals::Arrivals;
pub use self::deaths::Death;
use self::deaths::Deaths;
use self::rejects::{DeadLetter, Rejects};
use crate::stamp::Stamp;

/// What was found out about a run, in counts. All zero is a run as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Messages that were confirmed and never arrived; or that came to a consumer which died with them, or rejected them,
    /// and did not come from where they should be next.
    pub lost: u64,
    /// Arrivals of messages that had arrived before, and were not held by a consumer that died.
    pub duplicated: u64,
    /// First arrivals at a consumer that had already been sent a later message of the same producer.
    pub reordered: u64,
    /// Messages whose body was not what was sent.
    pub corrupted: u64,
    /// Messages that nobody sent, or that came from the dead letter queue and nobody rejected.
    pub invented: u64,
}

/// What arrived in a run.
#[derive(Debug)]
pub struct Audit {
    run: u8,
    producers: Vec<Arrivals>,
    /// For each consumer and producer, one more than the highest number that it was sent.
    heights: Vec<Vec<u64>>,
    deaths: Deaths,
    rejects: Rejects,
    findings: Findings,
}

impl Audit {
    /// Nothing has arrived. `run` is what this run's stamps say.
    pub fn new(run: u8, producers: usize, consumers: usize) -> Self {
        Audit {
            run,
            producers: vec![Arrivals::default(); producers],
            heights: vec![vec![0; producers]; consumers],
            deaths: Deaths::default(),
            rejects: Rejects::new(producers, consumers),
            findings: Findings::default(),
        }
    }

    /// Notes bodies that carried no stamp, or were not what was sent.
    pub fn corrupted(&mut self, count: u64) {
        self.findings.corrupted += count;
    }

    /// Notes what a consumer got, `sent` messages of its producer having been sent so far. Whether it arrives for the
    /// first time.
    pub fn arrived(&mut self, consumer: usize, stamp: Stamp, sent: impl Fn(u16) -> u64) -> bool {
        let producer = usize::from(stamp.producer);
        if !self.is_of_this_run(stamp) || stamp.sequence >= sent(stamp.producer) {
            self.findings.invented += 1;
            return false;
        }
        if !self.producers[producer].note(stamp.sequence) {
            if !self.deaths.excuse_again(stamp) {
                self.findings.duplicated += 1;
            }
            return false;
        }
        let height = &mut self.heights[consumer][producer];
        if stamp.sequence < *height && !self.deaths.excuse_late(stamp) {
            self.findings.reordered += 1;
        }
        *height = (*height).max(stamp.sequence + 1);
        true
    }

    fn is_of_this_run(&self, stamp: Stamp) -> bool {
        stamp.run == self.run && usize::from(stamp.producer) < self.producers.len()
    }

    /// A consumer died, and another one is about to take its place; `sent` is how many messages each producer had sent.
    pub fn died(&mut self, consumer: usize, death: Death<'_>, sent: Vec<u64>) {
        self.heights[consumer].fill(0);
        self.deaths.note(death, sent);
    }

    /// How many messages have to come again, since they were held by whoever died, and have not yet.
    pub fn owed(&self) -> u64 {
        self.deaths.owed()
    }

    /// How many messages came again, and had a reason to.
    pub fn redelivered(&self) -> u64 {
        self.deaths.redelivered()
    }

    /// Notes that a message which arrived is rejected.
    pub fn rejected(&mut self, stamp: Stamp) {
        self.rejects.rejected(stamp);
    }

    /// Notes what came from the dead letter queue. Whether it was rejected and comes for the first time.
    pub fn dead_lettered(&mut self, stamp: Stamp) -> bool {
        let arrived = if self.is_of_this_run(stamp) { self.rejects.arrived(stamp) } else { DeadLetter::Unasked };
        match arrived {
            DeadLetter::AsItShouldBe => {}
            DeadLetter::Late => self.findings.reordered += 1,
            DeadLetter::Duplicated => self.findings.duplicated += 1,
            DeadLetter::Unasked => self.findings.invented += 1,
        }
        matches!(arrived, DeadLetter::AsItShouldBe | DeadLetter::Late)
    }

    /// What was found when everything that can arrive has, given how many of each producer's messages were confirmed
    /// (the first ones, without gaps).
    pub fn finish(&self, confirmed: &[u64]) -> Findings {
        let never: u64 = self.producers.iter().zip(confirmed).map(|(producer, count)| producer.missing(*count)).sum();
        let lost = never + self.deaths.owed_of(confirmed) + self.rejects.missing();
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
