//! How much is simulated before an answer is given, and how far it has come.
//!
//! All bounds are in jobs and seeds, never in time on the real clock: the answer must not depend on the machine.

use std::sync::atomic::{AtomicU64, Ordering};

use handoff_scenarios::Architecture;

use super::tips::MOST_QUESTIONS;

/// How much is simulated. More of it makes narrower intervals and finer tips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Jobs of one run, about.
    pub jobs: usize,
    /// Every architecture is played with at least so many seeds, at least 2.
    pub fewest_seeds: usize,
    /// And with no more than so many, even if the intervals are not tight.
    pub most_seeds: usize,
    /// With how many seeds a crash is played.
    pub crash_seeds: usize,
    /// Jobs of one run in a search, about. 0: nothing is searched, and there are no tips.
    pub search_jobs: usize,
    /// With how many seeds each step of a search is played.
    pub search_seeds: usize,
    /// How often a search halves what is left.
    pub search_steps: usize,
}

impl Effort {
    /// A good answer, in seconds of a release build.
    pub const FULL: Effort = Effort {
        jobs: 3_000,
        fewest_seeds: 3,
        most_seeds: 8,
        crash_seeds: 2,
        search_jobs: 1_500,
        search_seeds: 2,
        search_steps: 6,
    };

    /// A rough answer without tips, in seconds of a debug build.
    pub const QUICK: Effort = Effort {
        jobs: 200,
        fewest_seeds: 2,
        most_seeds: 2,
        crash_seeds: 1,
        search_jobs: 0,
        search_seeds: 1,
        search_steps: 0,
    };
}

impl Effort {
    /// How many runs measure the workload, at most.
    pub(super) fn most_measuring_runs(&self) -> u64 {
        (Architecture::ALL.len() * (self.most_seeds + 2 * self.crash_seeds)) as u64
    }

    /// How many runs there are, at most.
    pub(super) fn most_runs(&self) -> u64 {
        let a_search = self.search_seeds * (self.search_steps + 2);
        self.most_measuring_runs() + (MOST_QUESTIONS * a_search) as u64
    }
}

/// Counts what was simulated, and tells whoever waits. What turned out not to be needed counts as done.
pub(super) struct Meter<'a> {
    done: AtomicU64,
    expected: u64,
    report: &'a (dyn Fn(u64, u64) + Sync),
}

impl<'a> Meter<'a> {
    pub fn new(expected: u64, report: &'a (dyn Fn(u64, u64) + Sync)) -> Self {
        Meter { done: AtomicU64::new(0), expected, report }
    }

    /// One run more is done.
    pub fn add_run(&self) {
        self.tell(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    /// So many are done, or turned out not to be needed.
    pub fn reach(&self, count: u64) {
        self.tell(self.done.fetch_max(count, Ordering::Relaxed).max(count));
    }

    fn tell(&self, done: u64) {
        (self.report)(done.min(self.expected), self.expected);
    }
}
