//! Playing many seeds, and telling of the first that does not hold.

use std::env;
use std::num::NonZeroU64;
use std::thread;

use super::plan::Plan;
use super::play::{Played, play};
use super::report::{Failed, Failure, Passed, TestError};
use super::shrink::shrink;
use super::world::World;
use crate::parallel;

/// The environment's variable for one plan.
const SEED: &str = "HANDOFF_SEED";
/// The environment's variable for the number of seeds.
const SEEDS: &str = "HANDOFF_SEEDS";
/// How many seeds are played before it is looked whether one has failed.
const SEEDS_AT_ONCE: u64 = 32;

/// A test: a name, and how many seeds it plays.
#[derive(Clone, Debug)]
pub struct Test {
    name: String,
    seeds: u64,
}

/// What the environment asks for.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    plan: Option<Plan>,
    seeds: Option<NonZeroU64>,
}

impl Test {
    /// A test of a hundred seeds.
    pub fn new(name: &str) -> Self {
        Test { name: name.to_owned(), seeds: 100 }
    }

    /// Plays the seeds from 0 to this, unless the environment has `HANDOFF_SEEDS`.
    pub fn seeds(self, seeds: u64) -> Self {
        Test { seeds, ..self }
    }

    /// Plays all seeds, on all cores, in worlds that `furnish` makes; or the one that `HANDOFF_SEED` names.
    ///
    /// # Errors
    /// [`TestError`] if a seed does not hold, if no fault changed anything, or if something is not possible.
    pub fn run(&self, furnish: impl Fn(&mut World) + Sync) -> Result<Passed, TestError> {
        let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        self.run_as(&Asked::parse(variable(SEED), variable(SEEDS))?, &furnish)
    }

    /// As [`run`](Test::run), for a test of `cargo test`.
    ///
    /// # Panics
    /// If the test does not pass. The message says why, and how to play it again.
    pub fn check(&self, furnish: impl Fn(&mut World) + Sync) -> Passed {
        self.run(furnish).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Plays one plan and tells its story: a failure that was found once, and is to stay away.
    ///
    /// # Errors
    /// As for [`run`](Test::run), except that faults need not change anything.
    pub fn replay(&self, plan: &Plan, furnish: impl Fn(&mut World)) -> Result<Passed, TestError> {
        let played =
            play(plan, &furnish, true).map_err(|problem| TestError::Input(format!("{SEED}={plan}: {problem}")))?;
        if let Some(failure) = played.failure.clone() {
            return Err(self.failed(plan.clone(), played, &failure, 1, &furnish));
        }
        let mut passed = Passed::default();
        passed.add(&played);
        Ok(Passed { story: played.story, ..passed })
    }

    fn run_as(&self, asked: &Asked, furnish: &(impl Fn(&mut World) + Sync)) -> Result<Passed, TestError> {
        if let Some(plan) = &asked.plan {
            return self.replay(plan, furnish);
        }
        let mut passed = Passed::default();
        let seeds = asked.seeds.map_or(self.seeds, NonZeroU64::get);
        for first in (0..seeds).step_by(SEEDS_AT_ONCE as usize) {
            let plans: Vec<Plan> = (first..seeds.min(first + SEEDS_AT_ONCE)).map(Plan::of).collect();
            let all = parallel::map(&plans, |plan| play(plan, furnish, false));
            for (plan, played) in plans.into_iter().zip(all) {
                let played = played.map_err(|problem| TestError::Input(format!("{}: {problem}", self.name)))?;
                passed.add(&played);
                if let Some(failure) = played.failure.clone() {
                    return Err(self.failed(plan, played, &failure, passed.seeds, furnish));
                }
            }
        }
        if passed.faults > 0 && passed.faults_felt == 0 {
            return Err(TestError::Inert { test: self.name.clone(), faults: passed.faults });
        }
        Ok(passed)
    }

    /// Makes a failing plan small, unless somebody has done so, and plays it once more to tell its story.
    fn failed(
        &self,
        plan: Plan,
        played: Played,
        failure: &Failure,
        seeds: u64,
        furnish: &impl Fn(&mut World),
    ) -> TestError {
        let seed = plan.seed;
        let (plan, runs) = if plan.is_whole() { shrink(plan, played, furnish) } else { (plan, 0) };
        let (problem, story) = match play(&plan, furnish, true) {
            Ok(Played { failure: Some(failure), story, .. }) => (failure.to_string(), story),
            _ => (format!("{failure}; but not when played again: it depends on more than the seed"), Vec::new()),
        };
        let replay = replay_line(&plan);
        TestError::Failed(Box::new(Failed { test: self.name.clone(), seed, seeds, plan, runs, problem, story, replay }))
    }
}

impl Passed {
    fn add(&mut self, played: &Played) {
        self.seeds += 1;
        self.faults += played.faults.len();
        self.faults_felt += played.faults_felt;
    }
}

impl Asked {
    fn parse(seed: Option<String>, seeds: Option<String>) -> Result<Self, TestError> {
        let plan = seed.map(|seed| seed.parse().map_err(|error| TestError::Input(format!("{SEED}: {error}"))));
        let expected =
            |seeds| TestError::Input(format!("{SEEDS}: expected a number from 1, such as 1000, found '{seeds}'"));
        let seeds = seeds.map(|seeds| seeds.parse().map_err(|_| expected(seeds)));
        Ok(Asked { plan: plan.transpose()?, seeds: seeds.transpose()? })
    }
}

/// The command that plays a plan again: this test alone if it runs under `cargo test`, whose threads are called by
/// their tests, or else this program.
fn replay_line(plan: &Plan) -> String {
    let program = env::args().next().unwrap_or_default();
    let thread = thread::current();
    let command = match (thread.name(), env::var("CARGO_PKG_NAME")) {
        (Some(test), Ok(package)) if test != "main" => format!("cargo test -p {package} -- --exact {test} --nocapture"),
        _ => program,
    };
    format!("{SEED}={plan} {command}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_and_what_is_wrong_with_it_is_one_line() {
        let parse = |seed: &str, seeds: &str| {
            let set = |value: &str| (value != "unset").then(|| value.to_owned());
            Asked::parse(set(seed), set(seeds)).map_err(|error| error.to_string())
        };
        assert_eq!(parse("unset", "unset"), Ok(Asked::default()));
        assert_eq!(parse("7", "9"), Ok(Asked { plan: Some(Plan::of(7)), seeds: NonZeroU64::new(9) }));
        let wrong = parse("seven", "unset").unwrap_err();
        assert!(wrong.starts_with("HANDOFF_SEED: expected a seed such as 17") && wrong.ends_with("found 'seven'"));
        for none in ["0", "", "-3", "many"] {
            let expected = format!("HANDOFF_SEEDS: expected a number from 1, such as 1000, found '{none}'");
            assert_eq!(parse("unset", none), Err(expected));
        }
    }
}
