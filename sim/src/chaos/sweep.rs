//! Sweeps: many seeds on many threads, and what they came to together.

mod display;
mod found;
mod summary;

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

pub use self::found::Found;
pub use self::summary::{FaultTally, Sweep};
use super::play::{PlayOptions, play};
use super::run::Run;
use super::shrink::shrink;
use crate::defect::Defect;
use crate::fault::{Plan, Profile, plan_for};

/// Which seeds, and how.
#[derive(Clone, Debug)]
pub struct SweepOptions {
    /// The first seed.
    pub from: u64,
    /// How many seeds, over all shards.
    pub seeds: u64,
    /// How many at once.
    pub jobs: NonZeroUsize,
    /// Which of them are ours.
    pub shard: Shard,
    /// How large the plans are.
    pub profile: Profile,
    /// How the broker is broken, if it is.
    pub defect: Option<Defect>,
}

/// One of several machines that share a sweep. Seed number `n` belongs to shard `n % count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shard {
    /// Its number, from 0.
    pub index: u64,
    /// How many there are.
    pub count: u64,
}

/// How far a sweep has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Seeds that were played.
    pub done: u64,
    /// Seeds that will be.
    pub seeds: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Seeds a second, by the real clock, since the start.
    pub seeds_per_s: f64,
}

impl Default for SweepOptions {
    /// A hundred seeds from 0, one at a time, of the default profile, with the broker as it is.
    fn default() -> Self {
        SweepOptions {
            from: 0,
            seeds: 100,
            jobs: NonZeroUsize::MIN,
            shard: Shard::WHOLE,
            profile: Profile::Default,
            defect: None,
        }
    }
}

impl Shard {
    /// The only one.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };

    /// How many of the first `seeds` seeds are its.
    fn share(self, seeds: u64) -> u64 {
        (seeds + self.count - 1 - self.index) / self.count
    }

    /// Its seed number `number`, counted from the sweep's first.
    fn seed(self, from: u64, number: u64) -> u64 {
        from + number * self.count + self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `I/N`, with I from 1 to N.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index: index - 1, count }),
            _ => Err(format!("expected I/N with I from 1 to N, such as 2/8, found '{text}'")),
        }
    }
}

/// Plays all seeds of a sweep. All failures are kept; of each kind, the one with the smallest seed is shrunk.
///
/// What it finds does not depend on the number of jobs. `progress` is called after each seed, on the thread that
/// played it.
pub fn sweep(options: &SweepOptions, progress: impl Fn(Progress) + Sync) -> Sweep {
    let clock = Clock::start();
    let seeds = options.shard.share(options.seeds);
    let next = AtomicU64::new(0);
    let sweep = Mutex::new(Sweep::new(options));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds {
                break;
            }
            let seed = options.shard.seed(options.from, number);
            let (plan, run) = play_seed(seed, options);
            let mut sweep = sweep.lock().unwrap_or_else(PoisonError::into_inner);
            sweep.add(seed, &plan, &run);
            let (done, failed) = (sweep.seeds, sweep.failed());
            drop(sweep);
            progress(Progress { done, seeds, failed, seeds_per_s: clock.rate(done) });
        }
    };
    thread::scope(|scope| {
        for _ in 1..options.jobs.get() {
            scope.spawn(work);
        }
        work();
    });
    let mut sweep = sweep.into_inner().unwrap_or_else(PoisonError::into_inner);
    sweep.took(clock.elapsed());
    for found in &mut sweep.found {
        let shrunk = shrink(found.seeds[0], options.profile, options.defect, found.failure);
        found.shrunk(shrunk.expect("a plan that failed once fails again"), options);
    }
    sweep
}

fn play_seed(seed: u64, options: &SweepOptions) -> (Plan, Run) {
    let plan = Plan { defect: options.defect, ..plan_for(seed, options.profile) };
    let run = play(&plan, PlayOptions::default());
    (plan, run)
}

/// The real clock, which says how fast a sweep is and nothing else.
struct Clock(Instant);

#[allow(clippy::disallowed_methods, reason = "how fast a sweep is can only be told by the real clock")]
impl Clock {
    fn start() -> Self {
        Clock(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn rate(&self, done: u64) -> f64 {
        done as f64 / self.elapsed().as_secs_f64().max(f64::EPSILON)
    }
}
