//! The failures of a sweep that have one name, and the smallest plan that shows it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::SweepOptions;
use crate::chaos::run::Failure;
use crate::chaos::shrink::Shrunk;
use crate::fault::PlanError;

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

impl Found {
    pub(super) fn new(failure: Failure, seed: u64) -> Self {
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
    pub fn save(&self, directory: &Path) -> Result<PathBuf, PlanError> {
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
