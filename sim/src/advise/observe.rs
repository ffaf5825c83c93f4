//! What a journal says beyond its outcome: whether order was kept, and what a crash did.

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_scenarios::journal::{Answer, Event};
use handoff_scenarios::{Jobs, Journal, Outcome};

use super::figures::CrashFigures;

/// What happened to one job, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    arrived: Option<Timestamp>,
    answered: Option<(Timestamp, Answer)>,
    started: Option<Timestamp>,
    /// Which worker began with it last, and when.
    at: Option<(u32, Timestamp)>,
    completed: Option<Timestamp>,
}

impl Course {
    fn took(&self) -> Option<Duration> {
        Some(self.completed?.since(self.arrived?))
    }

    /// When nothing more happens to it.
    fn settled(&self) -> Option<Timestamp> {
        self.completed.max(self.answered.map(|(at, _)| at))
    }

    fn is_done_at(&self, at: Timestamp) -> bool {
        self.completed.is_some_and(|completed| completed <= at)
    }
}

/// Jobs that were begun while an earlier one of the same key was not done. Jobs without keys are all of one.
/// What was never done is left out: nobody can wait for it.
pub(super) fn out_of_order(journal: &Journal, jobs: &Jobs) -> u64 {
    let courses = courses(journal);
    let mut done_by_key = BTreeMap::<Option<u64>, Timestamp>::new();
    let mut count = 0;
    for job in jobs.iter() {
        let Some((started, completed)) =
            courses.get(&job.id).and_then(|course| Some((course.started?, course.completed?)))
        else {
            continue;
        };
        let done = done_by_key.entry(job.key).or_insert(Timestamp::EPOCH);
        count += u64::from(started < *done);
        *done = completed.max(*done);
    }
    count
}

/// What the crash in `journal` did, compared with `calm`: the same jobs and the same seed, without it.
pub(super) fn crash_figures(journal: &Journal, calm: &Journal) -> CrashFigures {
    let Some(crash) = journal.incidents.iter().find(|incident| !incident.restarted) else {
        return CrashFigures::default();
    };
    let back = journal.incidents.iter().find(|incident| incident.restarted).map_or(crash.at, |incident| incident.at);
    let (outcome, calm_outcome) = (Outcome::of(journal), Outcome::of(calm));
    let unserved = |outcome: &Outcome| outcome.rejected + outcome.failed + outcome.timed_out;
    CrashFigures {
        recovery_s: recovered_at(journal, calm, crash.at, crash.worker).since(crash.at).as_secs_f64(),
        restart_s: back.since(crash.at).as_secs_f64(),
        unserved: unserved(&outcome).saturating_sub(unserved(&calm_outcome)),
        lost: outcome.lost,
        duplicated: outcome.duplicated,
    }
}

/// When the last job was settled that the dead worker held, or that came so much later than in calm that chance does
/// not explain it: by more than all but one in a hundred jobs take in all.
fn recovered_at(journal: &Journal, calm: &Journal, crash_at: Timestamp, worker: u32) -> Timestamp {
    let (courses, calm_courses) = (courses(journal), courses(calm));
    let held = held_by(journal, crash_at, worker);
    let usual =
        Outcome::of(calm).completion.map_or(Duration::ZERO, |found| Duration::from_secs_f64(found.p99_ms / 1e3));
    let late = |id: &u64, course: &Course| {
        let calm = calm_courses.get(id).and_then(Course::took);
        calm.zip(course.took()).is_some_and(|(calm, took)| took > calm + usual)
    };
    let felt = courses.iter().filter(|(id, course)| {
        let after = course.settled().is_some_and(|settled| settled > crash_at);
        after && (held == Some(**id) || late(id, course))
    });
    felt.filter_map(|(_, course)| course.settled()).max().unwrap_or(crash_at)
}

/// The job that `worker` had begun and not done.
fn held_by(journal: &Journal, crash_at: Timestamp, worker: u32) -> Option<u64> {
    let courses = courses_until(journal, Some(crash_at));
    let held = |course: &Course| course.at.is_some_and(|(at, _)| at == worker) && !course.is_done_at(crash_at);
    courses
        .into_iter()
        .filter(|(_, course)| held(course))
        .max_by_key(|(_, course)| course.at.map(|(_, at)| at))
        .map(|(id, _)| id)
}

fn courses(journal: &Journal) -> BTreeMap<u64, Course> {
    courses_until(journal, None)
}

