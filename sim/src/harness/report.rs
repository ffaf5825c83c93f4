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

/// Of a long story, how many lines of its beginning and of its end are printed.
const PRINTED_LINES: (usize, usize) = (60, 30);

/// Prints a story; of a long one, how it begins and how it ends.
fn tell(story: &[String], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (first, last) = PRINTED_LINES;
    let mut print = |lines: &[String]| lines.iter().try_for_each(|line| writeln!(formatter, "  {line}"));
    let Some(left_out) = story.len().checked_sub(first + last).filter(|lines| *lines > 0) else { return print(story) };
    print(&story[..first])?;
    print(&[format!("({left_out} lines more)")])?;
    print(&story[first + left_out..])
}

impl fmt::Display for Passed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        tell(&self.story, formatter)?;
        let Passed { seeds, faults, faults_felt, .. } = self;
        write!(formatter, "{seeds} seeds hold; {faults_felt} of {faults} faults changed something")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failed { test, seed, seeds, plan, runs, problem, story, replay } = self;
        writeln!(formatter, "{test}: {problem}")?;
        writeln!(formatter, "seed {seed}, found after {seeds} seeds; made small in {runs} runs: {plan}")?;
        tell(story, formatter)?;
        write!(formatter, "replay: {replay}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_story_the_beginning_and_the_end_are_printed() {
        let printed = |lines: usize| {
            let story = (1..=lines).map(|line| format!("line {line}")).collect();
            let printed = Passed { story, ..Passed::default() }.to_string();
            printed.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(printed(90).len(), 91);
        let long = printed(100);
        assert_eq!((long.len(), &*long[59], &*long[60], &*long[61]), (92, "line 60", "(10 lines more)", "line 71"));
    }
}
