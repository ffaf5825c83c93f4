//! The figures of one scenario by one clock: tables, charts and verdicts, with the architectures side by side.

use crate::chart::{self, Chart, Mark, PercentileSeries, ResponseSeries, Span, Subject, TimeSeries};
use crate::error::ReportError;
use crate::model::{ArchitectureResult, Clock, Fault, Percentiles, Point};
use crate::table::{Figure, Group, Row, Table};

use super::verdicts::Verdicts;

/// All figures of a scenario that are in the same time.
pub(crate) struct Panel {
    /// Whose time.
    pub(crate) clock: Clock,
    /// Percentiles of response and completion.
    pub(crate) durations: Table,
    /// What became of the jobs.
    pub(crate) jobs: Table,
    /// The verdicts.
    pub(crate) verdicts: Verdicts,
    /// Small charts over time, which share their axis.
    pub(crate) strip: Vec<Chart>,
    /// The charts of percentiles.
    pub(crate) charts: Vec<Chart>,
}

/// One architecture's result, and where it stands in the results.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) result: &'a ArchitectureResult,
    pub(super) scenario: usize,
    pub(super) index: usize,
    /// Whether it is a variant's.
    pub(super) is_variant: bool,
}

impl Entry<'_> {
    /// A JSON pointer to one of the result's fields.
    pub(super) fn pointer(&self, field: &str) -> String {
        let Entry { scenario, index, .. } = self;
        if self.is_variant {
            format!("/scenarios/{scenario}/variants/{index}/result/{field}")
        } else {
            format!("/scenarios/{scenario}/architectures/{index}/{field}")
        }
    }

    /// The architecture's word.
    pub(super) fn label(&self) -> &'static str {
        self.result.architecture.label()
    }
}

/// A count: label, field, value.
pub(crate) type CountField = (&'static str, &'static str, fn(&ArchitectureResult) -> u64);

/// The counts, as they are shown.
pub(crate) const COUNTS: [CountField; 11] = [
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

const READ_PERCENTILES: &str = "Further right is further into the tail. Equal steps up are equal factors, so small \
    differences are small ratios; a flat line treats everybody alike.";
const READ_BACKLOG: &str = "Jobs that have arrived and are waiting or being worked on. A line that climbs and stays up is \
    work arriving faster than it is done.";
const READ_RESPONSES: &str = "The longest wait of those who came at each time, until they were answered or gave up. Who was \
    turned away is not in it.";
const READ_COMPLETIONS: &str = "Jobs done so far. The steepness is the rate of work; a line that ends lower left \
    work undone.";

impl Panel {
    /// Lays out the results of `scenario` that are in `clock`'s time. `None` if there are none.
    pub(super) fn new(
        clock: Clock,
        entries: &[Entry<'_>],
        faults: &[Fault],
        anchor: &str,
    ) -> Result<Option<Panel>, ReportError> {
        let mut entries: Vec<Entry<'_>> = entries.iter().copied().filter(|entry| entry.result.clock == clock).collect();
        entries.sort_by_key(|entry| entry.result.architecture);
        if entries.is_empty() {
            return Ok(None);
        }
        Ok(Some(Panel {
            clock,
            durations: durations(clock, &entries),
            jobs: jobs(&entries),
            verdicts: Verdicts::of(&entries),
            strip: strip(clock, &entries, &span(&entries, faults), anchor)?,
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

fn subject<'a>(clock: Clock, anchor: &str, name: &str, title: &'a str, reading: &'a str) -> Subject<'a> {
    let by_clock = if clock == Clock::Simulated { "" } else { "-measured" };
    Subject { name: format!("{anchor}-{name}{by_clock}"), title, clock: clock.label(), reading }
}

/// The time that an architecture's points cover, at most.
fn span(entries: &[Entry<'_>], faults: &[Fault]) -> Span {
    let points =
        entries.iter().flat_map(|entry| entry.result.backlog.last().into_iter().chain(entry.result.completions.last()));
    let last_second = points.map(|(second, _)| *second).fold(0.0, f64::max);
    let windows = faults.iter().filter(|fault| fault.kind != "poison" && fault.from_s < last_second);
    let window = |fault: &Fault| (fault.from_s, fault.until_s.map_or(last_second, |until_s| until_s.min(last_second)));
    Span { last_second, windows: windows.map(window).collect() }
}

fn strip(clock: Clock, entries: &[Entry<'_>], span: &Span, anchor: &str) -> Result<Vec<Chart>, ReportError> {
    let subject = |name, title, reading| subject(clock, anchor, name, title, reading);
    let responses: Vec<ResponseSeries<'_>> = entries
        .iter()
        .map(|entry| ResponseSeries { label: entry.label().into(), mark: mark(entry), points: &entry.result.responses })
        .collect();
    let completions = lines(entries, |one| &one.completions);
    let charts = [
        chart::time_series_chart(
            &subject("backlog", "Backlog", READ_BACKLOG),
            &lines(entries, |one| &one.backlog),
            span,
        )?,
        chart::response_chart(&subject("waits", "Longest wait", READ_RESPONSES), &responses, span)?,
        chart::time_series_chart(&subject("completions", "Completed jobs", READ_COMPLETIONS), &completions, span)?,
    ];
    Ok(charts.into_iter().flatten().collect())
}

fn charts(clock: Clock, entries: &[Entry<'_>], anchor: &str) -> Result<Vec<Chart>, ReportError> {
    let subject = |name, title| subject(clock, anchor, name, title, READ_PERCENTILES);
    let response = series(entries, "response_ms", |result| result.response_ms);
    let completion = series(entries, "completion_ms", |result| result.completion_ms);
    let charts = [
        chart::percentile_chart(&subject("response", "Response time"), &response)?,
        chart::percentile_chart(&subject("completion", "Completion time"), &completion)?,
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
