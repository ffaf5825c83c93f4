//! What is promised about jobs, judged by what happened to them: nothing lost, nothing done twice, in order, recovers.
//!
//! Unlike a claim, which says what one scenario must show, these are asked of every run. A verdict that the journal
//! cannot give is unknown, and unknown is not valid.

use handoff_broker::Timestamp;
use serde::Serialize;

use crate::journal::{Answer, Journal};
use crate::path::{Path, paths};
use crate::scenario::Scenario;

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// What was accepted is done or set aside.
    NothingLost,
    /// No job is done twice.
    NothingTwice,
    /// Of two jobs of one key, or of any two if jobs have no keys, the one that was sent when the other had been
    /// answered does not overtake it.
    InOrder,
    /// In the last tenth of the load no caller is turned away or left waiting, and in the end everything that was
    /// accepted is settled.
    Recovers,
}

/// Whether it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was.
    Valid,
    /// It was not.
    Violated,
    /// The journal cannot tell.
    Unknown,
}

/// A promise, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guarantee {
    /// What was promised.
    pub promise: Promise,
    /// Whether it was kept.
    pub verdict: Verdict,
    /// Why not, or why nobody can tell. Empty if it was kept.
    pub reason: String,
    /// The fewest jobs that show it: one, or two of which one overtook the other.
    pub jobs: Vec<u64>,
    /// What happened to them, a line each, with the second after the start of the load.
    pub witness: Vec<String>,
}

impl Guarantee {
    fn valid(promise: Promise) -> Self {
        Guarantee { promise, verdict: Verdict::Valid, reason: String::new(), jobs: Vec::new(), witness: Vec::new() }
    }

    fn unknown(promise: Promise, reason: impl Into<String>) -> Self {
        Guarantee { verdict: Verdict::Unknown, reason: reason.into(), ..Guarantee::valid(promise) }
    }
}

/// The four verdicts on a run of `scenario`, in the order of [`Promise`]. Bystanders count for nothing.
pub fn judge(scenario: &Scenario, journal: &Journal) -> [Guarantee; 4] {
    let paths = paths(journal).into_iter().filter(|path| !path.is_bystander).collect();
    let run = Run { scenario, journal, paths };
    [run.nothing_lost(), run.nothing_twice(), run.in_order(), run.recovers()]
}

/// What happened to `paths`, a line each, in order of time.
pub fn told(paths: &[&Path], started_at: Timestamp) -> Vec<String> {
    let of_one = |path: &&Path| path.events().into_iter().map(|(at, what)| (at, path.job, what)).collect::<Vec<_>>();
    let mut events: Vec<_> = paths.iter().flat_map(of_one).collect();
    events.sort_by_key(|(at, ..)| *at);
    let line = |(at, job, what): (Timestamp, u64, String)| {
        format!("{:>10.4} s  job {job}: {what}", at.since(started_at).as_secs_f64())
    };
    events.into_iter().map(line).collect()
}

struct Run<'a> {
    scenario: &'a Scenario,
    journal: &'a Journal,
    paths: Vec<Path>,
}

