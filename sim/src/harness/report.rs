//! What a test came to, for people.

use std::fmt;

use thiserror::Error;

use super::plan::Plan;

/// What is wrong with a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// An invariant does not hold.
    Broken { invariant: String, problem: String },
    /// The faults were over, and the work was not done in time.
    NotFinished(String),
    /// A task panicked, or the world could not go on.
    Stopped(String),
}

impl Failure {
    /// Whether the two are taken to have one cause.
    pub fn is_like(&self, other: &Failure) -> bool {
        match (self, other) {
            (Failure::Broken { invariant, .. }, Failure::Broken { invariant: other, .. }) => invariant == other,
            (Failure::NotFinished(_), Failure::NotFinished(_)) | (Failure::Stopped(_), Failure::Stopped(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Broken { invariant, problem } => write!(formatter, "'{invariant}' does not hold: {problem}"),
            Failure::NotFinished(problem) => write!(formatter, "not finished: {problem}"),
            Failure::Stopped(problem) => formatter.write_str(problem),
        }
    }
}

/// A test in which every seed holds.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// Seeds that were played.
    pub seeds: u64,
    /// Faults that struck.
    pub faults: usize,
    /// Those among them that changed something.
    pub faults_felt: usize,
    /// What happened, a line an event, if one seed alone was asked for.
    pub story: Vec<String>,
}

/// A test in which a seed does not hold.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The test's name.
    pub test: String,
    /// The first seed that does not hold.
    pub seed: u64,
    /// How many seeds were played until it was found.
    pub seeds: u64,
    /// The smallest plan found that fails in the same way.
    pub plan: Plan,
    /// How often a plan was played to find it.
    pub runs: u32,
    /// What is wrong with it.
    pub problem: String,
    /// What happened in it, a line an event.
    pub story: Vec<String>,
    /// The line that plays it again.
    pub replay: String,
}

/// Why a test did not pass.
#[derive(Clone, Debug, Error)]
pub enum TestError {
    /// The environment or the world's furniture is not possible. One line that says what was expected.
    #[error("{0}")]
    Input(String),
    /// Faults struck, and none changed anything: the test proves nothing.
    #[error("{test}: {faults} faults struck and none changed anything: let them strike while there is work to do")]
    Inert {
        /// The test's name.
        test: String,
        /// How many struck.
        faults: usize,
    },
    /// A seed does not hold.
    #[error("{0}")]
    Failed(Box<Failed>),
}

impl fmt::Display for Passed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.story.iter().try_for_each(|line| writeln!(formatter, "  {line}"))?;
        let Passed { seeds, faults, faults_felt, .. } = self;
        write!(formatter, "{seeds} seeds hold; {faults_felt} of {faults} faults changed something")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failed { test, seed, seeds, plan, runs, problem, story, replay } = self;
        writeln!(formatter, "{test}: {problem}")?;
        writeln!(formatter, "seed {seed}, found after {seeds} seeds; made small in {runs} runs: {plan}")?;
        story.iter().try_for_each(|line| writeln!(formatter, "  {line}"))?;
        write!(formatter, "replay: {replay}")
    }
}
