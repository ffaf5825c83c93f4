//! What a judge says.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::anomaly::{Anomaly, Invariant};
use crate::history::History;

/// What a history says about one invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum Verdict {
    /// A correct broker can have done this, and the history shows what is needed to say so.
    Valid,
    /// No correct broker can have done this: the witness shows why.
    Violated { anomaly: Anomaly, witness: Witness },
    /// The history does not show what is needed; says what is missing.
    Unknown { reason: String },
}

/// The few events that show a violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// What is wrong, in one sentence.
    pub because: String,
    /// The places of the events in the history, in order. The last one is where it shows.
    pub places: Vec<usize>,
    /// The events as a story, one line each: when, who, what.
    pub story: String,
}

impl Verdict {
    /// A violation; its story is told when the report is made.
    pub(super) fn violated(
        anomaly: Anomaly,
        because: impl Into<String>,
        places: impl IntoIterator<Item = usize>,
    ) -> Self {
        let mut places: Vec<usize> = places.into_iter().collect();
        places.sort_unstable();
        places.dedup();
        let witness = Witness { because: because.into(), places, story: String::new() };
        Verdict::Violated { anomaly, witness }
    }

    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Verdict::Unknown { reason: reason.into() }
    }

    /// The verdict of two judges of the same promise who know different things and are never wrong: the violation that
    /// shows first, else valid if one of them can tell.
    pub(super) fn or(self, other: Verdict) -> Verdict {
        match (&self, &other) {
            (Verdict::Violated { .. }, Verdict::Violated { .. }) if other.shows_at() < self.shows_at() => other,
            (Verdict::Violated { .. }, _) => self,
            (_, Verdict::Violated { .. }) | (Verdict::Unknown { .. }, Verdict::Valid) => other,
            _ => self,
        }
    }

    /// The verdict with its story.
    pub(super) fn told(mut self, history: &History) -> Verdict {
        if let Verdict::Violated { witness, .. } = &mut self {
            witness.story = history.story(&witness.places);
        }
        self
    }

    /// The anomaly, if it is one.
    pub fn anomaly(&self) -> Option<Anomaly> {
        match self {
            Verdict::Violated { anomaly, .. } => Some(*anomaly),
            _ => None,
        }
    }

    /// Where a violation shows.
    fn shows_at(&self) -> Option<usize> {
        match self {
            Verdict::Violated { witness, .. } => witness.places.last().copied(),
            _ => None,
        }
    }
}

/// The verdicts on a history, one for each invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The verdicts.
    pub verdicts: BTreeMap<Invariant, Verdict>,
}

impl Report {
    /// All invariants together: the violation that shows first, else unknown if one is, else valid.
    pub fn overall(&self) -> &Verdict {
        let verdicts = || self.verdicts.values();
        let first = verdicts().filter(|verdict| verdict.shows_at().is_some()).min_by_key(|verdict| verdict.shows_at());
        let unknown = || verdicts().find(|verdict| matches!(verdict, Verdict::Unknown { .. }));
        first.or_else(unknown).unwrap_or(&Verdict::Valid)
    }

    /// Every anomaly that was found. What follows from the first one may come with it.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        self.verdicts.values().filter_map(Verdict::anomaly).collect()
    }
}

impl fmt::Display for Report {
    /// A line for each invariant; under a violated one its story.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (invariant, verdict) in &self.verdicts {
            match verdict {
                Verdict::Valid => writeln!(formatter, "{invariant}: valid")?,
                Verdict::Unknown { reason } => writeln!(formatter, "{invariant}: unknown, {reason}")?,
                Verdict::Violated { anomaly, witness } => {
                    writeln!(formatter, "{invariant}: violated, {anomaly}: {}", witness.because)?;
                    formatter.write_str(&witness.story)?;
                }
            }
        }
        Ok(())
    }
}
