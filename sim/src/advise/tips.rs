//! Where the answer tips, found by search: what is turned up or down, and simulated again, until it does.

use std::collections::BTreeMap;

use handoff_scenarios::Architecture;

use super::advice::{Assessment, Quantity, Tip, Verdict};
use super::criteria::{cannot_keep_up, most_busy, shortcomings};
use super::display;
use super::simulate::Simulator;
use super::verdict::is_unnoticed;
use super::workload::{Needed, Workload};
use crate::parallel;
use crate::play::SimulationError;

/// So close to full load chance decides, and no search finds an edge.
const FULL: f64 = 0.98;
/// The least that is tried of what is turned down, as a share of what it is.
const LEAST: f64 = 1.0 / 64.0;
/// The most that is tried of what can be bought.
const MOST_WORKERS: u32 = 1_000;
const MOST_TIMES: u32 = 8;
/// No more questions than this are ever asked.
pub(super) const MOST_QUESTIONS: usize = 8;

/// Something to search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Up to which rate does it do?
    Rate(Architecture),
    /// With how few workers does it do?
    FewestWorkers(Architecture),
    /// How few partitions does the log do with?
    FewestPartitions,
    /// How many threads would a call need?
    Threads,
    /// Below which work does a call do?
    Work,
}

type Found = Result<Option<Tip>, SimulationError>;
/// Why a workload fails; `None` if it does not.
type Failure = Option<String>;

/// Searches for everything that is worth knowing after this verdict.
pub(super) fn search(
    simulator: &Simulator<'_>,
    workload: &Workload,
    verdict: Verdict,
    assessments: &BTreeMap<Architecture, Assessment>,
) -> Result<Vec<Tip>, SimulationError> {
    let questions = questions(workload, verdict, assessments);
    let search = Search { simulator, workload };
    let answers = parallel::map(&questions, |question| {
        let possible = |architecture| assessments.get(architecture).is_some_and(|found| found.shortcomings.is_empty());
        match question {
            Question::Rate(architecture) if possible(architecture) => search.highest_rate(*architecture),
            Question::Rate(architecture) => search.lower_rate(*architecture),
            Question::FewestWorkers(architecture) => search.fewest_workers(*architecture),
            Question::FewestPartitions => search.fewest_partitions(),
            Question::Threads => search.threads(),
            Question::Work => search.shorter_work(),
        }
    });
    let mut tips = answers.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
    if open(assessments).any(|architecture| architecture == Architecture::Log) {
        tips.push(partitions_bound_workers(workload));
    }
    Ok(tips)
}

/// The architectures that are not out by their nature.
fn open(assessments: &BTreeMap<Architecture, Assessment>) -> impl Iterator<Item = Architecture> {
    assessments.iter().filter(|(_, found)| found.ruled_out.is_empty()).map(|(architecture, _)| *architecture)
}

fn questions(workload: &Workload, verdict: Verdict, assessments: &BTreeMap<Architecture, Assessment>) -> Vec<Question> {
    let is_open = |architecture| open(assessments).any(|open| open == architecture);
    let does = |architecture| assessments.get(&architecture).is_some_and(Assessment::is_possible);
    let mut questions: Vec<Question> = open(assessments).map(Question::Rate).collect();
    match verdict.architecture() {
        Some(architecture) => questions.push(Question::FewestWorkers(architecture)),
        None => questions.extend(open(assessments).map(Question::FewestWorkers)),
    }
    if does(Architecture::Log) {
        questions.push(Question::FewestPartitions);
    }
    if is_open(Architecture::Sync) && !does(Architecture::Sync) {
        questions.push(Question::Threads);
    }
    if is_open(Architecture::Sync) && workload.result == Needed::Later && verdict == Verdict::Queue {
        questions.push(Question::Work);
    }
    questions
}

struct Search<'a> {
    simulator: &'a Simulator<'a>,
    workload: &'a Workload,
}