impl Run<'_> {
    fn violated(&self, promise: Promise, reason: String, paths: &[&Path]) -> Guarantee {
        let jobs = paths.iter().map(|path| path.job).collect();
        let witness = told(paths, self.journal.started_at);
        Guarantee { promise, verdict: Verdict::Violated, reason, jobs, witness }
    }

    /// Promised jobs that are neither done nor set aside, and how many of them are still held to be done.
    fn open(&self) -> (Vec<&Path>, usize) {
        let open: Vec<&Path> = self.paths.iter().filter(|path| path.is_open()).collect();
        let held = self.journal.held.last().map_or(0, |(_, held)| held.messages) as usize;
        let unfinished = open.len().min(held);
        (open, unfinished)
    }

    fn nothing_lost(&self) -> Guarantee {
        let (open, unfinished) = self.open();
        let lost = open.len() - unfinished;
        // Of those that are open nobody can say which are still held; one that was begun more likely is not.
        let witness = open.iter().max_by_key(|path| (path.attempts.len().min(1), std::cmp::Reverse(path.job)));
        match witness {
            Some(witness) if lost > 0 => {
                let reason = format!("{} accepted and neither done nor set aside", jobs(lost));
                self.violated(Promise::NothingLost, reason, &[witness])
            }
            Some(_) => Guarantee::unknown(
                Promise::NothingLost,
                format!("{} still held at the end of the run", jobs(unfinished)),
            ),
            None => Guarantee::valid(Promise::NothingLost),
        }
    }

    fn nothing_twice(&self) -> Guarantee {
        let twice: Vec<&Path> = self.paths.iter().filter(|path| path.is_duplicated()).collect();
        match twice.iter().min_by_key(|path| (path.attempts.len(), path.job)) {
            Some(witness) => {
                let reason = format!("{} done more than once", jobs(twice.len()));
                self.violated(Promise::NothingTwice, reason, &[witness])
            }
            None => Guarantee::valid(Promise::NothingTwice),
        }
    }

    fn in_order(&self) -> Guarantee {
        let keyed = self.paths.iter().any(|path| path.key.is_some());
        let mut paths: Vec<&Path> = self.paths.iter().filter(|path| !keyed || path.key.is_some()).collect();
        paths.sort_by_key(|path| (path.key, path.arrived));
        let groups = paths.chunk_by(|left, right| left.key == right.key);
        let when = if keyed { Path::done_at } else { Path::first_started };
        let overtaken: Vec<(&Path, &Path)> = groups.flat_map(|group| overtaken(group, when)).collect();
        let (what, of) = if keyed { ("done", " and of the same key") } else { ("begun", "") };
        match overtaken.iter().min_by_key(|(first, _)| first.arrived) {
            Some((first, second)) => {
                let reason = format!("{} {what} after one that was sent later{of}", jobs(overtaken.len()));
                self.violated(Promise::InOrder, reason, &[first, second])
            }
            None => Guarantee::valid(Promise::InOrder),
        }
    }

    fn recovers(&self) -> Guarantee {
        let (open, unfinished) = self.open();
        if let Some(oldest) = open.first().filter(|_| unfinished > 0) {
            let reason = format!("{} still to be done at the end of the run", jobs(unfinished));
            return self.violated(Promise::Recovers, reason, &[oldest]);
        }
        let Some(last) = self.paths.iter().map(|path| path.arrived).max() else {
            return Guarantee::unknown(Promise::Recovers, "no job arrived");
        };
        let load = last.since(self.journal.started_at);
        let from = last - load / 10;
        if self.scenario.faults.iter().filter_map(|fault| fault.window_s()).any(|(at_s, until_s)| {
            at_s <= load.as_secs_f64() && until_s.is_none_or(|until_s| until_s > load.as_secs_f64() * 0.9)
        }) {
            return Guarantee::unknown(Promise::Recovers, "a fault lasts into the last tenth of the load");
        }
        let unserved =
            |path: &&Path| path.arrived >= from && matches!(path.answer(), Some(Answer::Rejected | Answer::TimedOut));
        let unserved: Vec<&Path> = self.paths.iter().filter(unserved).collect();
        match unserved.first() {
            Some(witness) => {
                let reason =
                    format!("{} turned away or left waiting in the last tenth of the load", jobs(unserved.len()));
                self.violated(Promise::Recovers, reason, &[witness])
            }
            None => Guarantee::valid(Promise::Recovers),
        }
    }
}

/// Each of `group` (in order of arrival) that another overtook, with the earliest that did.
fn overtaken<'a>(group: &[&'a Path], when: impl Fn(&Path) -> Option<Timestamp>) -> Vec<(&'a Path, &'a Path)> {
    // For each place, who was earliest of those from there on.
    let mut earliest: Vec<Option<&Path>> = vec![None; group.len() + 1];
    for (place, path) in group.iter().enumerate().rev() {
        let later = earliest[place + 1];
        let is_earlier = when(path).is_some_and(|at| later.and_then(&when).is_none_or(|later| at < later));
        earliest[place] = if is_earlier { Some(path) } else { later };
    }
    let overtaker = |path: &&'a Path| {
        let ((answered, _), at) = (path.answered?, when(path)?);
        let place = group.partition_point(|other| other.arrived < answered);
        let other = earliest[place].filter(|other| when(other).is_some_and(|other| other < at))?;
        Some((*path, other))
    };
    group.iter().filter_map(overtaker).collect()
}

fn jobs(count: usize) -> String {
    if count == 1 { "1 job was".to_owned() } else { format!("{count} jobs were") }
}

#[cfg(test)]
mod tests;
