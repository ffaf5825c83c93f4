//! The advice: a verdict, what it rests on, and where it would be another.

use std::collections::BTreeMap;
use std::fmt;

use handoff_scenarios::Architecture;
use serde::Serialize;

use super::figures::Figures;

/// What is advised.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// Which architecture, if any.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub sentence: String,
    /// Why this one, and why not the others: a sentence each.
    pub reasons: Vec<String>,
    /// What was found of each.
    pub architectures: BTreeMap<Architecture, Assessment>,
    /// Where the answer tips.
    pub tips: Vec<Tip>,
    /// The seed from which it can be had again.
    pub seed: u64,
}

/// One architecture, or none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A synchronous call.
    Sync,
    /// A message on a queue.
    Queue,
    /// A record in a log.
    Log,
    /// None does as things are.
    None,
}

impl Verdict {
    /// The architecture that is advised.
    pub fn architecture(self) -> Option<Architecture> {
        Architecture::ALL.into_iter().find(|architecture| Verdict::from(*architecture) == self)
    }
}

impl From<Architecture> for Verdict {
    fn from(architecture: Architecture) -> Verdict {
        match architecture {
            Architecture::Sync => Verdict::Sync,
            Architecture::Queue => Verdict::Queue,
            Architecture::Log => Verdict::Log,
        }
    }
}

/// What was found of one architecture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// Why it is out by its nature; empty if it is not.
    pub ruled_out: Vec<String>,
    /// Why its figures are not good enough; empty if they are.
    pub shortcomings: Vec<String>,
    /// What whoever chooses it has to run and to watch.
    pub to_operate: &'static str,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Assessment {
    /// Whether it would do.
    pub fn is_possible(&self) -> bool {
        self.ruled_out.is_empty() && self.shortcomings.is_empty()
    }
}

/// A value at which an answer becomes another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tip {
    /// Whose.
    pub architecture: Architecture,
    /// Which value.
    pub quantity: Quantity,
    /// The last at which things are as they should be.
    pub at: f64,
    /// The same in a sentence.
    pub text: String,
}

/// What can be turned until the answer tips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Mean arrivals per second.
    RatePerS,
    /// The mean work, in milliseconds.
    WorkMs,
    /// Workers.
    Workers,
    /// Threads of the front end.
    Threads,
    /// Partitions of the log.
    Partitions,
}

impl fmt::Display for Tip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
