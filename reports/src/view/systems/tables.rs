//! The tables of the comparison of systems.

use crate::model::{Clock, Estimate, Goal, Percentiles, SystemResult, SystemWorkload, Systems};
use crate::table::{Cell, Figure, Row, Table};

/// A figure with an interval: its heading, the field that it stands in, and how it is read.
type Measure = (&'static str, &'static str, fn(&SystemResult) -> Option<Estimate>);

const MEASURES: [Measure; 7] = [
    ("× broker", "ratio", |result| result.ratio),
    ("CPU s / million", "cpu_s_per_million", |result| result.cpu_s_per_million),
    ("peak MiB", "peak_mib", |result| result.peak_mib),
    ("filled /s", "filled_per_s", |result| result.filled_per_s),
    ("drained /s", "drained_per_s", |result| result.drained_per_s),
    ("B / waiting message", "waiting_bytes", |result| result.waiting_bytes),
    ("B / connection", "connection_bytes", |result| result.connection_bytes),
];

/// The figures of all systems under the `index`-th workload. A column in which none has a figure is left out.
pub(super) fn figures(index: usize, workload: &SystemWorkload) -> Table {
    let measures: Vec<&Measure> =
        MEASURES.iter().filter(|(.., read)| workload.results.iter().any(|result| read(result).is_some())).collect();
    let has_latencies = workload.results.iter().any(|result| result.latency_ms.count > 0);
    let latencies: &[&str] = if has_latencies { &Percentiles::NAMES } else { &[] };
    let mut columns = vec!["messages /s", "from", "to"];
    columns.extend(measures.iter().map(|(heading, ..)| *heading));
    columns.extend(latencies);
    columns.push("verdict");
    let rows = workload.results.iter().enumerate().map(|(place, result)| {
        let pointer = |field: &str| format!("/systems/workloads/{index}/results/{place}/{field}");
        let mut cells = rate_cells(result, &pointer);
        cells.extend(measures.iter().map(|(_, field, read)| {
            read(result)
                .map_or(Cell::Missing, |found| Figure::number(found.median, pointer(&format!("{field}/median"))).into())
        }));
        if has_latencies {
            cells.extend(latency_cells(result, &pointer));
        }
        cells.push(verdict(result));
        Row { label: label(result), cells }
    });
    let caption = format!("{}, latencies in milliseconds, {}", workload.id, Clock::Measured.label());
    Table::plain(&caption, "target", &columns, rows.collect())
}

/// A star marks what may be the generator's limit.
fn label(result: &SystemResult) -> String {
    format!("{}{}", result.target, if result.generator_limited { " *" } else { "" })
}

fn rate_cells(result: &SystemResult, pointer: &impl Fn(&str) -> String) -> Vec<Cell> {
    let Estimate { median, low, high } = result.messages_per_s;
    let cell = |value: f64, field: &str| Figure::number(value, pointer(&format!("messages_per_s/{field}"))).into();
    vec![cell(median, "median"), cell(low, "low"), cell(high, "high")]
}

fn latency_cells(result: &SystemResult, pointer: &impl Fn(&str) -> String) -> Vec<Cell> {
    let latency = result.latency_ms;
    let cell = |(_, field, value): (&str, &str, f64)| match latency.count {
        0 => Cell::Missing,
        _ => Figure::number(value, pointer(&format!("latency_ms/{field}"))).into(),
    };
    latency.named().into_iter().map(cell).collect()
}

/// What was wrong, in words, if something was.
fn verdict(result: &SystemResult) -> Cell {
    match &result.findings {
        Some(findings) => Cell::Text(format!("{} {findings}", result.verdict.sign())),
        None => Cell::Verdict(result.verdict),
    }
}

/// What our broker is meant to reach.
pub(super) fn goals(goals: &[Goal]) -> Table {
    let word = |goal: &Goal| match goal.holds {
        Some(true) => "✓ holds",
        Some(false) => "✗ does not hold",
        None => "? unknown",
    };
    let cells = |goal: &Goal| vec![Cell::Text(word(goal).to_owned()), Cell::Text(goal.found.clone())];
    let rows = goals.iter().map(|goal| Row { label: goal.goal.clone(), cells: cells(goal) });
    Table::plain("What our broker is meant to reach, by the medians", "goal", &["verdict", "found"], rows.collect())
}

/// What exactly was measured.
pub(super) fn targets(systems: &Systems) -> Table {
    let rows = systems.targets.iter().map(|system| {
        let about = &system.description;
        let cells = [&about.version, &about.configuration, &about.durability].map(|text| Cell::Text(text.clone()));
        Row { label: system.target.clone(), cells: cells.into() }
    });
    let columns = ["version", "configuration", "what a confirm promises"];
    Table::plain("Systems, what was measured", "target", &columns, rows.collect())
}
