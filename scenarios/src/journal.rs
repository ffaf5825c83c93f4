//! What happened to each job of a run, in the words of no particular architecture.
//!
//! Callers, workers and whoever watches the dead letters write to one [`Recorder`] while the run goes on; the
//! [`Journal`] is what it leaves. Times are the stage's. It records, and does not judge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handoff_broker::Timestamp;
use serde::{Deserialize, Serialize};

use crate::subscribers::Subscribers;

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The job was taken over and will be done later (202).
    Accepted,
    /// The job is done (200).
    Done,
    /// The job was turned away and will not be done (503).
    Rejected,
    /// The job failed (500), or whoever had it went away (502): then it may have been done all the same.
    Failed,
    /// No answer came in time (504, or the caller gave up), or the connection was lost: nobody knows.
    TimedOut,
}

impl Answer {
    /// Whether the caller may rely on the job being done.
    pub fn is_promise(self) -> bool {
        matches!(self, Answer::Accepted | Answer::Done)
    }
}

/// Something that happened to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "workers count from 1, attempts of a job too")]
pub enum Event {
    /// Its caller intended to send it at this time.
    Arrived,
    /// A thread of the front end has it, and begins to hand it over.
    Admitted,
    /// That thread is free again: it was handed over, or the time for that ran out.
    Released,
    /// Its caller learned this.
    Answered(Answer),
    /// A worker began with it.
    Started { worker: u32, attempt: u32 },
    /// The attempt failed.
    Failed { worker: u32 },
    /// The attempt succeeded: the work is done.
    Completed { worker: u32 },
    /// It was set aside for good.
    DeadLettered,
}

/// When something happened to which job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// To which job.
    pub job: u64,
    /// What.
    pub event: Event,
}

/// A worker's death or return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub at: Timestamp,
    /// To which worker.
    pub worker: u32,
    /// Whether it came back; otherwise it died.
    pub restarted: bool,
}

/// What lies between front end and workers: in a queue until it is acknowledged, in a log for as long as that keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Jobs that are still to be done, as far as it knows.
    pub messages: u64,
    /// Bytes of all messages, done or not.
    pub bytes: u64,
}

/// All that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The start of the load.
    pub started_at: Timestamp,
    /// The end of the run.
    pub ended_at: Timestamp,
    /// What happened to jobs, in order of time.
    pub entries: Vec<Entry>,
    /// What happened to workers, in order of time.
    pub incidents: Vec<Incident>,
    /// What was held between front end and workers, looked at again and again, at last at the end.
    pub held: Vec<(Timestamp, Held)>,
    /// The keys of those jobs that have one.
    pub keys: BTreeMap<u64, u64>,
    /// The jobs that the front end did by itself.
    pub bystanders: BTreeSet<u64>,
    /// The jobs that should not wait behind others.
    pub urgent: BTreeSet<u64>,
    /// For whom which worker works.
    pub subscribers: Subscribers,
}

/// Writes a journal. Cheap to clone; clones write the same one.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    entries: Vec<Entry>,
    incidents: Vec<Incident>,
    held: Vec<(Timestamp, Held)>,
    keys: BTreeMap<u64, u64>,
    bystanders: BTreeSet<u64>,
    urgent: BTreeSet<u64>,
    subscribers: Subscribers,
    jobs: BTreeMap<u64, JobState>,
    /// Which job each busy worker is at.
    busy: BTreeMap<u32, u64>,
}

impl Record {
    fn write(&mut self, entry: Entry) {
        let state = self.jobs.entry(entry.job).or_default();
        match entry.event {
            Event::Arrived | Event::Admitted | Event::Released => {}
            Event::Answered(answer) => state.answer = Some(answer),
            Event::Started { worker, attempt } => {
                state.attempts = attempt;
                self.busy.insert(worker, entry.job);
            }
            Event::Failed { worker } => {
                self.busy.remove(&worker);
            }
            Event::Completed { worker } => {
                state.done_for.insert(self.subscribers.of_worker(worker));
                state.finished |= state.done_for.len() == self.subscribers.count() as usize;
                self.busy.remove(&worker);
            }
            Event::DeadLettered => state.finished = true,
        }
        self.entries.push(entry);
    }
}

/// What decides whether a job is settled.
#[derive(Debug, Default)]
struct JobState {
    answer: Option<Answer>,
    attempts: u32,
    /// The subscribers for whom it is done.
    done_for: BTreeSet<u32>,
    finished: bool,
}

impl JobState {
    /// The caller knows its answer, and what it was promised was kept.
    fn is_settled(&self) -> bool {
        self.answer.is_some_and(|answer| self.finished || !answer.is_promise())
    }
}

impl Recorder {
    /// An empty journal, with one subscriber.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty journal.
    pub fn with_subscribers(subscribers: Subscribers) -> Self {
        Recorder(Arc::new(Mutex::new(Record { subscribers, ..Record::default() })))
    }

    /// The caller of `job` intended to send it at `at`.
    pub fn arrived(&self, at: Timestamp, job: u64) {
        self.lock().write(Entry { at, job, event: Event::Arrived });
    }

    /// A thread of the front end has `job`.
    pub fn admitted(&self, at: Timestamp, job: u64) {
        self.lock().write(Entry { at, job, event: Event::Admitted });
    }

    /// The front end's thread has let go of `job`.
    pub fn released(&self, at: Timestamp, job: u64) {
        self.lock().write(Entry { at, job, event: Event::Released });
    }

    /// `job` belongs to `key`.
    pub fn keyed(&self, job: u64, key: u64) {
        self.lock().keys.insert(job, key);
    }

    /// No worker is needed for `job`.
    pub fn needs_no_worker(&self, job: u64) {
        let mut record = self.lock();
        record.bystanders.insert(job);
        record.jobs.entry(job).or_default().finished = true;
    }

