//! The figures of one scenario by one clock: tables, charts and verdicts, with the architectures side by side.

use crate::chart::{self, Chart, Mark, PercentileSeries, Subject, TimeSeries};
use crate::error::ReportError;
use crate::model::{ArchitectureResult, Clock, GuaranteeName, Percentiles, Point};
use crate::table::{Cell, Figure, Group, Row, Table};

/// All figures of a scenario that are in the same time.
pub(crate) struct Panel {
    /// Whose time.
    pub(crate) clock: Clock,
    /// Percentiles of response and completion.
    pub(crate) durations: Table,
    /// What became of the jobs.
    pub(crate) jobs: Table,
    /// The verdicts.
    pub(crate) guarantees: Table,
    /// What shows the violations.
    pub(crate) witnesses: Vec<Witness>,
    /// The charts that could be drawn.
    pub(crate) charts: Vec<Chart>,
}

/// The events that show a violation.
pub(crate) struct Witness {
    /// Which architecture did what.
    pub(crate) title: String,
    /// The events, a line each.
    pub(crate) events: String,
}

/// One architecture's result, and where it stands in the results.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) result: &'a ArchitectureResult,
    pub(super) scenario: usize,
    pub(super) index: usize,
}

impl Entry<'_> {
    /// A JSON pointer to one of the result's fields.
    pub(super) fn pointer(&self, field: &str) -> String {
        format!("/scenarios/{}/architectures/{}/{field}", self.scenario, self.index)
    }

    fn label(&self) -> &'static str {
        self.result.architecture.label()
    }
}

type CountField = (&'static str, &'static str, fn(&ArchitectureResult) -> u64);

/// The counts, as they are shown: label, field, value.
const COUNTS: [CountField; 11] = [
    ("arrived", "arrived", |result| result.arrived),
    ("accepted", "accepted", |result| result.accepted),
    ("rejected", "rejected", |result| result.rejected),
    ("failed", "failed", |result| result.failed),
    ("timed out", "timed_out", |result| result.timed_out),
    ("completed", "completed", |result| result.completed),
    ("lost", "lost", |result| result.lost),
    ("done twice", "duplicated", |result| result.duplicated),
    ("dead-lettered", "dead_lettered", |result| result.dead_lettered),
    ("attempts", "attempts", |result| result.attempts),
    ("peak backlog", "peak_backlog", |result| result.peak_backlog),
];

const GUARANTEES: [GuaranteeName; 4] =
    [GuaranteeName::Lost, GuaranteeName::Duplicated, GuaranteeName::Order, GuaranteeName::Recovery];

const READ_PERCENTILES: &str = "Further right is further into the tail. Equal steps up are equal factors, so small \
    differences are small ratios; a flat line treats everybody alike.";
const READ_BACKLOG: &str = "Jobs that have arrived and are waiting or being worked on. A line that climbs and stays up is \
    work arriving faster than it is done.";
const READ_COMPLETIONS: &str = "Jobs done so far. The steepness is the rate of work; a line that ends lower left \
    work undone.";

