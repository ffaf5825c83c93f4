//! What a run amounts to: counts, percentiles and a timeline, derived from its journal and nothing else.
//!
//! The same for every architecture, so that their figures may stand side by side.

mod deaths;
mod order;
mod percentiles;
mod timeline;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use handoff_broker::Timestamp;
use serde::{Deserialize, Serialize};

pub use percentiles::Percentiles;
pub use timeline::Point;

use crate::journal::{Answer, Event, Journal};
use crate::subscribers::Subscribers;

/// What a run amounts to. Times are in milliseconds from the intended arrival, so that a slow start is not hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Jobs that arrived.
    pub arrived: u64,
    /// Jobs whose caller was told that they are done, or will be.
    pub accepted: u64,
    /// Jobs whose caller was turned away.
    pub rejected: u64,
    /// Jobs whose caller was told that they failed.
    pub failed: u64,
    /// Jobs whose caller never learned what became of them.
    pub timed_out: u64,
    /// Jobs that were done at least once, for every subscriber.
    pub completed: u64,
    /// Jobs that were accepted and are gone: neither done nor dead-lettered, and not held any more either.
    pub lost: u64,
    /// Jobs that were accepted and, at the end of the run, were still held to be done.
    pub unfinished: u64,
    /// Jobs that were done more than once for the same subscriber.
    pub duplicated: u64,
    /// Jobs that were set aside for good.
    pub dead_lettered: u64,
    /// How often a worker began with a job.
    pub attempts: u64,
    /// Attempts beyond the first of each job and subscriber.
    pub retried: u64,
    /// Jobs that were overtaken by a later one of the same key: one that was sent when the caller of the first already
    /// had its answer.
    pub disordered: u64,
    /// Jobs that a worker was at when it died, and that nobody began again.
    pub abandoned: u64,
    /// The longest time from a worker's death until another, or it itself in a later life, began the job again that it
    /// had been at, in milliseconds; `None` if no such job was begun again.
    pub takeover_ms: Option<f64>,
    /// The time that workers spent on attempts which came to nothing, in milliseconds: cut off by a death, or at a job
    /// that had been done before.
    pub wasted_ms: f64,
    /// The share of the jobs that arrived in the last tenth of the load whose caller was told that they are done, or
    /// will be: whether the service has recovered. `None` if there was no such job.
    pub served_at_end: Option<f64>,
    /// The share of the bystanders, who need no worker, who were served. They count for nothing else. `None` if there
    /// are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bystanders_served: Option<f64>,
    /// The most bytes that were held between front end and workers at one time.
    pub held_bytes_peak: u64,
    /// The bytes that were held there at the end.
    pub held_bytes_end: u64,
    /// The most jobs that were in the system at one time.
    pub peak_backlog: u64,
    /// From arrival to answer, for callers who were promised something or waited in vain: who gives up has waited at
    /// least that long. Quick refusals would flatter, and are counted instead. `None` if there was no such caller.
    pub response: Option<Percentiles>,
    /// From arrival to the first completion, for every subscriber; `None` if nothing was completed.
    pub completion: Option<Percentiles>,
    /// As `completion`, of urgent jobs alone; `None` if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent_completion: Option<Percentiles>,
    /// Backlog and completions over time: about 200 points from the start of the load to the end of the run.
    pub timeline: Vec<Point>,
}

/// What became of one job.
#[derive(Clone, Debug, Default)]
struct Fate {
    arrived: Option<Timestamp>,
    answer: Option<(Timestamp, Answer)>,
    readings: Vec<Reading>,
    /// When it was done for every subscriber.
    completed_at: Option<Timestamp>,
    dead_lettered: Option<Timestamp>,
}

/// What became of one job for one subscriber.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    attempts: u64,
    completions: u64,
}

impl Fate {
    fn add(&mut self, at: Timestamp, event: Event, subscribers: Subscribers) {
        match event {
            Event::Arrived => self.arrived = Some(at),
            Event::Answered(answer) => self.answer = Some((at, answer)),
            Event::Started { worker, .. } => self.reading(worker, subscribers).attempts += 1,
            Event::Admitted | Event::Released | Event::Failed { .. } => {}
            Event::Completed { worker } => {
                self.reading(worker, subscribers).completions += 1;
                if self.readings.iter().all(|reading| reading.completions > 0) {
                    self.completed_at.get_or_insert(at);
                }
            }
            Event::DeadLettered => {
                self.dead_lettered.get_or_insert(at);
            }
        }
    }

