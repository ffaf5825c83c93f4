//! What happened to each job of one seed, on every architecture, small enough to be part of a page.
//!
//! Times are ticks since the start of the load, and columns of numbers are written as text: base64 digits of five bits
//! each, the least significant first, the sixth bit set where another digit follows (as source maps do it; without
//! sign). A run of 2,000 jobs is about 20 KB for each architecture.

use serde::{Deserialize, Serialize};

use super::measure::Architecture;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The ways of all jobs of one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The seed.
    pub seed: u64,
    /// How long a tick is, in microseconds.
    pub tick_us: u64,
    /// About one job in so many is in the trace, and each that something unusual happened to. 1: all of them.
    pub one_in: u64,
    /// How many workers there are.
    pub workers: u32,
    /// How many independent readers there are, each of whom has every job done. Workers are dealt out to them in turn.
    pub subscribers: u32,
    /// How many threads the front end has.
    pub threads: u64,
    /// For each job in order of arrival: how many numbers were left out before it, and the ticks since the arrival
    /// of the one before.
    pub jobs: String,
    /// For each job that needs no worker, since the front end does it by itself: how many places in `jobs` were left
    /// out before it. They are in no other count.
    pub bystanders: String,
    /// What each architecture did with them.
    pub lanes: Vec<Lane>,
}

/// One architecture's part of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// Which architecture.
    pub architecture: Architecture,
    /// Whether each worker has a line of its own to wait in, as a partition of a log is; otherwise there is one for all.
    pub own_lines: bool,
    /// When its run ended, in ticks.
    pub ended: u64,
    /// Whether, at that time, accepted jobs that were neither done nor set aside were still there to be done.
    pub holds_at_end: bool,
    /// The deaths and returns of workers, in order of time.
    pub incidents: Vec<Incident>,
    /// For each job: see [`JobPath`]. The first number is the answer, plus 6 if the path is plain: admitted, begun
    /// once, done, and the thread free when the caller had the answer. A plain path goes on with: ticks from arrival
    /// to admission; from there to the answer (for `done` from the end of the work; none if there was no answer); from
    /// admission to the start; the worker; ticks of work. Any other with, counted from the arrival: admission plus 1
    /// or 0; answer, if there was one; release plus 1 or 0; the number of attempts; for each: ticks since the start of
    /// the one before, worker, end, and ticks of work unless it is open; at last dead-lettering plus 1 or 0.
    pub paths: String,
}

/// A worker's death or return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// When, in ticks.
    pub at: u64,
    /// Which worker, from 1.
    pub worker: u32,
    /// Whether it came back; otherwise it died.
    pub restarted: bool,
}

/// One job's way, in ticks since the start of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobPath {
    /// When a thread of the front end took it.
    pub admitted: Option<u64>,
    /// What its caller learned.
    pub answer: Answer,
    /// When.
    pub answered: u64,
    /// When the thread was free again.
    pub released: Option<u64>,
    /// The attempts to do it, in order.
    pub attempts: Vec<Attempt>,
    /// When it was set aside.
    pub dead_lettered: Option<u64>,
}

/// What a caller learned. The number is what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Answer {
    /// Nothing until the end of the run.
    #[default]
    None = 0,
    /// The job will be done.
    Accepted = 1,
    /// The job is done.
    Done = 2,
    /// The job was turned away.
    Rejected = 3,
    /// The job failed.
    Failed = 4,
    /// Nothing in time.
    TimedOut = 5,
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Who tried, from 1.
    pub worker: u32,
    /// When it began.
    pub started: u64,
    /// When it ended; nothing for an open one.
    pub ended: u64,
    /// How it ended.
    pub end: End,
}

/// How an attempt ended. The number is what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    /// It had not when the run was over.
    Open = 0,
    /// The work was done.
    Completed = 1,
    /// The work failed.
    Failed = 2,
    /// The worker died, or left it.
    CutOff = 3,
}

/// Writes `jobs` of a trace: number and arrival of each, both rising.
pub fn write_jobs(jobs: &[(u64, u64)]) -> String {
    let mut column = Column::default();
    let (mut next, mut last) = (0, 0);
    for (number, arrived) in jobs {
        column.push(number - next);
        column.push(arrived - last);
        (next, last) = (number + 1, *arrived);
    }
    column.0
}

/// Writes `bystanders` of a trace: their places among its jobs, rising.
pub fn write_places(places: impl IntoIterator<Item = u64>) -> String {
    let mut column = Column::default();
    let mut next = 0;
    for place in places {
        column.push(place - next);
        next = place + 1;
    }
    column.0
}

