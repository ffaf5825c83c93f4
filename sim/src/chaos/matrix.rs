//! The matrix of broken brokers: which is caught by what, after how many seeds, and how small it gets.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::play::{PlayOptions, play};
use super::run::Failure;
use super::shrink::shrink;
use crate::check::Anomaly;
use crate::defect::Defect;
use crate::fault::{Plan, PlanError, Profile, plan_for};
use crate::parallel;

/// How a broken broker was caught.
#[derive(Clone, Debug, Serialize)]
pub struct DefectResult {
    /// What is broken.
    pub defect: Defect,
    /// The anomaly that it has to be caught by.
    pub expected: Anomaly,
    /// What the first failing seed was caught by; `None` if no seed failed.
    pub caught_by: Option<Failure>,
    /// The first seed that failed.
    pub seed: Option<u64>,
    /// How many seeds were played until it was caught.
    pub seeds_needed: u64,
    /// The messages of that seed's plan, shrunk.
    pub messages: usize,
    /// The faults of that seed's plan, shrunk.
    pub faults: usize,
    /// What the checkers say of the shrunk plan.
    pub story: String,
    /// The shrunk plan.
    #[serde(skip)]
    pub plan: Option<Plan>,
}

impl DefectResult {
    /// Whether it was caught, and by the right name.
    pub fn is_caught(&self) -> bool {
        self.caught_by == Some(Failure::Violated(self.expected))
    }

    /// Writes the shrunk plan into `directory`, with the line that replays it. The path of the file; `None` if there is
    /// no plan, since no seed failed.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn save(&self, directory: &Path) -> Result<Option<PathBuf>, PlanError> {
        let (Some(plan), Some(failure)) = (&self.plan, self.caught_by) else { return Ok(None) };
        let path = directory.join(format!("{}.toml", self.defect));
        let DefectResult { defect, messages, faults, .. } = self;
        let comment = format!(
            "{defect}, caught as {failure}, shrunk to {messages} messages and {faults} faults\nhandoff replay {}",
            path.display()
        );
        plan.write(&path, &comment)?;
        Ok(Some(path))
    }
}

/// Plays seeds from `from` against each broken broker until one fails, `most_seeds` at most, and shrinks that; on all
/// cores. `progress` is called after each of them, on the thread that played it.
pub fn defects(
    from: u64,
    most_seeds: u64,
    profile: Profile,
    progress: impl Fn(&DefectResult) + Sync,
) -> Vec<DefectResult> {
    parallel::map(Defect::ALL, |defect| {
        let result = catch(*defect, from, most_seeds, profile);
        progress(&result);
        result
    })
}

/// Plays seeds against one broken broker until one fails, and shrinks that.
pub fn catch(defect: Defect, from: u64, most_seeds: u64, profile: Profile) -> DefectResult {
    let mut result = DefectResult {
        defect,
        expected: defect.breaks(),
        caught_by: None,
        seed: None,
        seeds_needed: most_seeds,
        messages: 0,
        faults: 0,
        story: String::new(),
        plan: None,
    };
    for seed in from..from + most_seeds {
        let plan = Plan { defect: Some(defect), ..plan_for(seed, profile) };
        let Some(failure) = play(&plan, PlayOptions::default()).failure() else { continue };
        (result.caught_by, result.seed, result.seeds_needed) = (Some(failure), Some(seed), seed - from + 1);
        if let Some(shrunk) = shrink(seed, profile, Some(defect), failure) {
            (result.messages, result.faults) = (shrunk.plan.messages(), shrunk.plan.faults.len());
            result.story = shrunk.run.report.to_string();
            result.plan = Some(Plan { violates: failure.anomaly(), ..shrunk.plan });
        }
        break;
    }
    result
}
