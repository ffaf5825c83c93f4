//! Playing scenarios: every architecture, every seed, on all cores or on real TCP, and the claims judged.

use std::collections::BTreeMap;

use anyhow::Context as _;
use handoff_scenarios::claim::{self, Judgement, Outcomes, Subject, Verdict};
use handoff_scenarios::{Architecture, Journal, Scenario};
use handoff_sim::play;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

/// Which world to play in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// The deterministic world: simulated time and network.
    Sim,
    /// Real TCP on loopback, on the real clock.
    Tcp,
}

/// A scenario that was played.
#[derive(Debug, Serialize)]
pub struct Campaign {
    /// What was played.
    #[serde(skip)]
    pub scenario: Scenario,
    /// Its name.
    pub name: String,
    /// Where.
    pub on: World,
    /// Each run, in order of seed, architecture and variant.
    pub runs: Vec<Run>,
    /// The claims, judged over all seeds.
    pub claims: Vec<Verdict>,
    /// Whether no claim fails.
    pub holds: bool,
}

impl Campaign {
    /// The claims that fail.
    pub fn failing(&self) -> impl Iterator<Item = &Verdict> {
        self.claims.iter().filter(|verdict| verdict.judgement == Judgement::Fails)
    }
}

/// One architecture with one seed, as the scenario stands or in a variant.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// The architecture.
    pub architecture: Architecture,
    /// The variant's name; none for the scenario as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The hash of everything that happened, in hexadecimal; simulated runs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What it amounts to.
    pub outcome: handoff_scenarios::Outcome,
    /// All that happened; of the first seed's runs as the scenario stands only, since it is large.
    #[serde(skip)]
    pub journal: Option<Journal>,
}

impl Run {
    /// Who was played.
    pub fn subject(&self) -> Subject {
        Subject { architecture: self.architecture, variant: self.variant.clone() }
    }
}

/// Plays `scenario` on `architectures` with each of `seeds`, and judges its claims.
pub fn play(
    scenario: Scenario,
    architectures: &[Architecture],
    seeds: &[u64],
    on: World,
    progress: &ProgressBar,
) -> anyhow::Result<Campaign> {
    let subjects = scenario.subjects(architectures);
    let pairs: Vec<_> = seeds.iter().flat_map(|&seed| subjects.iter().map(move |subject| (seed, subject))).collect();
    let play_one = |&(seed, subject): &(u64, &Subject)| {
        let run = play_run(&scenario, subject, seed, on)
            .map(|run| if Some(&seed) == seeds.first() { run } else { Run { journal: None, ..run } })
            .with_context(|| format!("{}, {subject}, seed {seed}", scenario.name));
        progress.inc(1);
        run
    };
    let runs: Vec<Run> = match on {
        World::Sim => pairs.par_iter().map(play_one).collect::<anyhow::Result<_>>()?,
        // One at a time: on the real clock they would disturb each other.
        World::Tcp => pairs.iter().map(play_one).collect::<anyhow::Result<_>>()?,
    };
    let mut outcomes = BTreeMap::<u64, Outcomes>::new();
    for run in &runs {
        outcomes.entry(run.seed).or_default().insert(run.subject(), run.outcome.clone());
    }
    let outcomes: Vec<_> = outcomes.into_iter().collect();
    let claims: Vec<Verdict> = scenario.claims.iter().map(|claim| claim::judge(claim, &outcomes)).collect();
    let holds = claims.iter().all(|verdict| verdict.judgement != Judgement::Fails);
    Ok(Campaign { name: scenario.name.clone(), scenario, on, runs, claims, holds })
}

fn play_run(scenario: &Scenario, subject: &Subject, seed: u64, on: World) -> anyhow::Result<Run> {
    let scenario = scenario.for_subject(subject)?;
    let architecture = subject.architecture;
    let (journal, hash): (Journal, _) = match on {
        World::Sim => {
            let played = play::play(&scenario, architecture, seed)?;
            (played.journal, Some(format!("{:016x}", played.hash)))
        }
        World::Tcp => (handoff_bench::play::play(&scenario, architecture, seed)?, None),
    };
    let outcome = handoff_scenarios::Outcome::of(&journal);
    let journal = subject.variant.is_none().then_some(journal);
    Ok(Run { seed, architecture, variant: subject.variant.clone(), hash, outcome, journal })
}
