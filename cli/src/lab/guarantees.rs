//! The verdicts on what is promised about jobs, in the report's words.

use handoff_reports::model;
use handoff_scenarios::Scenario;
use handoff_scenarios::guarantee::{self, Guarantee, Promise, Verdict};

use crate::campaign::Run;

/// The verdicts on a run, if its journal was kept.
pub fn guarantees(scenario: &Scenario, run: &Run) -> Vec<model::Guarantee> {
    let judged = run.journal.as_ref().map(|journal| guarantee::judge(scenario, journal));
    judged.into_iter().flatten().map(|guarantee| described(guarantee, &scenario.name, run)).collect()
}

fn described(guarantee: Guarantee, scenario: &str, run: &Run) -> model::Guarantee {
    let replay = || {
        let jobs = guarantee.jobs.iter().map(|job| format!(" --job {job}")).collect::<String>();
        format!("cargo run --release -- run {scenario} --arch {} --seed {}{jobs}", run.architecture, run.seed)
    };
    model::Guarantee {
        name: match guarantee.promise {
            Promise::NothingLost => model::GuaranteeName::Lost,
            Promise::NothingTwice => model::GuaranteeName::Duplicated,
            Promise::InOrder => model::GuaranteeName::Order,
            Promise::Recovers => model::GuaranteeName::Recovery,
        },
        verdict: match guarantee.verdict {
            Verdict::Valid => model::Verdict::Valid,
            Verdict::Violated => model::Verdict::Violated,
            Verdict::Unknown => model::Verdict::Unknown,
        },
        job: guarantee.jobs.first().copied(),
        replay: (!guarantee.jobs.is_empty()).then(replay),
        reason: (!guarantee.reason.is_empty()).then_some(guarantee.reason),
        witness: (!guarantee.witness.is_empty()).then(|| guarantee.witness.join("\n")),
    }
}
