//! What a sweep came to.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::SweepOptions;
use super::found::Found;
use crate::chaos::injected::Change;
use crate::chaos::run::Run;
use crate::chaos::sometimes::{Sightings, Sometimes};
use crate::fault::{Plan, Profile};

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
    /// Seeds in which as many faults changed something as the profile [promises](Profile::enough_faults).
    pub well_faulted: u64,
    /// How often each thing that has to happen sometimes did.
    pub sometimes: Sightings,
    /// Those that never happened, though the sweep was large enough.
    pub missing: Vec<Sometimes>,
    /// Messages of all plans.
    pub messages: u64,
    /// Messages (segments) that all networks carried.
    pub network_messages: u64,
    /// Events on all networks.
    pub network_events: u64,
    /// Events in all histories.
    pub history_events: u64,
    /// Simulated time, in seconds.
    pub simulated_s: f64,
    /// Real time for playing and judging, in seconds, without shrinking.
    pub real_s: f64,
    /// How many seeds were played at once.
    pub jobs: usize,
    /// Seeds a second, by the real clock.
    pub seeds_per_s: f64,
    /// The same for each core that was used.
    pub seeds_per_s_and_core: f64,
    /// Messages that networks carried, a second.
    pub network_messages_per_s: f64,
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
            well_faulted: 0,
            sometimes: Sometimes::ALL.map(|sometimes| (sometimes, 0)).into(),
            missing: Vec::new(),
            messages: 0,
            network_messages: 0,
            network_events: 0,
            history_events: 0,
            simulated_s: 0.0,
            real_s: 0.0,
            jobs: options.jobs.get(),
            seeds_per_s: 0.0,
            seeds_per_s_and_core: 0.0,
            network_messages_per_s: 0.0,
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

    /// The faults of all kinds together.
    pub fn all_faults(&self) -> FaultTally {
        let mut all = FaultTally::default();
        for FaultTally { planned, inert, changed } in self.faults.values() {
            all.planned += planned;
            all.inert += inert;
            all.changed += *changed;
        }
        all
    }

    pub(super) fn add(&mut self, seed: u64, plan: &Plan, run: &Run) {
        self.seeds += 1;
        self.messages += plan.messages() as u64;
        self.network_messages += run.network_messages;
        self.network_events += run.trace_events;
        self.history_events += run.history.events.len() as u64;
        self.simulated_s += run.elapsed.as_secs_f64();
        for injected in &run.injected {
            let tally = self.faults.entry(injected.kind).or_default();
            tally.planned += 1;
            tally.inert += u64::from(injected.is_inert());
            tally.changed += injected.changed;
        }
        let biting = run.injected.iter().filter(|injected| !injected.is_inert()).count();
        self.well_faulted += u64::from(biting >= self.profile.enough_faults());
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
        let rate = |count: u64| count as f64 / self.real_s.max(f64::EPSILON);
        (self.seeds_per_s, self.network_messages_per_s) = (rate(self.seeds), rate(self.network_messages));
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(self.jobs);
        self.seeds_per_s_and_core = self.seeds_per_s / cores as f64;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A sweep in which nothing was ever seen.
    fn blind(seeds: u64) -> Sweep {
        let mut sweep = Sweep { seeds, ..Sweep::new(&SweepOptions::default()) };
        sweep.took(Duration::from_secs(1));
        sweep
    }

    #[test]
    fn what_never_happened_fails_a_large_sweep_and_is_only_counted_in_a_small_one() {
        assert!(blind(LARGE - 1).holds());
        let sweep = blind(LARGE);
        assert_eq!(sweep.missing, Sometimes::ALL);
        assert!(!sweep.holds());
        assert!(sweep.to_string().contains("never happened: a blocked producer"), "{sweep}");
    }

    #[test]
    fn one_that_did_not_happen_is_enough() {
        let mut sweep = Sweep { seeds: LARGE, ..Sweep::new(&SweepOptions::default()) };
        sweep.sometimes.values_mut().for_each(|count| *count = 1);
        sweep.sometimes.insert(Sometimes::FullQueue, 0);
        sweep.took(Duration::from_secs(1));
        assert_eq!(sweep.missing, [Sometimes::FullQueue]);
    }
}