    /// `job` should not wait behind others.
    pub fn cannot_wait(&self, job: u64) {
        self.lock().urgent.insert(job);
    }

    /// The caller of `job` was told `answer`, or gave up.
    pub fn answered(&self, at: Timestamp, job: u64, answer: Answer) {
        self.lock().write(Entry { at, job, event: Event::Answered(answer) });
    }

    /// `worker` began with `job`. Returns the number of this attempt, from 1.
    pub fn started(&self, at: Timestamp, job: u64, worker: u32) -> u32 {
        let mut record = self.lock();
        let attempt = record.jobs.get(&job).map_or(0, |state| state.attempts) + 1;
        record.write(Entry { at, job, event: Event::Started { worker, attempt } });
        attempt
    }

    /// The work of `worker` on `job` failed.
    pub fn failed(&self, at: Timestamp, job: u64, worker: u32) {
        self.lock().write(Entry { at, job, event: Event::Failed { worker } });
    }

    /// The work of `worker` on `job` is done.
    pub fn completed(&self, at: Timestamp, job: u64, worker: u32) {
        self.lock().write(Entry { at, job, event: Event::Completed { worker } });
    }

    /// `job` was set aside for good.
    pub fn dead_lettered(&self, at: Timestamp, job: u64) {
        self.lock().write(Entry { at, job, event: Event::DeadLettered });
    }

    /// `worker` died, with whatever it was at.
    pub fn crashed(&self, at: Timestamp, worker: u32) {
        self.incident(Incident { at, worker, restarted: false });
    }

    /// `worker` came back.
    pub fn restarted(&self, at: Timestamp, worker: u32) {
        self.incident(Incident { at, worker, restarted: true });
    }

    /// This is held between front end and workers.
    pub fn held(&self, at: Timestamp, held: Held) {
        self.lock().held.push((at, held));
    }

    /// Whether `worker` is at a job.
    pub fn is_busy(&self, worker: u32) -> bool {
        self.lock().busy.contains_key(&worker)
    }

    /// Whether nothing more must happen: `jobs` jobs have come, each caller knows its answer, every job that was
    /// promised is done or set aside, and no worker is at one.
    pub fn is_settled(&self, jobs: usize) -> bool {
        let record = self.lock();
        record.busy.is_empty() && record.jobs.len() == jobs && record.jobs.values().all(JobState::is_settled)
    }

    /// When the last entry was made; `None` if there is none.
    pub fn last_entry_at(&self) -> Option<Timestamp> {
        self.lock().entries.last().map(|entry| entry.at)
    }

    /// The journal of a run that went on from `started_at` to `ended_at`.
    pub fn finish(&self, started_at: Timestamp, ended_at: Timestamp) -> Journal {
        let record = self.lock();
        let (mut entries, mut incidents) = (record.entries.clone(), record.incidents.clone());
        entries.sort_by_key(|entry| entry.at);
        incidents.sort_by_key(|incident| incident.at);
        let (held, keys, bystanders) = (record.held.clone(), record.keys.clone(), record.bystanders.clone());
        let (urgent, subscribers) = (record.urgent.clone(), record.subscribers);
        Journal { started_at, ended_at, entries, incidents, held, keys, bystanders, urgent, subscribers }
    }

    fn incident(&self, incident: Incident) {
        let mut record = self.lock();
        record.busy.remove(&incident.worker);
        record.incidents.push(incident);
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_nanoseconds(second * 1_000_000_000)
    }

    #[test]
    fn a_run_is_settled_when_every_promise_is_kept_and_no_worker_is_busy() {
        let recorder = Recorder::new();
        assert!(!recorder.is_settled(1));
        recorder.arrived(at(0), 0);
        recorder.answered(at(1), 0, Answer::Accepted);
        assert!(!recorder.is_settled(1), "accepted, not done");
        recorder.started(at(2), 0, 1);
        recorder.completed(at(3), 0, 1);
        assert!(recorder.is_settled(1));
        assert!(!recorder.is_settled(2), "one more is to come");
        recorder.started(at(4), 0, 2);
        assert!(!recorder.is_settled(1), "a worker is at it again");
        recorder.crashed(at(5), 2);
        assert!(recorder.is_settled(1));
    }

    #[test]
    fn a_job_is_done_when_it_is_done_for_every_subscriber() {
        let recorder = Recorder::with_subscribers(Subscribers::new(2));
        recorder.answered(at(1), 0, Answer::Accepted);
        // Workers 1 and 3 work for the first subscriber, worker 2 for the second.
        for worker in [1, 3] {
            recorder.completed(at(2), 0, worker);
            assert!(!recorder.is_settled(1));
        }
        recorder.completed(at(3), 0, 2);
        assert!(recorder.is_settled(1));
    }

    #[test]
    fn what_was_not_promised_need_not_be_done() {
        for answer in [Answer::Rejected, Answer::Failed, Answer::TimedOut] {
            let recorder = Recorder::new();
            recorder.answered(at(1), 0, answer);
            assert!(recorder.is_settled(1), "{answer:?}");
        }
    }

    #[test]
    fn attempts_are_counted_by_job_and_entries_sorted_by_time() {
        let recorder = Recorder::new();
        assert_eq!(recorder.started(at(2), 7, 1), 1);
        recorder.failed(at(3), 7, 1);
        assert_eq!(recorder.started(at(4), 7, 2), 2);
        assert_eq!(recorder.started(at(4), 8, 1), 1);
        recorder.arrived(at(1), 7);
        let journal = recorder.finish(at(0), at(9));
        assert!(journal.entries.is_sorted_by_key(|entry| entry.at));
        assert_eq!(journal.entries[0], Entry { at: at(1), job: 7, event: Event::Arrived });
    }
}
