//! What a scenario claims, in an expression that a machine can judge.
//!
//! The language: `[k *] subject.metric (<|<=|==|>=|>) ([k *] subject.metric | number)`, for example
//! `sync.response_p99_ms >= 10 * queue.response_p99_ms`. A subject is an architecture, or a variant of the scenario on
//! one, as in `sync[retry-budget]`. The metrics are those of [`METRICS`](crate::outcome::METRICS).

mod expression;
mod judgement;
mod subject;

use serde::{Deserialize, Serialize};

pub use expression::{ClaimError, Comparison, Expression, Figure, Term};
pub use judgement::{Judgement, Outcomes, Verdict, judge};
pub use subject::{Subject, UnknownSubject};

/// `[[claim]]`: something that must come out of a run, and why it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What must hold.
    #[serde(rename = "claim")]
    pub expression: Expression,
    /// Why, in a sentence.
    pub because: String,
}
