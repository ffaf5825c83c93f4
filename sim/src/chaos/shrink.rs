//! Making a failing plan small.

use proptest::strategy::ValueTree;

use super::play::{PlayOptions, play};
use super::run::{Failure, Run};
use crate::defect::Defect;
use crate::fault::{Plan, Profile, plan_tree};

/// No plan is played more often than this to be shrunk.
const MOST_RUNS: u32 = 3_000;

/// A failing plan from which hardly anything can be left out.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What it came to.
    pub run: Run,
    /// How many plans were played to find it.
    pub runs: u32,
}

/// Makes the plan of a seed as small as it gets while it fails in the same way. `None` if it does not fail so.
///
/// The steps are those of proptest's own value tree: leave an element out, make a number smaller.
pub fn shrink(seed: u64, profile: Profile, defect: Option<Defect>, failure: Failure) -> Option<Shrunk> {
    let mut tree = plan_tree(seed, profile);
    let mut best = None;
    for runs in 1..=MOST_RUNS {
        let plan = Plan { defect, ..tree.current() };
        let run = play(&plan, PlayOptions::default());
        let has_more = if run.failure() == Some(failure) {
            best = Some(Shrunk { plan, run, runs });
            tree.simplify()
        } else {
            best.is_some() && tree.complicate()
        };
        if !has_more {
            break;
        }
    }
    best
}
