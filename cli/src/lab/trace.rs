//! What happened to each job of one seed, from the journals to the report's trace.

use std::collections::{BTreeMap, BTreeSet};

use handoff_broker::Timestamp;
use handoff_reports::model;
use handoff_scenarios::guarantee;
use handoff_scenarios::journal::{Answer, Journal};
use handoff_scenarios::path::{self, Attempt, End, Path};
use handoff_scenarios::{Architecture, Scenario};

use super::results::model_of;
use crate::campaign::Run;

/// How long a tick is.
const TICK_US: u64 = 100;
/// More jobs than this are thinned out: the page has to stay small.
const MOST_JOBS: usize = 3_300;
/// How many unusual ones are kept beside those.
const MOST_UNUSUAL: usize = 300;

/// The trace of these runs, all of one seed. `None` if no journal was kept.
pub fn trace(scenario: &Scenario, seed: u64, runs: &[&Run]) -> Option<model::Trace> {
    let lanes: Vec<Source<'_>> = runs.iter().filter_map(|run| Source::of(scenario, run)).collect();
    let first = lanes.first()?;
    let arrivals: Vec<(u64, u64)> =
        first.paths.values().map(|path| (path.job, ticks(path.arrived, first.journal))).collect();
    let one_in = arrivals.len().div_ceil(MOST_JOBS).max(1) as u64;
    let unusual: BTreeSet<u64> = lanes.iter().flat_map(Source::unusual).collect();
    let kept: Vec<(u64, u64)> =
        arrivals.into_iter().filter(|(job, _)| is_drawn(*job, one_in) || unusual.contains(job)).collect();
    Some(model::Trace {
        seed,
        tick_us: TICK_US,
        one_in,
        workers: scenario.work.workers,
        subscribers: scenario.work.subscribers,
        threads: scenario.front.threads as u64,
        jobs: model::write_jobs(&kept),
        bystanders: model::write_places(first.bystanders(&kept)),
        lanes: lanes.iter().map(|lane| lane.write(&kept)).collect(),
    })
}

/// One job in so many, without a pattern: every second one may be another kind of job.
fn is_drawn(job: u64, one_in: u64) -> bool {
    const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;
    (job.wrapping_mul(GOLDEN_RATIO) >> 32).is_multiple_of(one_in)
}

/// What a lane is made from.
struct Source<'a> {
    architecture: Architecture,
    journal: &'a Journal,
    paths: BTreeMap<u64, Path>,
    /// Those that verdicts speak of.
    witnesses: Vec<u64>,
    unfinished: u64,
    own_lines: bool,
}

impl<'a> Source<'a> {
    fn of(scenario: &Scenario, run: &'a Run) -> Option<Self> {
        let journal = run.journal.as_ref()?;
        Some(Source {
            architecture: run.architecture,
            journal,
            paths: path::paths(journal).into_iter().map(|path| (path.job, path)).collect(),
            witnesses: guarantee::judge(scenario, journal).into_iter().flat_map(|judged| judged.jobs).collect(),
            unfinished: run.outcome.unfinished,
            own_lines: run.architecture != Architecture::Queue
                || scenario.queue.by_key
                || scenario.work.subscribers > 1,
        })
    }

    /// Jobs that something unusual happened to, and those that verdicts speak of.
    fn unusual(&self) -> Vec<u64> {
        let is_unusual = |path: &&Path| {
            path.attempts.len() > path.subscribers.count() as usize
                || path.dead_lettered.is_some()
                || path.attempts.iter().any(|attempt| attempt.end != End::Completed)
        };
        let unusual = self.paths.values().filter(is_unusual).map(|path| path.job).take(MOST_UNUSUAL);
        unusual.chain(self.witnesses.iter().copied()).collect()
    }

    /// The places of those among `kept` that need no worker.
    fn bystanders(&self, kept: &[(u64, u64)]) -> impl Iterator<Item = u64> {
        let is_bystander = |job: &u64| self.paths.get(job).is_some_and(|path| path.is_bystander);
        (0..).zip(kept).filter(move |(_, (job, _))| is_bystander(job)).map(|(place, _)| place)
    }

    fn write(&self, kept: &[(u64, u64)]) -> model::Lane {
        let written: Vec<(u64, model::JobPath)> = kept
            .iter()
            .map(|(job, arrived)| (*arrived, self.paths.get(job).map(|path| self.path(path)).unwrap_or_default()))
            .collect();
        let incidents = self.journal.incidents.iter().map(|incident| model::Incident {
            at: ticks(incident.at, self.journal),
            worker: incident.worker,
            restarted: incident.restarted,
        });
        model::Lane {
            architecture: model_of(self.architecture),
            own_lines: self.own_lines,
            ended: ticks(self.journal.ended_at, self.journal),
            holds_at_end: self.unfinished > 0,
            incidents: incidents.collect(),
            paths: model::write_paths(written.iter().map(|(arrived, path)| (*arrived, path))),
        }
    }

    fn path(&self, path: &Path) -> model::JobPath {
        let ticks = |at: Timestamp| ticks(at, self.journal);
        let attempt = |attempt: &Attempt| model::Attempt {
            worker: attempt.worker,
            started: ticks(attempt.started),
            ended: attempt.ended.map_or(0, ticks),
            end: match attempt.end {
                End::Open => model::End::Open,
                End::Completed => model::End::Completed,
                End::Failed => model::End::Failed,
                End::CutOff => model::End::CutOff,
            },
        };
        model::JobPath {
            admitted: path.admitted.map(ticks),
            answer: path.answer().map_or(model::Answer::None, learned),
            answered: path.answered.map_or(0, |(at, _)| ticks(at)),
            released: path.released.map(ticks),
            attempts: path.attempts.iter().map(attempt).collect(),
            dead_lettered: path.dead_lettered.map(ticks),
        }
    }
}

fn learned(answer: Answer) -> model::Answer {
    match answer {
        Answer::Accepted => model::Answer::Accepted,
        Answer::Done => model::Answer::Done,
        Answer::Rejected => model::Answer::Rejected,
        Answer::Failed => model::Answer::Failed,
        Answer::TimedOut => model::Answer::TimedOut,
    }
}

/// Ticks from the start of the load.
fn ticks(at: Timestamp, journal: &Journal) -> u64 {
    at.as_nanoseconds().saturating_sub(journal.started_at.as_nanoseconds()) / (TICK_US * 1_000)
}
