//! The suite at work: for each workload, for each repetition, for each target.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Settings;
use super::contestant::{Attempt, Contestant};
use super::knee::{self, Knee, KneePoint, Search};
use super::plan::{Plan, Step, load};
use super::targets::Candidate;
use crate::document::LeftOut;
use crate::drive::Pace;
use crate::system::SystemMeasurement;
use crate::workload::Workload;

/// A workload whose single run takes longer than this is not repeated: its figure is one of seconds, not of chance.
const LONG: Duration = Duration::from_secs(10);
/// A backlog that would take longer than this to fill and to drain is left out.
const PATIENCE_S: f64 = 60.0;
/// Where the search for a knee begins if nothing is known of a target, messages a second.
const FIRST_RATE_PER_S: f64 = 1_000.0;
/// About how many runs a knee takes, for the progress bar.
const RUNS_FOR_A_KNEE: usize = 6;
/// Where everybody's throughput and processor time are compared.
pub(super) const THROUGHPUT_ID: &str = "closed/16B/1x1";

/// Whoever looks on.
pub trait Watch {
    /// So many runs there will be, about.
    fn planned(&mut self, runs: usize);
    /// Something begins, in words.
    fn begins(&mut self, what: &str);
    /// A run ended.
    fn ended(&mut self);
    /// Something that is to be known at once, in a line.
    fn tells(&mut self, line: &str);
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The runs that came to their end, in order.
    pub results: Vec<SystemMeasurement>,
    /// What each target took in open loop.
    pub knees: Vec<Knee>,
    /// What was not measured, and is no failure.
    pub left_out: Vec<LeftOut>,
    /// What failed, a line each.
    pub failures: Vec<String>,
}

/// Runs `plan` on those candidates that are up.
pub async fn run(candidates: &[Candidate], settings: &Settings, plan: &Plan, watch: &mut dyn Watch) -> Outcome {
    let mut suite = Suite { settings, watch, contestants: Vec::new(), outcome: Outcome::default() };
    suite.start(candidates).await;
    let measured = plan.steps().len() * settings.repetitions as usize + RUNS_FOR_A_KNEE;
    suite.watch.planned(measured * suite.contestants.len());
    for step in plan.steps() {
        match step {
            Step::Measure(workload) => suite.measure(workload).await,
            Step::Knees => suite.find_knees().await,
            Step::HalfOfSlowestKnee => match knee::half_of_slowest(&suite.outcome.knees) {
                Some(rate_per_s) => suite.measure(&one_to_one(settings, rate_per_s)).await,
                None => suite.fail("half of the slowest knee: no target has a knee".to_owned()),
            },
        }
    }
    suite.outcome
}

fn one_to_one(settings: &Settings, rate_per_s: f64) -> Workload {
    Workload::Carry(load(settings, 16, (1, 1), Pace::Open { rate_per_s }))
}

struct Suite<'a> {
    settings: &'a Settings,
    watch: &'a mut dyn Watch,
    contestants: Vec<Contestant>,
    outcome: Outcome,
}

