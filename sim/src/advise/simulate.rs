//! Plays a workload: all architectures over seeds until the intervals are tight, or one of them quickly for a search.

use std::collections::BTreeMap;

use handoff_scenarios::{Architecture, Outcome};

use super::effort::{Effort, Meter};
use super::figures::{CrashFigures, Figures, Run, uncertainty};
use super::observe;
use super::plan::{Plan, RunKey};
use super::workload::Workload;
use crate::parallel;
use crate::play::{SimulationError, play_jobs};

/// Means of 99th percentiles that are this close, as a share of themselves, are close enough.
const TIGHT: f64 = 0.1;
/// How many seeds are added where they are not.
const MORE_SEEDS: usize = 2;

/// Plays workloads with one effort, from one seed on.
pub(super) struct Simulator<'a> {
    pub effort: Effort,
    pub seed: u64,
    pub meter: Meter<'a>,
}

impl Simulator<'_> {
    /// Plays `workload` on every architecture, with as many seeds as it takes.
    pub fn measure(&self, workload: &Workload) -> Result<BTreeMap<Architecture, Figures>, SimulationError> {
        let crashes = self.crashes(workload)?;
        let mut runs = BTreeMap::<Architecture, Vec<Run>>::new();
        let mut open: Vec<(Architecture, usize)> = numbered(&Architecture::ALL, 0..self.effort.fewest_seeds);
        while !open.is_empty() {
            let played = parallel::map(&open, |(architecture, number)| self.run(workload, *architecture, *number));
            for ((architecture, _), run) in open.iter().zip(played) {
                runs.entry(*architecture).or_default().push(run?);
            }
            let loose = runs.iter().filter(|(_, runs)| uncertainty(runs) > TIGHT);
            let next = |runs: &[Run]| runs.len()..self.effort.most_seeds.min(runs.len() + MORE_SEEDS);
            open = loose.flat_map(|(architecture, runs)| numbered(&[*architecture], next(runs))).collect();
        }
        let none = Vec::new();
        let figures = |(architecture, runs): (Architecture, Vec<Run>)| {
            let crashes = crashes.get(&architecture).unwrap_or(&none);
            (architecture, Figures::of(workload, architecture, &runs, crashes))
        };
        Ok(runs.into_iter().map(figures).collect())
    }

    /// Plays `workload` on one architecture with the effort of a search, without crashes.
    pub fn probe(&self, workload: &Workload, architecture: Architecture) -> Result<Figures, SimulationError> {
        let runs: Vec<Run> = (0..self.effort.search_seeds)
            .map(|number| {
                self.play(&Plan::new(workload, self.effort.search_jobs, self.key(number)), architecture, number)
            })
            .collect::<Result<_, _>>()?;
        Ok(Figures::of(workload, architecture, &runs, &[]))
    }

    fn run(&self, workload: &Workload, architecture: Architecture, number: usize) -> Result<Run, SimulationError> {
        self.play(&Plan::new(workload, self.effort.jobs, self.key(number)), architecture, number)
    }

    fn play(&self, plan: &Plan, architecture: Architecture, number: usize) -> Result<Run, SimulationError> {
        let played = play_jobs(&plan.scenario, &plan.jobs, architecture, self.key(number).seed)?;
        self.meter.add_run();
        Ok(Run {
            outcome: Outcome::of(&played.journal),
            out_of_order: observe::out_of_order(&played.journal, &plan.jobs),
            scale: plan.scale,
        })
    }

    fn crashes(&self, workload: &Workload) -> Result<BTreeMap<Architecture, Vec<CrashFigures>>, SimulationError> {
        let pairs = numbered(&Architecture::ALL, 0..self.effort.crash_seeds);
        let played = parallel::map(&pairs, |(architecture, number)| self.crash(workload, *architecture, *number));
        let mut crashes = BTreeMap::<Architecture, Vec<CrashFigures>>::new();
        for ((architecture, _), figures) in pairs.iter().zip(played) {
            crashes.entry(*architecture).or_default().push(figures?);
        }
        Ok(crashes)
    }

    fn crash(
        &self,
        workload: &Workload,
        architecture: Architecture,
        number: usize,
    ) -> Result<CrashFigures, SimulationError> {
        let (calm, crash) = Plan::with_and_without_crash(workload, self.effort.jobs, self.key(number));
        let play = |plan: &Plan| {
            let played = play_jobs(&plan.scenario, &plan.jobs, architecture, self.key(number).seed);
            self.meter.add_run();
            played
        };
        Ok(observe::crash_figures(&play(&crash)?.journal, &play(&calm)?.journal))
    }

    fn key(&self, number: usize) -> RunKey {
        RunKey { seed: self.seed.wrapping_add(number as u64), number }
    }
}

/// Every one of `architectures` with every one of `numbers`.
fn numbered(architectures: &[Architecture], numbers: std::ops::Range<usize>) -> Vec<(Architecture, usize)> {
    architectures.iter().flat_map(|architecture| numbers.clone().map(|number| (*architecture, number))).collect()
}
