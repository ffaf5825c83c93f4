//! The same scenario with other settings, beside the scenario as it stands.

use crate::model::{ArchitectureResult, Percentiles, Scenario};
use crate::table::{Cell, Figure, Group, Row, Table};

use super::panel::Entry;

type Column = (&'static str, fn(&Entry<'_>) -> Cell);

const COLUMNS: [Column; 9] = [
    ("answered p50", |entry| {
        duration(entry, entry.result.response_ms, entry.result.response_ms.p50, "response_ms/p50")
    }),
    ("p99", |entry| duration(entry, entry.result.response_ms, entry.result.response_ms.p99, "response_ms/p99")),
    ("done p50", |entry| {
        duration(entry, entry.result.completion_ms, entry.result.completion_ms.p50, "completion_ms/p50")
    }),
    ("p99", |entry| duration(entry, entry.result.completion_ms, entry.result.completion_ms.p99, "completion_ms/p99")),
    ("rejected", |entry| count(entry, entry.result.rejected, "rejected")),
    ("failed", |entry| count(entry, entry.result.failed, "failed")),
    ("timed out", |entry| count(entry, entry.result.timed_out, "timed_out")),
    ("lost", |entry| count(entry, entry.result.lost, "lost")),
    ("done twice", |entry| count(entry, entry.result.duplicated, "duplicated")),
];

/// A row for each architecture that has variants, and one for each of these. `None` if there are none.
pub(super) fn table(scenario: &Scenario, index: usize) -> Option<Table> {
    let groups: Vec<Group> =
        scenario.architectures.iter().enumerate().filter_map(|plain| group(scenario, index, plain)).collect();
    (!groups.is_empty()).then(|| Table {
        caption: "The same with other settings, milliseconds and jobs".into(),
        corner: "setting".into(),
        columns: COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        groups,
    })
}

fn group(scenario: &Scenario, index: usize, (place, plain): (usize, &ArchitectureResult)) -> Option<Group> {
    let same = |result: &ArchitectureResult| result.architecture == plain.architecture && result.clock == plain.clock;
    let variants = scenario.variants.iter().enumerate().filter(|(_, variant)| same(&variant.result));
    let variants = variants.map(|(place, variant)| {
        let entry = Entry { result: &variant.result, scenario: index, index: place, is_variant: true };
        row(format!("{}: {}", variant.name, variant.what), &entry)
    });
    let mut rows =
        vec![row("as it stands".into(), &Entry { result: plain, scenario: index, index: place, is_variant: false })];
    rows.extend(variants);
    (rows.len() > 1).then(|| Group { label: plain.architecture.label().into(), rows })
}

fn row(label: String, entry: &Entry<'_>) -> Row {
    Row { label, cells: COLUMNS.iter().map(|(_, cell)| cell(entry)).collect() }
}

fn duration(entry: &Entry<'_>, of: Percentiles, value: f64, field: &str) -> Cell {
    if of.count == 0 { Cell::Missing } else { Figure::number(value, entry.pointer(field)).into() }
}

fn count(entry: &Entry<'_>, value: u64, field: &str) -> Cell {
    Figure::count(value, entry.pointer(field)).into()
}