impl Panel {
    /// Lays out the results of `scenario` that are in `clock`'s time. `None` if there are none.
    pub(super) fn new(clock: Clock, entries: &[Entry<'_>], anchor: &str) -> Result<Option<Panel>, ReportError> {
        let mut entries: Vec<Entry<'_>> = entries.iter().copied().filter(|entry| entry.result.clock == clock).collect();
        entries.sort_by_key(|entry| entry.result.architecture);
        if entries.is_empty() {
            return Ok(None);
        }
        Ok(Some(Panel {
            clock,
            durations: durations(clock, &entries),
            jobs: jobs(&entries),
            guarantees: guarantees(&entries),
            witnesses: witnesses(&entries),
            charts: charts(clock, &entries, anchor)?,
        }))
    }
}

fn columns(entries: &[Entry<'_>]) -> Vec<String> {
    entries.iter().map(|entry| entry.label().to_owned()).collect()
}

fn durations(clock: Clock, entries: &[Entry<'_>]) -> Table {
    let response = series(entries, "response_ms", |result| result.response_ms);
    let completion = series(entries, "completion_ms", |result| result.completion_ms);
    Table {
        caption: format!("How long it took, milliseconds, {}", clock.label()),
        corner: "percentile".into(),
        columns: columns(entries),
        groups: vec![
            Group {
                label: "Response: arrival to answer, or to giving up".into(),
                rows: chart::percentile_rows(&response),
            },
            Group { label: "Completion: arrival to work done".into(), rows: chart::percentile_rows(&completion) },
        ],
    }
}

fn jobs(entries: &[Entry<'_>]) -> Table {
    let rows = COUNTS.iter().map(|(label, field, value)| Row {
        label: (*label).into(),
        cells: entries.iter().map(|entry| Figure::count(value(entry.result), entry.pointer(field)).into()).collect(),
    });
    Table {
        caption: "What became of the jobs".into(),
        corner: "jobs".into(),
        columns: columns(entries),
        groups: vec![Group { label: String::new(), rows: rows.collect() }],
    }
}

fn guarantees(entries: &[Entry<'_>]) -> Table {
    let rows = GUARANTEES.iter().map(|name| Row {
        label: name.label().into(),
        cells: entries.iter().map(|entry| verdict(entry.result, *name)).collect(),
    });
    Table {
        caption: "Guarantees, as the checkers judged them".into(),
        corner: "guarantee".into(),
        columns: columns(entries),
        groups: vec![Group { label: String::new(), rows: rows.collect() }],
    }
}

fn verdict(result: &ArchitectureResult, name: GuaranteeName) -> Cell {
    let guarantee = result.guarantees.iter().find(|guarantee| guarantee.name == name);
    guarantee.map_or(Cell::Missing, |guarantee| Cell::Verdict(guarantee.verdict))
}

fn witnesses(entries: &[Entry<'_>]) -> Vec<Witness> {
    let of_entry = |entry: &Entry<'_>| {
        let label = entry.label();
        let guarantees = entry.result.guarantees.clone().into_iter();
        guarantees.filter_map(move |guarantee| {
            let title = format!("{label}: ‘{}’ is {}", guarantee.name.label(), guarantee.verdict.label());
            guarantee.witness.map(|events| Witness { title, events })
        })
    };
    entries.iter().flat_map(of_entry).collect()
}

fn charts(clock: Clock, entries: &[Entry<'_>], anchor: &str) -> Result<Vec<Chart>, ReportError> {
    let subject = |name: &str, title: &'static str, reading: &'static str| {
        let by_clock = if clock == Clock::Simulated { "" } else { "-measured" };
        Subject { name: format!("{anchor}-{name}{by_clock}"), title, clock: clock.label(), reading }
    };
    let response = series(entries, "response_ms", |result| result.response_ms);
    let completion = series(entries, "completion_ms", |result| result.completion_ms);
    let charts = [
        chart::percentile_chart(&subject("response", "Response time", READ_PERCENTILES), &response)?,
        chart::percentile_chart(&subject("completion", "Completion time", READ_PERCENTILES), &completion)?,
        chart::time_series_chart(&subject("backlog", "Backlog", READ_BACKLOG), &lines(entries, |one| &one.backlog))?,
        chart::time_series_chart(
            &subject("completions", "Completed jobs", READ_COMPLETIONS),
            &lines(entries, |one| &one.completions),
        )?,
    ];
    Ok(charts.into_iter().flatten().collect())
}

fn series(entries: &[Entry<'_>], field: &str, of: fn(&ArchitectureResult) -> Percentiles) -> Vec<PercentileSeries> {
    let one = |entry: &Entry<'_>| PercentileSeries {
        label: entry.label().into(),
        mark: mark(entry),
        percentiles: of(entry.result),
        pointer: entry.pointer(field),
    };
    entries.iter().map(one).collect()
}

fn lines<'a>(entries: &[Entry<'a>], of: fn(&ArchitectureResult) -> &Vec<Point>) -> Vec<TimeSeries<'a>> {
    let one =
        |entry: &Entry<'a>| TimeSeries { label: entry.label().into(), mark: mark(entry), points: of(entry.result) };
    entries.iter().map(one).collect()
}

fn mark(entry: &Entry<'_>) -> Mark {
    Mark::of(entry.result.architecture)
}
