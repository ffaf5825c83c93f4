//! When an architecture does not do: what its figures must not show.

use handoff_scenarios::Architecture;

use super::display;
use super::figures::Figures;
use super::workload::{Needed, Workload};

/// More callers than this share who were not served are too many: one in a thousand.
const UNSERVED_LIMIT: f64 = 0.001;
/// What waits in a queue waits in the broker's memory, and so much of that is a lot.
const QUEUE_MEMORY_BYTES: u64 = 1 << 30;

/// Why `architecture` does not do, the gravest first; empty if it does.
pub(super) fn shortcomings(workload: &Workload, architecture: Architecture, figures: &Figures) -> Vec<String> {
    let checks = [
        cannot_keep_up(workload, architecture),
        loses(figures),
        does_not_serve(figures),
        is_late(workload, figures),
        breaks_order(workload, figures),
        suffers_from_crashes(workload, figures),
        fills_memory(architecture, figures),
    ];
    checks.into_iter().flatten().collect()
}

/// Work that arrives faster than it can be done. Needs no simulation, and no simulation of a few seconds would show it.
pub(super) fn cannot_keep_up(workload: &Workload, architecture: Architecture) -> Option<String> {
    let (offered, busy) = (workload.offered_erlangs(), most_busy(workload, architecture));
    let who = match (busy, architecture) {
        (1, _) => "one worker".to_owned(),
        (busy, Architecture::Log) if busy < workload.workers => format!("the workers of {busy} partitions"),
        (busy, _) => format!("{busy} workers"),
    };
    (offered >= f64::from(busy))
        .then(|| format!("work arrives faster than {who} can do it: enough for {}", display::three_digits(offered)))
}

/// How many workers can be busy at a time.
pub(super) fn most_busy(workload: &Workload, architecture: Architecture) -> u32 {
    match architecture {
        Architecture::Log => workload.workers.min(workload.partitions()),
        Architecture::Sync | Architecture::Queue => workload.workers,
    }
}

fn loses(figures: &Figures) -> Option<String> {
    (figures.lost > 0).then(|| format!("{} of {} accepted jobs were never done", figures.lost, figures.jobs))
}

fn does_not_serve(figures: &Figures) -> Option<String> {
    let share = |count| display::share(count, figures.jobs);
    let parts = [
        (figures.rejected, "turned away"),
        (figures.failed, "told of a failure"),
        (figures.timed_out, "left without an answer"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{} {how}", share(*count))).collect();
    let too_many = figures.unserved() as f64 > UNSERVED_LIMIT * figures.jobs as f64;
    too_many.then(|| format!("of the callers {}", parts.join(", ")))
}

/// The deadline is for whatever the caller waits for.
fn is_late(workload: &Workload, figures: &Figures) -> Option<String> {
    let deadline_ms = workload.deadline?.as_secs_f64() * 1e3;
    let (p99_ms, what) = match workload.result {
        Needed::Now => (figures.response_p99_ms, "the slowest hundredth of answers takes"),
        Needed::Later => (figures.completion_p99_ms, "the slowest hundredth of jobs takes"),
    };
    let p99_ms = p99_ms?;
    let (found, allowed) = (display::milliseconds(p99_ms), display::milliseconds(deadline_ms));
    (p99_ms > deadline_ms).then(|| format!("{what} {found} or more, and {allowed} is allowed"))
}

fn breaks_order(workload: &Workload, figures: &Figures) -> Option<String> {
    let broken = workload.key_order && figures.out_of_order > 0;
    broken.then(|| {
        let share = display::share(figures.out_of_order, figures.jobs);
        format!("{share} of the jobs were begun before an earlier one of the same key was done")
    })
}

fn suffers_from_crashes(workload: &Workload, figures: &Figures) -> Option<String> {
    if workload.crashes_per_h == 0.0 {
        return None;
    }
    if figures.crash.lost > 0 {
        return Some(format!("a worker that dies takes {} accepted jobs with it", figures.crash.lost));
    }
    let share = figures.crash.unserved as f64 * workload.crashes_per_h / (workload.rate_per_s() * 3_600.0);
    (share > UNSERVED_LIMIT).then(|| {
        let percent = display::three_digits(100.0 * share);
        format!("workers that die leave {percent} % of the callers without an outcome")
    })
}

fn fills_memory(architecture: Architecture, figures: &Figures) -> Option<String> {
    let full = architecture == Architecture::Queue && figures.bytes_held > QUEUE_MEMORY_BYTES;
    full.then(|| format!("up to {} wait in the broker's memory", display::bytes(figures.bytes_held)))
}
