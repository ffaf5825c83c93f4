//! The figures of an advice as a table of texts: a row for each figure, a column for each architecture.

use super::advice::{Advice, Assessment};
use super::display::{bytes, milliseconds, share};
use super::figures::Figures;

/// What a row is called, and what stands in it.
type Line = (&'static str, fn(&Assessment) -> String);

const LINES: &[Line] = &[
    ("response p50", |found| time(found.figures.response_p50_ms)),
    ("response p99", |found| time(found.figures.response_p99_ms)),
    ("response p99.9", |found| time(found.figures.response_p99_9_ms)),
    ("completion p50", |found| time(found.figures.completion_p50_ms)),
    ("completion p99", |found| time(found.figures.completion_p99_ms)),
    ("rejected", |found| share(found.figures.rejected, found.figures.jobs)),
    ("failed or timed out", |found| share(found.figures.failed + found.figures.timed_out, found.figures.jobs)),
    ("lost", |found| with_crash(&found.figures, found.figures.lost, found.figures.crash.lost)),
    ("duplicated", |found| with_crash(&found.figures, found.figures.duplicated, found.figures.crash.duplicated)),
    ("order kept", |found| order(&found.figures)),
    ("peak backlog", |found| found.figures.peak_backlog.to_string()),
    ("bytes held", |found| bytes(found.figures.bytes_held)),
    ("recovery after a crash", |found| milliseconds(found.figures.crash.recovery_s * 1e3)),
    ("callers lost in a crash", |found| found.figures.crash.unserved.to_string()),
    ("seeds, jobs", |found| format!("{}, {}", found.figures.seeds, found.figures.jobs)),
];

/// The header and the rows.
pub fn table(advice: &Advice) -> (Vec<String>, Vec<Vec<String>>) {
    let names = advice.architectures.keys().map(ToString::to_string);
    let header = std::iter::once(String::new()).chain(names).collect();
    let row = |(name, read): &Line| {
        std::iter::once((*name).to_owned()).chain(advice.architectures.values().map(read)).collect()
    };
    (header, LINES.iter().map(row).collect())
}

fn time(value_ms: Option<f64>) -> String {
    value_ms.map_or_else(|| "-".to_owned(), milliseconds)
}

fn order(figures: &Figures) -> String {
    match figures.out_of_order {
        0 => "yes".to_owned(),
        broken => format!("no ({})", share(broken, figures.jobs)),
    }
}

/// A count, and what a crash adds to it.
fn with_crash(figures: &Figures, count: u64, in_a_crash: u64) -> String {
    match in_a_crash {
        0 => share(count, figures.jobs),
        in_a_crash => format!("{}, {in_a_crash} in a crash", share(count, figures.jobs)),
    }
}
