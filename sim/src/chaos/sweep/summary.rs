//! What a sweep came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::SweepOptions;
use crate::chaos::injected::Change;
use crate::chaos::run::{Failure, Run};
use crate::chaos::shrink::Shrunk;
use crate::chaos::sometimes::{Sightings, Sometimes};
use crate::fault::{Plan, PlanError, Profile};

/// In a sweep of so many seeds, everything that has to happen sometimes must have happened.
const LARGE: u64 = 500;

/// What a sweep came to.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// The first seed.
    pub from: u64,
    /// How many seeds were played.
    pub seeds: u64,
    /// How large the plans were.
    pub profile: Profile,
    /// What failed, by kind, in the order of the smallest seeds.
    pub found: Vec<Found>,
    /// By kind of fault, what became of them.
    pub faults: BTreeMap<&'static str, FaultTally>,
    /// How often each thing that has to happen sometimes did.
    pub sometimes: Sightings,
    /// Those that never happened, though the sweep was large enough.
    pub missing: Vec<Sometimes>,
    /// Messages of all plans.
    pub messages: u64,
    /// Events on all networks.
    pub network_events: u64,
    /// Events in all histories.
    pub history_events: u64,
    /// Simulated time, in seconds.
    pub simulated_s: f64,
    /// Real time for playing and judging, in seconds, without shrinking.
    pub real_s: f64,
    /// Seeds a second, by the real clock.
    pub seeds_per_s: f64,
}

/// Failures of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// What is wrong.
    pub failure: Failure,
    /// The seeds that failed so, smallest first.
    pub seeds: Vec<u64>,
    /// The messages of the smallest seed's plan, shrunk.
    pub messages: usize,
    /// The faults of the smallest seed's plan, shrunk.
    pub faults: usize,
    /// How many plans were played to shrink it.
    pub shrink_runs: u32,
    /// What the checkers say of the shrunk plan: the violated promises with their stories.
    pub story: String,
    /// The shrunk plan as TOML.
    pub plan: String,
    #[serde(skip)]
    shrunk: Option<Shrunk>,
    #[serde(skip)]
    comment: String,
}

/// What became of the faults of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultTally {
    /// How many were planned.
    pub planned: u64,
    /// How many of them changed nothing.
    pub inert: u64,
    /// What the others changed.
    pub changed: Change,
}

impl Sweep {
    pub(super) fn new(options: &SweepOptions) -> Self {
        Sweep {
            from: options.from,
            seeds: 0,
            profile: options.profile,
            found: Vec::new(),
            faults: BTreeMap::new(),
            sometimes: Sometimes::ALL.map(|sometimes| (sometimes, 0)).into(),
            missing: Vec::new(),
            messages: 0,
            network_events: 0,
            history_events: 0,
            simulated_s: 0.0,
            real_s: 0.0,
            seeds_per_s: 0.0,
        }
    }

    /// Whether nothing failed, and everything happened that has to.
    pub fn holds(&self) -> bool {
        self.found.is_empty() && self.missing.is_empty()
    }

    /// How many runs failed.
    pub fn failed(&self) -> u64 {
        self.found.iter().map(|found| found.seeds.len() as u64).sum()
    }

    pub(super) fn add(&mut self, seed: u64, plan: &Plan, run: &Run) {
        self.seeds += 1;
        self.messages += plan.messages() as u64;
        self.network_events += run.trace_events;
        self.history_events += run.history.events.len() as u64;
        self.simulated_s += run.elapsed.as_secs_f64();
        for injected in &run.injected {
            let tally = self.faults.entry(injected.kind).or_default();
            tally.planned += 1;
            tally.inert += u64::from(injected.is_inert());
            tally.changed += injected.changed;
        }
        for (sometimes, count) in &run.sometimes {
            *self.sometimes.entry(*sometimes).or_default() += count;
        }
        if let Some(failure) = run.failure() {
            match self.found.iter_mut().find(|found| found.failure == failure) {
                Some(found) => found.seeds.push(seed),
                None => self.found.push(Found::new(failure, seed)),
            }
        }
    }

    /// All seeds were played.
    pub(super) fn took(&mut self, elapsed: Duration) {
        self.real_s = elapsed.as_secs_f64();
        self.seeds_per_s = self.seeds as f64 / self.real_s.max(f64::EPSILON);
        for found in &mut self.found {
            found.seeds.sort_unstable();
        }
        self.found.sort_by_key(|found| found.seeds[0]);
        if self.seeds >= LARGE {
            let never = |sometimes: &Sometimes| self.sometimes.get(sometimes).is_none_or(|count| *count == 0);
            self.missing = Sometimes::ALL.into_iter().filter(never).collect();
        }
    }
}

impl Found {
    fn new(failure: Failure, seed: u64) -> Self {
        Found {
            failure,
            seeds: vec![seed],
            messages: 0,
            faults: 0,
            shrink_runs: 0,
            story: String::new(),
            plan: String::new(),
            shrunk: None,
            comment: String::new(),
        }
    }

    /// The name of a file for its plan.
    pub fn file_name(&self) -> String {
        format!("{}-{}.toml", self.failure.as_str().replace(' ', "-"), self.seeds[0])
    }

    /// Its shrunk plan and what that came to.
    pub fn smallest(&self) -> Option<&Shrunk> {
        self.shrunk.as_ref()
    }

    /// Writes its shrunk plan into `directory`, with the line that replays it. The path of the file.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn save(&self, directory: &std::path::Path) -> Result<std::path::PathBuf, PlanError> {
        let path = directory.join(self.file_name());
        if let Some(shrunk) = &self.shrunk {
            let comment = format!("{}\nhandoff replay {}", self.comment, path.display());
            shrunk.plan.write(&path, &comment)?;
        }
        Ok(path)
    }

    pub(super) fn shrunk(&mut self, shrunk: Shrunk, options: &SweepOptions) {
        let plan = &shrunk.plan;
        (self.messages, self.faults, self.shrink_runs) = (plan.messages(), plan.faults.len(), shrunk.runs);
        self.story = shrunk.run.report.to_string();
        self.plan = plan.to_toml().unwrap_or_default();
        let (failure, seed, profile) = (self.failure, self.seeds[0], options.profile);
        self.comment = format!(
            "{failure}: seed {seed} of profile {profile}, shrunk to {} messages and {} faults",
            self.messages, self.faults
        );
        self.shrunk = Some(shrunk);
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sweep { seeds, messages, simulated_s, real_s, seeds_per_s, .. } = self;
        writeln!(
            formatter,
            "{seeds} seeds, {messages} messages, {simulated_s:.0} simulated seconds in {real_s:.1} s \
             ({seeds_per_s:.0} seeds/s)"
        )?;
        writeln!(formatter, "faults:")?;
        for (kind, FaultTally { planned, inert, .. }) in &self.faults {
            writeln!(formatter, "  {kind}: {planned}, of which {inert} changed nothing")?;
        }
        writeln!(formatter, "sometimes:")?;
        for (sometimes, count) in &self.sometimes {
            writeln!(formatter, "  {}: {count}", sometimes.as_str())?;
        }
        for sometimes in &self.missing {
            writeln!(formatter, "never happened: {}", sometimes.as_str())?;
        }
        for found in &self.found {
            let Found { failure, seeds, messages, faults, .. } = found;
            let (count, first) = (seeds.len(), seeds[0]);
            writeln!(
                formatter,
                "{failure}: {count} seeds, the first {first}, shrunk to {messages} messages and {faults} faults"
            )?;
            formatter.write_str(&found.story)?;
        }
        Ok(())
    }
}