    fn reading(&mut self, worker: u32, subscribers: Subscribers) -> &mut Reading {
        self.readings.resize(subscribers.count() as usize, Reading::default());
        &mut self.readings[subscribers.of_worker(worker) as usize]
    }

    fn attempts(&self) -> u64 {
        self.readings.iter().map(|reading| reading.attempts).sum()
    }

    fn retries(&self) -> u64 {
        self.readings.iter().map(|reading| reading.attempts.saturating_sub(1)).sum()
    }

    fn is_duplicated(&self) -> bool {
        self.readings.iter().any(|reading| reading.completions > 1)
    }

    /// When it left the system: at its first completion, as a dead letter, or when its caller was promised nothing.
    fn left(&self) -> Option<Timestamp> {
        let unpromised = self.answer.and_then(|(at, answer)| (!answer.is_promise()).then_some(at));
        [self.completed_at, self.dead_lettered, unpromised].into_iter().flatten().min()
    }

    fn was_answered(&self, expected: Answer) -> bool {
        self.answer.is_some_and(|(_, answer)| answer == expected)
    }

    fn is_accepted(&self) -> bool {
        self.answer.is_some_and(|(_, answer)| answer.is_promise())
    }

    /// It was accepted, and neither done nor dead-lettered.
    fn is_open(&self) -> bool {
        self.is_accepted() && self.completed_at.is_none() && self.dead_lettered.is_none()
    }

    fn response_nanoseconds(&self) -> Option<u64> {
        let (at, answer) = self.answer?;
        (answer.is_promise() || answer == Answer::TimedOut).then(|| self.since_arrival(at))
    }

    fn completion_nanoseconds(&self) -> Option<u64> {
        self.completed_at.map(|at| self.since_arrival(at))
    }

    fn since_arrival(&self, at: Timestamp) -> u64 {
        self.arrived.map_or(0, |arrived| at.as_nanoseconds().saturating_sub(arrived.as_nanoseconds()))
    }
}

impl Outcome {
    /// What `journal` amounts to.
    pub fn of(journal: &Journal) -> Outcome {
        let mut fates = BTreeMap::<u64, Fate>::new();
        for entry in &journal.entries {
            fates.entry(entry.job).or_default().add(entry.at, entry.event, journal.subscribers);
        }
        let bystanders: Vec<Fate> = journal.bystanders.iter().filter_map(|job| fates.remove(job)).collect();
        let disordered = order::disordered(&fates, &journal.keys);
        let urgent = journal.urgent.iter().filter_map(|job| fates.get(job)?.completion_nanoseconds()).collect();
        let fates: Vec<Fate> = fates.into_values().collect();
        let count = |holds: &dyn Fn(&Fate) -> bool| fates.iter().filter(|fate| holds(fate)).count() as u64;
        let timeline = timeline::Timeline::of(&fates, &journal.held);
        let deaths = deaths::Deaths::of(journal);
        let last_held = journal.held.last().map(|(_, held)| *held).unwrap_or_default();
        let open = count(&Fate::is_open);
        let unfinished = open.min(last_held.messages);
        Outcome {
            arrived: count(&|fate| fate.arrived.is_some()),
            accepted: count(&Fate::is_accepted),
            rejected: count(&|fate| fate.was_answered(Answer::Rejected)),
            failed: count(&|fate| fate.was_answered(Answer::Failed)),
            timed_out: count(&|fate| fate.was_answered(Answer::TimedOut)),
            completed: count(&|fate| fate.completed_at.is_some()),
            lost: open - unfinished,
            unfinished,
            duplicated: count(&Fate::is_duplicated),
            dead_lettered: count(&|fate| fate.dead_lettered.is_some()),
            attempts: fates.iter().map(Fate::attempts).sum(),
            retried: fates.iter().map(Fate::retries).sum(),
            disordered,
            abandoned: deaths.abandoned,
            takeover_ms: deaths.takeover.map(|takeover| takeover.as_secs_f64() * 1_000.0),
            wasted_ms: deaths.wasted.as_secs_f64() * 1_000.0,
            served_at_end: served_at_end(&fates, journal.started_at),
            bystanders_served: served(&bystanders),
            held_bytes_peak: journal.held.iter().map(|(_, held)| held.bytes).max().unwrap_or(0),
            held_bytes_end: last_held.bytes,
            peak_backlog: timeline.peak_backlog(),
            response: Percentiles::of(fates.iter().filter_map(Fate::response_nanoseconds).collect()),
            completion: Percentiles::of(fates.iter().filter_map(Fate::completion_nanoseconds).collect()),
            urgent_completion: Percentiles::of(urgent),
            timeline: timeline.points(journal.started_at, journal.ended_at),
        }
    }