/// Writes `paths` of a lane: the arrival and the path of each job, in the order of the trace.
pub fn write_paths<'a>(paths: impl IntoIterator<Item = (u64, &'a JobPath)>) -> String {
    let mut column = Column::default();
    for (arrived, path) in paths {
        match path.plain() {
            Some((admitted, attempt)) => column.plain(arrived, path, admitted, attempt),
            None => column.full(arrived, path),
        }
    }
    column.0
}

impl JobPath {
    /// Admission and attempt of a plain path.
    fn plain(&self) -> Option<(u64, &Attempt)> {
        let [attempt] = self.attempts.as_slice() else { return None };
        let admitted = self.admitted.filter(|admitted| *admitted <= attempt.started)?;
        let answered_after = if self.answer == Answer::Done { attempt.ended } else { admitted };
        let is_plain = attempt.end == End::Completed
            && self.dead_lettered.is_none()
            && self.answer != Answer::None
            && self.answered >= answered_after
            && self.released.is_some_and(|released| released <= self.answered);
        is_plain.then_some((admitted, attempt))
    }
}

/// A column of numbers, written.
#[derive(Default)]
struct Column(String);

impl Column {
    fn push(&mut self, mut value: u64) {
        loop {
            let (digit, rest) = ((value & 31) as usize, value >> 5);
            let digit = if rest > 0 { digit | 32 } else { digit };
            self.0.push(char::from(DIGITS[digit]));
            if rest == 0 {
                return;
            }
            value = rest;
        }
    }

    /// The ticks from `from` to `at` plus 1; 0 if there is no `at`.
    fn push_moment(&mut self, at: Option<u64>, from: u64) {
        self.push(at.map_or(0, |at| at.saturating_sub(from) + 1));
    }

    fn plain(&mut self, arrived: u64, path: &JobPath, admitted: u64, attempt: &Attempt) {
        self.push(path.answer as u64 + 6);
        self.push(admitted - arrived);
        self.push(path.answered - if path.answer == Answer::Done { attempt.ended } else { admitted });
        self.push(attempt.started - admitted);
        self.push(attempt.worker.into());
        self.push(attempt.ended - attempt.started);
    }

    fn full(&mut self, arrived: u64, path: &JobPath) {
        self.push(path.answer as u64);
        self.push_moment(path.admitted, arrived);
        if path.answer != Answer::None {
            self.push(path.answered.saturating_sub(arrived));
        }
        self.push_moment(path.released, arrived);
        self.push(path.attempts.len() as u64);
        let mut from = arrived;
        for attempt in &path.attempts {
            self.push(attempt.started.saturating_sub(from));
            self.push(attempt.worker.into());
            self.push(attempt.end as u64);
            if attempt.end != End::Open {
                self.push(attempt.ended.saturating_sub(attempt.started));
            }
            from = attempt.started;
        }
        self.push_moment(path.dead_lettered, arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> JobPath {
        JobPath {
            admitted: Some(105),
            answer: Answer::Accepted,
            answered: 115,
            released: Some(112),
            attempts: vec![Attempt { worker: 3, started: 140, ended: 340, end: End::Completed }],
            dead_lettered: None,
        }
    }

    #[test]
    fn numbers_are_written_five_bits_a_digit() {
        let mut column = Column::default();
        [0, 1, 31, 32, 1_000].into_iter().for_each(|value| column.push(value));
        assert_eq!(column.0, "ABfgBof");
    }

    #[test]
    fn jobs_are_written_as_gaps() {
        assert_eq!(write_jobs(&[(0, 0), (1, 7), (4, 9)]), "AAAHCC");
        assert_eq!(write_places([0, 1, 4]), "AAC");
    }

    #[test]
    fn a_plain_path_is_short() {
        // accepted + 6, admitted after 5, answered after 10, started after 35, worker 3, worked 200.
        assert_eq!(write_paths([(100, &plain())]), "HFKjBDoG");
    }

    #[test]
    fn a_thread_that_was_held_for_longer_than_its_caller_waited_is_not_forgotten() {
        let path = JobPath { answer: Answer::TimedOut, released: Some(400), ..plain() };
        // timed out, admitted 5 + 1, answered after 15, released 300 + 1, one attempt after 40 by 3, completed, 200.
        assert_eq!(write_paths([(100, &path)]), "FGPtJBoBDBoGA");
    }

    #[test]
    fn a_job_that_was_never_taken_is_nearly_nothing() {
        let path = JobPath { answer: Answer::Rejected, answered: 104, ..JobPath::default() };
        assert_eq!(write_paths([(100, &path)]), "DAEAAA");
    }
}