impl Search<'_> {
    /// Up to which rate an architecture does that does now.
    fn highest_rate(&self, architecture: Architecture) -> Found {
        let rate = self.workload.rate_per_s();
        let full = f64::from(most_busy(self.workload, architecture)) / self.workload.offered_erlangs();
        let near_full = full * FULL;
        let fails = |factor: f64| self.failure(&self.workload.faster(factor), architecture);
        let (at, why) = match fails(near_full.max(1.0))? {
            None => (full * rate, "where work arrives as fast as it can be done".to_owned()),
            Some(why) if near_full <= 1.0 => (rate, format!("beyond it {why}")),
            Some(why) => {
                let (at, why) = self.halve(1.0, near_full, why, fails)?;
                (at * rate, format!("beyond it {why}"))
            }
        };
        let text = format!("{architecture} does up to {}: {why}", display::rate(at));
        Ok(Some(Tip { architecture, quantity: Quantity::RatePerS, at, text }))
    }

    /// Below which rate an architecture would do that does not now.
    fn lower_rate(&self, architecture: Architecture) -> Found {
        let fails = |factor: f64| self.failure(&self.workload.faster(factor), architecture);
        if fails(LEAST)?.is_some() {
            return Ok(None);
        }
        let (factor, why) = self.halve(LEAST, 1.0, String::new(), fails)?;
        let at = factor * self.workload.rate_per_s();
        let beyond = if why.is_empty() { String::new() } else { format!(": beyond it {why}") };
        let text = format!("{architecture} would do up to {}{beyond}", display::rate(at));
        Ok(Some(Tip { architecture, quantity: Quantity::RatePerS, at, text }))
    }

    /// With how few workers an architecture does, whether it does now or not.
    fn fewest_workers(&self, architecture: Architecture) -> Found {
        let with = |workers: u32| Workload { workers, ..self.workload.clone() };
        let too_few = self.workload.offered_erlangs().floor().min(f64::from(MOST_WORKERS)) as u32;
        let start = self.workload.workers.max(too_few + 1);
        let most = start.saturating_mul(MOST_TIMES).min(MOST_WORKERS);
        let found = self.fewest(too_few, start, most, &|workers| self.failure(&with(workers), architecture))?;
        Ok(found.map(|(workers, why)| {
            let plural = if workers == 1 { "" } else { "s" };
            let text = format!("{architecture} needs at least {workers} worker{plural}{}", with_fewer(why));
            Tip { architecture, quantity: Quantity::Workers, at: f64::from(workers), text }
        }))
    }

    /// With how few partitions the log does that does now.
    fn fewest_partitions(&self) -> Found {
        let architecture = Architecture::Log;
        let with = |partitions: u32| Workload { partitions: Some(partitions), ..self.workload.clone() };
        let too_few = self.workload.offered_erlangs().floor() as u32;
        let now = self.workload.partitions();
        let found = self.fewest(too_few, now, now, &|partitions| self.failure(&with(partitions), architecture))?;
        Ok(found.map(|(partitions, why)| {
            let text = format!("{architecture} needs at least {partitions} partitions{}", with_fewer(why));
            Tip { architecture, quantity: Quantity::Partitions, at: f64::from(partitions), text }
        }))
    }

    /// With how many threads a call would do that does not now.
    fn threads(&self) -> Found {
        let architecture = Architecture::Sync;
        let now = self.workload.threads as u32;
        let with = |threads: u32| Workload { threads: threads as usize, ..self.workload.clone() };
        // Threads beyond the workers would only hold calls that wait for one.
        let most = self.workload.workers.max(now).saturating_mul(MOST_TIMES);
        let start = now.saturating_mul(2).min(most);
        let found = self.fewest(now, start, most, &|threads| self.failure(&with(threads), architecture))?;
        Ok(found.map(|(threads, _)| {
            let text = format!("{architecture} would do with {threads} threads at the front end");
            Tip { architecture, quantity: Quantity::Threads, at: f64::from(threads), text }
        }))
    }

    /// Below which work a call would be preferred, since nobody would notice it.
    fn shorter_work(&self) -> Found {
        let architecture = Architecture::Sync;
        let fails = |factor: f64| {
            let workload = self.workload.heavier(factor);
            let figures = self.simulator.probe(&workload, architecture)?;
            let noticed = (!is_unnoticed(&figures)).then(|| "callers notice that they wait".to_owned());
            Ok(shortcomings(&workload, architecture, &figures).into_iter().next().or(noticed))
        };
        if fails(LEAST)?.is_some() {
            return Ok(None);
        }
        let (factor, why) = self.halve(LEAST, 1.0, String::new(), fails)?;
        let at = factor * self.workload.mean_work_s() * 1e3;
        let beyond = if why.is_empty() { String::new() } else { format!(": beyond it {why}") };
        let text = format!("{architecture} is the better answer up to {} of work{beyond}", display::milliseconds(at));
        Ok(Some(Tip { architecture, quantity: Quantity::WorkMs, at, text }))
    }

    /// Why `workload` fails on `architecture`: told without simulating where that is certain.
    fn failure(&self, workload: &Workload, architecture: Architecture) -> Result<Failure, SimulationError> {
        if let Some(certain) = cannot_keep_up(workload, architecture) {
            return Ok(Some(certain));
        }
        let figures = self.simulator.probe(workload, architecture)?;
        Ok(shortcomings(workload, architecture, &figures).into_iter().next())
    }

    /// The edge between `good` and `bad`, by halving their ratio: the last good value, and why the next is bad.
    fn halve(
        &self,
        mut good: f64,
        mut bad: f64,
        mut why: String,
        fails: impl Fn(f64) -> Result<Failure, SimulationError>,
    ) -> Result<(f64, String), SimulationError> {
        for _ in 0..self.simulator.effort.search_steps {
            let middle = (good * bad).sqrt();
            match fails(middle)? {
                None => good = middle,
                Some(failure) => (bad, why) = (middle, failure),
            }
        }
        Ok((good, why))
    }

    /// The fewest that are enough, more than `too_few`, and why one fewer is not. Doubles from `start` until there are
    /// enough; `None` if `most` are not.
    fn fewest(
        &self,
        too_few: u32,
        start: u32,
        most: u32,
        fails: &dyn Fn(u32) -> Result<Failure, SimulationError>,
    ) -> Result<Option<(u32, String)>, SimulationError> {
        let (mut few, mut enough, mut why) = (too_few, start.min(most), String::new());
        while let Some(failure) = fails(enough)? {
            if enough >= most {
                return Ok(None);
            }
            (few, why) = (enough, failure);
            enough = enough.saturating_mul(2).min(most);
        }
        while enough > few + 1 {
            let middle = few.midpoint(enough);
            match fails(middle)? {
                None => enough = middle,
                Some(failure) => (few, why) = (middle, failure),
            }
        }
        if why.is_empty() && few > 0 {
            why = fails(few)?.unwrap_or_default();
        }
        Ok(Some((enough, why)))
    }
}

/// More workers than partitions have nothing to do: that is so by construction, and needs no search.
fn partitions_bound_workers(workload: &Workload) -> Tip {
    let partitions = workload.partitions();
    let text = format!("beyond {partitions} workers the log needs more partitions");
    Tip { architecture: Architecture::Log, quantity: Quantity::Partitions, at: f64::from(partitions), text }
}

fn with_fewer(why: String) -> String {
    if why.is_empty() { String::new() } else { format!(": with fewer {why}") }
}