    /// The figure called `name`; `None` if nothing was measured. Names are those of [`METRICS`].
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, read) = METRICS.iter().find(|(known, _)| *known == name)?;
        read(self)
    }
}

/// The share of promises among the answers to those who came in the last tenth of the load.
fn served_at_end(fates: &[Fate], started_at: Timestamp) -> Option<f64> {
    let last = fates.iter().filter_map(|fate| fate.arrived).max()?;
    let from = last - last.since(started_at) / 10;
    served(fates.iter().filter(|fate| fate.arrived.is_some_and(|arrived| arrived >= from)))
}

/// The share of promises among the answers; `None` if nobody asked.
fn served<'a>(fates: impl IntoIterator<Item = &'a Fate>) -> Option<f64> {
    let (mut asked, mut served) = (0u64, 0u64);
    for fate in fates {
        asked += 1;
        served += u64::from(fate.is_accepted());
    }
    (asked > 0).then(|| served as f64 / asked as f64)
}

/// Reads one figure of an outcome.
type Read = fn(&Outcome) -> Option<f64>;

/// Every figure that claims may speak of, by name.
pub const METRICS: &[(&str, Read)] = &[
    ("arrived", |outcome| Some(outcome.arrived as f64)),
    ("accepted", |outcome| Some(outcome.accepted as f64)),
    ("rejected", |outcome| Some(outcome.rejected as f64)),
    ("failed", |outcome| Some(outcome.failed as f64)),
    ("timed_out", |outcome| Some(outcome.timed_out as f64)),
    ("completed", |outcome| Some(outcome.completed as f64)),
    ("lost", |outcome| Some(outcome.lost as f64)),
    ("unfinished", |outcome| Some(outcome.unfinished as f64)),
    ("duplicated", |outcome| Some(outcome.duplicated as f64)),
    ("dead_lettered", |outcome| Some(outcome.dead_lettered as f64)),
    ("attempts", |outcome| Some(outcome.attempts as f64)),
    ("retried", |outcome| Some(outcome.retried as f64)),
    ("disordered", |outcome| Some(outcome.disordered as f64)),
    ("abandoned", |outcome| Some(outcome.abandoned as f64)),
    ("takeover_ms", |outcome| outcome.takeover_ms),
    ("wasted_ms", |outcome| Some(outcome.wasted_ms)),
    ("served_at_end", |outcome| outcome.served_at_end),
    ("bystanders_served", |outcome| outcome.bystanders_served),
    ("held_bytes_peak", |outcome| Some(outcome.held_bytes_peak as f64)),
    ("held_bytes_end", |outcome| Some(outcome.held_bytes_end as f64)),
    ("peak_backlog", |outcome| Some(outcome.peak_backlog as f64)),
    ("response_p50_ms", |outcome| Some(outcome.response.as_ref()?.p50_ms)),
    ("response_p90_ms", |outcome| Some(outcome.response.as_ref()?.p90_ms)),
    ("response_p99_ms", |outcome| Some(outcome.response.as_ref()?.p99_ms)),
    ("response_p99_9_ms", |outcome| Some(outcome.response.as_ref()?.p99_9_ms)),
    ("response_max_ms", |outcome| Some(outcome.response.as_ref()?.max_ms)),
    ("completion_p50_ms", |outcome| Some(outcome.completion.as_ref()?.p50_ms)),
    ("completion_p90_ms", |outcome| Some(outcome.completion.as_ref()?.p90_ms)),
    ("completion_p99_ms", |outcome| Some(outcome.completion.as_ref()?.p99_ms)),
    ("completion_p99_9_ms", |outcome| Some(outcome.completion.as_ref()?.p99_9_ms)),
    ("completion_max_ms", |outcome| Some(outcome.completion.as_ref()?.max_ms)),
    ("urgent_completion_p50_ms", |outcome| Some(outcome.urgent_completion.as_ref()?.p50_ms)),
    ("urgent_completion_p99_ms", |outcome| Some(outcome.urgent_completion.as_ref()?.p99_ms)),
];
