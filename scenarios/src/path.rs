//! The way of each job through a run: the journal, read job by job.
//!
//! It adds one thing that the journal does not say: how an attempt ended of which nothing more was heard.

use std::collections::BTreeMap;

use handoff_broker::Timestamp;

use crate::journal::{Answer, Entry, Event, Journal};
use crate::subscribers::Subscribers;

/// One job's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The job's number.
    pub job: u64,
    /// The key it belongs to, if it has one.
    pub key: Option<u64>,
    /// Whether the front end does it by itself.
    pub is_bystander: bool,
    /// For whom it is to be done.
    pub subscribers: Subscribers,
    /// When its caller intended to send it.
    pub arrived: Timestamp,
    /// When a thread of the front end took it.
    pub admitted: Option<Timestamp>,
    /// When that thread was free again.
    pub released: Option<Timestamp>,
    /// What its caller learned last, and when.
    pub answered: Option<(Timestamp, Answer)>,
    /// The attempts to do it, in order.
    pub attempts: Vec<Attempt>,
    /// When it was set aside.
    pub dead_lettered: Option<Timestamp>,
}

/// One attempt to do a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Who tried.
    pub worker: u32,
    /// Since when.
    pub started: Timestamp,
    /// Until when; `None` if it was still going on at the end of the run.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub end: End,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The run was over first.
    Open,
    /// The work was done.
    Completed,
    /// The work failed.
    Failed,
    /// The worker died with it, or left it for another job because its caller had gone.
    CutOff,
}

/// The paths of all jobs of a run, by number.
pub fn paths(journal: &Journal) -> Vec<Path> {
    let mut reading = Reading::default();
    let mut incidents = journal.incidents.iter().peekable();
    for entry in &journal.entries {
        while let Some(incident) = incidents.next_if(|incident| incident.at < entry.at) {
            reading.cut_off(incident.worker, incident.at);
        }
        reading.entry(entry, journal);
    }
    incidents.for_each(|incident| reading.cut_off(incident.worker, incident.at));
    reading.paths.into_values().collect()
}

#[derive(Default)]
struct Reading {
    paths: BTreeMap<u64, Path>,
    /// What each worker is at.
    at_work: BTreeMap<u32, u64>,
}

impl Reading {
    fn entry(&mut self, entry: &Entry, journal: &Journal) {
        let Entry { at, job, event } = *entry;
        if let Event::Started { worker, .. } = event {
            self.cut_off(worker, at);
            self.at_work.insert(worker, job);
        }
        let path = self.paths.entry(job).or_insert_with(|| Path {
            job,
            key: journal.keys.get(&job).copied(),
            is_bystander: journal.bystanders.contains(&job),
            subscribers: journal.subscribers,
            arrived: at,
            admitted: None,
            released: None,
            answered: None,
            attempts: Vec::new(),
            dead_lettered: None,
        });
        match event {
            Event::Arrived => path.arrived = at,
            Event::Admitted => path.admitted = Some(at),
            Event::Released => path.released = Some(at),
            Event::Answered(answer) => path.answered = Some((at, answer)),
            Event::Started { worker, .. } => {
                path.attempts.push(Attempt { worker, started: at, ended: None, end: End::Open });
            }
            Event::Failed { worker } => path.end(worker, at, End::Failed),
            Event::Completed { worker } => path.end(worker, at, End::Completed),
            Event::DeadLettered => {
                path.dead_lettered.get_or_insert(at);
            }
        }
    }

    /// `worker` is at its job no more. Had the job's thread been let go of before, the call was closed then.
    fn cut_off(&mut self, worker: u32, at: Timestamp) {
        let Some(path) = self.at_work.remove(&worker).and_then(|job| self.paths.get_mut(&job)) else { return };
        let started =
            path.attempts.iter().rev().find(|attempt| attempt.worker == worker).map(|attempt| attempt.started);
        let closed = path
            .released
            .filter(|released| Some(*released) >= started && path.answer().is_none_or(|answer| !answer.is_promise()));
        path.end(worker, closed.map_or(at, |closed| closed.min(at)), End::CutOff);
    }
}

impl Path {
    fn end(&mut self, worker: u32, at: Timestamp, end: End) {
        let open = self.attempts.iter_mut().rev().find(|attempt| attempt.worker == worker && attempt.end == End::Open);
        if let Some(attempt) = open {
            (attempt.ended, attempt.end) = (Some(at), end);
        }
    }

    /// What its caller learned last.
    pub fn answer(&self) -> Option<Answer> {
        self.answered.map(|(_, answer)| answer)
    }

    /// When it was begun for the first time.
    pub fn first_started(&self) -> Option<Timestamp> {
        self.attempts.first().map(|attempt| attempt.started)
    }

    /// When its work was done for the `subscriber`, each time.
    fn completions(&self, subscriber: u32) -> impl Iterator<Item = Timestamp> {
        let of_subscriber = move |attempt: &&Attempt| self.subscribers.of_worker(attempt.worker) == subscriber;
        let done = self.attempts.iter().filter(|attempt| attempt.end == End::Completed).filter(of_subscriber);
        done.filter_map(|attempt| attempt.ended)
    }