impl Suite<'_> {
    async fn start(&mut self, candidates: &[Candidate]) {
        for candidate in candidates {
            self.watch.begins(&format!("starting {}", candidate.name));
            match Contestant::start(candidate).await {
                Ok(contestant) => self.contestants.push(contestant),
                Err(reason) if candidate.is_own => self.fail(format!("{}: {reason}", candidate.name)),
                Err(reason) => {
                    let remedy = if candidate.system.is_ok() { "; bench/targets/up starts it" } else { "" };
                    self.watch.tells(&format!("{}: {reason}{remedy}", candidate.name));
                    self.leave_out(&candidate.name, None, reason);
                }
            }
        }
    }

    /// All targets under a workload, as often as asked.
    async fn measure(&mut self, workload: &Workload) {
        let id = workload.id();
        // Who is out, whether for good or for this workload only.
        let mut out = BTreeSet::new();
        for repetition in 1..=self.settings.repetitions {
            for place in 0..self.contestants.len() {
                let name = self.contestants[place].name.clone();
                self.watch.begins(&format!("{id} on {name}, {repetition} of {}", self.settings.repetitions));
                if !out.contains(&place) && !self.measure_one(place, workload, repetition).await {
                    out.insert(place);
                }
                self.watch.ended();
            }
        }
    }

    /// One run; whether another repetition makes sense.
    async fn measure_one(&mut self, place: usize, workload: &Workload, repetition: u32) -> bool {
        let (id, name) = (workload.id(), self.contestants[place].name.clone());
        if let Some(reason) = too_long(workload, self.contestants[place].carried_per_s) {
            self.leave_out(&name, Some(id), reason);
            return false;
        }
        let begun = Instant::now();
        let Some(run) = self.attempt(place, workload, repetition).await else { return false };
        if id == THROUGHPUT_ID {
            self.contestants[place].carried_per_s = run.messages_per_s;
        }
        self.outcome.results.push(run);
        let took = begun.elapsed();
        if took > LONG && repetition < self.settings.repetitions {
            let reason = format!("repeated {repetition} times only: one takes {} s", took.as_secs());
            self.leave_out(&name, Some(id), reason);
            return false;
        }
        true
    }

    /// One run, after which either there are figures or it is known why not.
    async fn attempt(&mut self, place: usize, workload: &Workload, repetition: u32) -> Option<SystemMeasurement> {
        let contestant = &mut self.contestants[place];
        if let Err(reason) = contestant.make_ready().await {
            let failed = format!("{}: cannot be started again: {reason} ({})", contestant.name, workload.id());
            self.fail(failed);
            return None;
        }
        match contestant.measure(workload, repetition).await {
            Attempt::Measured(run) => Some(*run),
            Attempt::Unsupported(reason) => {
                let name = contestant.name.clone();
                self.leave_out(&name, Some(workload.id()), reason);
                None
            }
            Attempt::Failed(line) => {
                self.fail(line);
                None
            }
        }
    }

    async fn find_knees(&mut self) {
        for place in 0..self.contestants.len() {
            let carried_per_s = self.contestants[place].carried_per_s;
            let start_per_s = (carried_per_s / 8.0).max(FIRST_RATE_PER_S);
            let mut search = Search::from(start_per_s, if self.settings.is_quick { 1 } else { 3 });
            let mut generator_limited = false;
            while let Some(rate_per_s) = search.next_per_s() {
                let name = &self.contestants[place].name;
                self.watch.begins(&format!("knee of {name}: {rate_per_s} messages/s"));
                let workload = one_to_one(self.settings, rate_per_s);
                let Some(run) = self.attempt(place, &workload, 1).await else { break };
                let point = KneePoint::of(rate_per_s, &run);
                generator_limited |= !point.kept_up && run.generator_limited;
                search.tried(point);
                self.watch.ended();
            }
            let knee = search.finish(&self.contestants[place].name, generator_limited);
            if !knee.points.is_empty() {
                self.outcome.knees.push(knee);
            }
        }
    }

    fn leave_out(&mut self, target: &str, workload_id: Option<String>, reason: String) {
        self.outcome.left_out.push(LeftOut { target: target.to_owned(), workload_id, reason });
    }

    fn fail(&mut self, line: String) {
        self.watch.tells(&line);
        self.outcome.failures.push(line);
    }
}

/// Why a workload is not worth the wait on a target that carries so many messages a second, if it is not.
fn too_long(workload: &Workload, carried_per_s: f64) -> Option<String> {
    let Workload::Backlog { messages, .. } = workload else { return None };
    let needed_s = 2.0 * *messages as f64 / carried_per_s;
    (carried_per_s > 0.0 && needed_s > PATIENCE_S).then(|| format!("it would take about {needed_s:.0} s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_that_takes_minutes_is_left_out() {
        let backlog = |messages| Workload::Backlog { messages, body_bytes: 100 };
        assert_eq!(too_long(&backlog(5_000_000), 1_000_000.0), None);
        assert_eq!(too_long(&backlog(5_000_000), 50_000.0).as_deref(), Some("it would take about 200 s"));
        assert_eq!(too_long(&backlog(5_000_000), 0.0), None, "nothing is known of it");
    }
}