fn courses_until(journal: &Journal, end: Option<Timestamp>) -> BTreeMap<u64, Course> {
    let mut courses = BTreeMap::<u64, Course>::new();
    for entry in journal.entries.iter().take_while(|entry| end.is_none_or(|end| entry.at <= end)) {
        let course = courses.entry(entry.job).or_default();
        match entry.event {
            Event::Arrived => course.arrived = Some(entry.at),
            Event::Answered(answer) => course.answered = Some((entry.at, answer)),
            Event::Started { worker, .. } => {
                course.started.get_or_insert(entry.at);
                course.at = Some((worker, entry.at));
            }
            Event::Completed { .. } => {
                course.completed.get_or_insert(entry.at);
            }
            _ => {}
        }
    }
    courses
}

#[cfg(test)]
mod tests {
    use handoff_scenarios::Job;
    use handoff_scenarios::journal::Recorder;

    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_nanoseconds(second * 1_000_000_000)
    }

    fn jobs(keys: &[Option<u64>]) -> Jobs {
        let job = |(id, key): (u64, &Option<u64>)| Job {
            id,
            arrives_at: Duration::from_secs(id),
            work: Duration::from_secs(1),
            poison: false,
            key: *key,
            bystander: false,
            urgent: false,
            payload_bytes: 8,
        };
        Jobs::new((0..).zip(keys).map(job).collect())
    }

    /// Jobs by worker, start and end of the work; all arrive at 0.
    fn journal(courses: &[(u32, u64, u64)]) -> Recorder {
        let recorder = Recorder::new();
        for (job, (worker, start, end)) in (0..).zip(courses) {
            recorder.arrived(at(0), job);
            recorder.started(at(*start), job, *worker);
            recorder.completed(at(*end), job, *worker);
        }
        recorder
    }

    #[test]
    fn order_is_broken_by_what_begins_before_its_predecessor_is_done() {
        let journal = journal(&[(1, 0, 5), (2, 1, 2), (1, 5, 6), (2, 3, 4)]).finish(at(0), at(9));
        // All of one key: the second and the fourth overlap with the first.
        assert_eq!(out_of_order(&journal, &jobs(&[None; 4])), 2);
        // The second is of another key, and the fourth comes after it.
        assert_eq!(out_of_order(&journal, &jobs(&[Some(1), Some(2), Some(1), Some(2)])), 0);
        assert_eq!(out_of_order(&journal, &jobs(&[Some(1), Some(2), Some(2), Some(1)])), 1);
    }

    #[test]
    fn a_crash_is_felt_until_what_the_worker_held_is_done() {
        let calm = journal(&[(1, 0, 2), (2, 0, 2), (1, 2, 4)]).finish(at(0), at(20));
        let recorder = Recorder::new();
        for (job, (worker, start)) in (0..).zip([(1, 0), (2, 0)]) {
            recorder.arrived(at(0), job);
            recorder.started(at(start), job, worker);
        }
        recorder.crashed(at(1), 1);
        recorder.completed(at(2), 1, 2);
        recorder.started(at(2), 0, 2);
        recorder.completed(at(4), 0, 2);
        recorder.restarted(at(6), 1);
        let crash = recorder.finish(at(0), at(20));
        let found = crash_figures(&crash, &calm);
        assert_eq!((found.recovery_s, found.restart_s), (3.0, 5.0));
        assert_eq!((found.unserved, found.lost, found.duplicated), (0, 0, 0));
    }

    #[test]
    fn a_crash_is_felt_until_no_job_is_late() {
        let calm = journal(&[(1, 0, 1), (2, 0, 1), (1, 1, 2)]).finish(at(0), at(20));
        let recorder = journal(&[(1, 0, 1), (2, 0, 1), (1, 11, 12)]);
        recorder.crashed(at(1), 1);
        let crash = recorder.finish(at(0), at(20));
        assert_eq!(crash_figures(&crash, &calm).recovery_s, 11.0);
    }

    #[test]
    fn callers_who_were_not_served_are_counted_against_the_calm() {
        let calm = journal(&[(1, 0, 1)]).finish(at(0), at(9));
        let recorder = Recorder::new();
        recorder.arrived(at(0), 0);
        recorder.started(at(0), 0, 1);
        recorder.crashed(at(1), 1);
        recorder.answered(at(3), 0, Answer::Failed);
        let found = crash_figures(&recorder.finish(at(0), at(9)), &calm);
        assert_eq!((found.unserved, found.recovery_s), (1, 2.0));
    }
}