    /// When it was done for every subscriber, each for the first time.
    pub fn done_at(&self) -> Option<Timestamp> {
        let first = |subscriber| self.completions(subscriber).min();
        (0..self.subscribers.count()).map(first).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether it was done more than once for one subscriber.
    pub fn is_duplicated(&self) -> bool {
        (0..self.subscribers.count()).any(|subscriber| self.completions(subscriber).count() > 1)
    }

    /// Whether it was promised, and neither done nor set aside.
    pub fn is_open(&self) -> bool {
        self.answer().is_some_and(Answer::is_promise) && self.done_at().is_none() && self.dead_lettered.is_none()
    }

    /// Everything that happened to it, in order of time, in words.
    pub fn events(&self) -> Vec<(Timestamp, String)> {
        let mut events = vec![(self.arrived, "arrived".to_owned())];
        events.extend(self.admitted.map(|at| (at, "a thread of the front end took it".to_owned())));
        events.extend(self.answered.map(|(at, answer)| (at, format!("its caller {}", learned(answer)))));
        for attempt in &self.attempts {
            let worker = attempt.worker;
            events.push((attempt.started, format!("worker {worker} began with it")));
            events.extend(attempt.ended.map(|at| (at, ended(worker, attempt.end))));
        }
        events.extend(self.dead_lettered.map(|at| (at, "it was set aside as a dead letter".to_owned())));
        events.sort_by_key(|(at, _)| *at);
        events
    }
}

fn learned(answer: Answer) -> &'static str {
    match answer {
        Answer::Accepted => "was told: accepted",
        Answer::Done => "was told: done",
        Answer::Rejected => "was turned away",
        Answer::Failed => "was told: failed",
        Answer::TimedOut => "gave up, or lost the connection",
    }
}

fn ended(worker: u32, end: End) -> String {
    match end {
        End::Open => format!("worker {worker} is still at it"),
        End::Completed => format!("worker {worker} did it"),
        End::Failed => format!("worker {worker} failed"),
        End::CutOff => format!("worker {worker} was cut off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Recorder;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_nanoseconds(second * 1_000_000_000)
    }

    fn read(write: impl FnOnce(&Recorder)) -> Vec<Path> {
        let recorder = Recorder::new();
        write(&recorder);
        paths(&recorder.finish(at(0), at(100)))
    }

    #[test]
    fn a_worker_that_dies_cuts_off_what_it_is_at() {
        let paths = read(|recorder| {
            recorder.arrived(at(0), 0);
            recorder.started(at(1), 0, 1);
            recorder.crashed(at(2), 1);
            recorder.started(at(3), 0, 2);
            recorder.completed(at(4), 0, 2);
        });
        let attempts: Vec<_> = paths[0].attempts.iter().map(|attempt| (attempt.ended, attempt.end)).collect();
        assert_eq!(attempts, [(Some(at(2)), End::CutOff), (Some(at(4)), End::Completed)]);
        assert_eq!((paths[0].done_at(), paths[0].is_duplicated()), (Some(at(4)), false));
    }

    #[test]
    fn a_worker_whose_caller_has_gone_leaves_the_job_for_another() {
        let paths = read(|recorder| {
            recorder.arrived(at(0), 0);
            recorder.started(at(1), 0, 1);
            recorder.answered(at(3), 0, Answer::TimedOut);
            recorder.released(at(3), 0);
            recorder.arrived(at(4), 1);
            recorder.started(at(5), 1, 1);
        });
        assert_eq!((paths[0].attempts[0].ended, paths[0].attempts[0].end), (Some(at(3)), End::CutOff));
        assert_eq!((paths[1].attempts[0].ended, paths[1].attempts[0].end), (None, End::Open));
    }

    #[test]
    fn a_job_is_done_when_it_is_done_for_every_subscriber() {
        let recorder = Recorder::with_subscribers(Subscribers::new(2));
        // Workers 1 and 3 work for the first subscriber, worker 2 for the second.
        for (worker, second) in [(1, 1), (3, 3), (2, 5)] {
            recorder.started(at(second), 0, worker);
            recorder.completed(at(second + 1), 0, worker);
        }
        let path = &paths(&recorder.finish(at(0), at(100)))[0];
        assert_eq!((path.done_at(), path.is_duplicated()), (Some(at(6)), true));
    }

    #[test]
    fn events_are_told_in_order_of_time() {
        let paths = read(|recorder| {
            recorder.arrived(at(0), 0);
            recorder.started(at(1), 0, 1);
            recorder.completed(at(2), 0, 1);
            recorder.answered(at(3), 0, Answer::Done);
        });
        let told: Vec<String> = paths[0].events().into_iter().map(|(_, what)| what).collect();
        assert_eq!(told, ["arrived", "worker 1 began with it", "worker 1 did it", "its caller was told: done"]);
    }
}
