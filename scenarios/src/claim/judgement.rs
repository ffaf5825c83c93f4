//! Claims against outcomes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::subject::Subject;
use super::{Claim, Expression, Figure, Term};
use crate::outcome::Outcome;

/// What came out of one seed, for each architecture and variant that was played.
pub type Outcomes = BTreeMap<Subject, Outcome>;

/// What the outcomes say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// It holds for every seed.
    Holds,
    /// It does not hold for at least one seed, or a figure that it speaks of was not measured.
    Fails,
    /// An architecture that it speaks of was not played, or not in this variant.
    Unjudged,
}

/// A claim, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The claim.
    pub claim: String,
    /// Why it is made.
    pub because: String,
    /// Whether it holds.
    pub judgement: Judgement,
    /// The measured values: of the first seed for which it fails, or else of the first seed.
    pub message: String,
    /// The seeds for which it fails.
    pub failing_seeds: Vec<u64>,
}

/// Judges `claim` by the outcomes of each seed.
pub fn judge(claim: &Claim, runs: &[(u64, Outcomes)]) -> Verdict {
    let judged: Vec<_> = runs.iter().map(|(seed, outcomes)| (*seed, claim.expression.judge(outcomes))).collect();
    let found = |wanted| judged.iter().find(|(_, (judgement, _))| *judgement == wanted);
    let shown = found(Judgement::Fails).or_else(|| found(Judgement::Unjudged)).or_else(|| judged.first());
    let (judgement, message) = match shown {
        Some((seed, (judgement, message))) => (*judgement, format!("seed {seed}: {message}")),
        None => (Judgement::Unjudged, "nothing was played".to_owned()),
    };
    let failing = judged.iter().filter(|(_, (judgement, _))| *judgement == Judgement::Fails);
    Verdict {
        claim: claim.expression.to_string(),
        because: claim.because.clone(),
        judgement,
        message,
        failing_seeds: failing.map(|(seed, _)| *seed).collect(),
    }
}

impl Expression {
    /// Whether it holds for one seed's outcomes, and the measured values.
    fn judge(&self, outcomes: &Outcomes) -> (Judgement, String) {
        let values = self.left.measure(outcomes).and_then(|left| Ok((left, self.right.measure(outcomes)?)));
        match values {
            Ok((left, right)) => {
                let judgement = if self.comparison.holds(left, right) { Judgement::Holds } else { Judgement::Fails };
                (judgement, format!("{}, {}", self.left.show(left), self.right.show(right)))
            }
            Err((judgement, message)) => (judgement, message),
        }
    }
}

impl Term {
    fn measure(&self, outcomes: &Outcomes) -> Result<f64, (Judgement, String)> {
        match self {
            Term::Figure(figure) => figure.measure(outcomes),
            Term::Number(number) => Ok(*number),
        }
    }

    fn show(&self, value: f64) -> String {
        match self {
            Term::Figure(figure) => figure.show(value),
            Term::Number(number) => format!("against {number}"),
        }
    }
}

impl Figure {
    fn measure(&self, outcomes: &Outcomes) -> Result<f64, (Judgement, String)> {
        let Some(outcome) = outcomes.get(&self.subject) else {
            return Err((Judgement::Unjudged, format!("{} was not played", self.subject)));
        };
        match outcome.metric(self.metric) {
            Some(value) => Ok(self.factor * value),
            None => Err((Judgement::Fails, format!("{}.{} was not measured", self.subject, self.metric))),
        }
    }

    fn show(&self, value: f64) -> String {
        format!("{self} = {}", (value * 1_000.0).round() / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use handoff_broker::Timestamp;

    use super::*;
    use crate::architecture::Architecture;
    use crate::journal::{Answer, Recorder};

    /// An outcome in which one job was answered after `response_ms`, and nobody did it.
    fn outcome(response_ms: u64) -> Outcome {
        let recorder = Recorder::new();
        let at = |millisecond| Timestamp::from_nanoseconds(millisecond * 1_000_000);
        recorder.arrived(at(0), 0);
        recorder.answered(at(response_ms), 0, Answer::Accepted);
        Outcome::of(&recorder.finish(at(0), at(1_000)))
    }

    fn outcomes(sync_ms: u64, queue_ms: u64) -> Outcomes {
        BTreeMap::from([(Architecture::Sync.into(), outcome(sync_ms)), (Architecture::Queue.into(), outcome(queue_ms))])
    }

    fn verdict(text: &str, runs: &[(u64, Outcomes)]) -> Verdict {
        let claim = Claim { expression: text.parse().expect("a claim"), because: "it is so".to_owned() };
        judge(&claim, runs)
    }

    #[test]
    fn a_claim_that_holds_shows_both_values() {
        let found = verdict("sync.response_p50_ms >= 10 * queue.response_p50_ms", &[(7, outcomes(90, 3))]);
        assert_eq!(found.judgement, Judgement::Holds);
        assert_eq!(found.message, "seed 7: sync.response_p50_ms = 90, 10 * queue.response_p50_ms = 30");
        assert_eq!((found.because.as_str(), found.failing_seeds), ("it is so", vec![]));
    }

    #[test]
    fn a_claim_fails_if_it_fails_for_one_seed_and_shows_that_one() {
        let runs = [(1, outcomes(90, 3)), (2, outcomes(90, 12)), (3, outcomes(90, 13))];
        let found = verdict("sync.response_p50_ms >= 10 * queue.response_p50_ms", &runs);
        assert_eq!(found.judgement, Judgement::Fails);
        assert_eq!(found.message, "seed 2: sync.response_p50_ms = 90, 10 * queue.response_p50_ms = 120");
        assert_eq!(found.failing_seeds, [2, 3]);
    }

    #[test]
    fn a_number_stands_for_itself() {
        let found = verdict("queue.lost == 0", &[(1, outcomes(1, 1))]);
        assert_eq!((found.judgement, found.message.as_str()), (Judgement::Fails, "seed 1: queue.lost = 1, against 0"));
        assert_eq!(verdict("queue.lost < 1.5", &[(1, outcomes(1, 1))]).judgement, Judgement::Holds);
    }

    #[test]
    fn what_was_not_played_is_not_judged_and_what_was_not_measured_does_not_hold() {
        let unplayed = verdict("log.lost == 0", &[(1, outcomes(1, 1))]);
        assert_eq!(
            (unplayed.judgement, unplayed.message.as_str()),
            (Judgement::Unjudged, "seed 1: log was not played")
        );
        let unmeasured = verdict("queue.completion_p50_ms > 0", &[(1, outcomes(1, 1))]);
        assert_eq!(unmeasured.judgement, Judgement::Fails);
        assert_eq!(unmeasured.message, "seed 1: queue.completion_p50_ms was not measured");
        assert_eq!(verdict("queue.lost == 0", &[]).judgement, Judgement::Unjudged);
    }
}
