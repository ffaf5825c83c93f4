//! One load on several real systems, by the real clock.

use crate::chart::{self, Chart, Mark, PercentileSeries, Rate, Subject};
use crate::error::ReportError;
use crate::format;
use crate::model::{Architecture, Benchmark, Clock, Percentiles, Target};
use crate::table::{Cell, Figure, Row, Table};

/// A benchmark's section.
pub(crate) struct BenchmarkSection<'a> {
    /// Where links find it.
    pub(crate) anchor: String,
    /// What it tells.
    pub(crate) benchmark: &'a Benchmark,
    /// The rate that was offered.
    pub(crate) rate: Figure,
    /// The figures.
    pub(crate) figures: Table,
    /// What exactly was measured.
    pub(crate) targets: Table,
    /// The charts that could be drawn.
    pub(crate) charts: Vec<Chart>,
}

const READ_RATES: &str = "The bar is what was done, the upright line what was asked. A bar that ends before its line \
    is a system past its limit, and its latencies say little else.";
const READ_PERCENTILES: &str = "Counted from the moment a job should have been sent, so that a slow system cannot \
    hide by slowing down whoever measures it.";

impl<'a> BenchmarkSection<'a> {
    /// Lays out the `index`-th benchmark of the results.
    pub(super) fn new(index: usize, benchmark: &'a Benchmark) -> Result<Self, ReportError> {
        let anchor = format!("benchmark-{}-{}", index + 1, format::slug(&benchmark.name));
        Ok(BenchmarkSection {
            rate: Figure::number(benchmark.rate_per_s, format!("/benchmarks/{index}/rate_per_s")),
            figures: figures(index, benchmark),
            targets: descriptions(benchmark),
            charts: charts(index, benchmark, &anchor)?,
            anchor,
            benchmark,
        })
    }
}

fn pointer(benchmark: usize, target: usize, field: &str) -> String {
    format!("/benchmarks/{benchmark}/targets/{target}/{field}")
}

fn figures(index: usize, benchmark: &Benchmark) -> Table {
    let columns =
        ["jobs", "attempted /s", "achieved /s", "response p50", "response p99", "done p50", "done p99", "verdict"];
    let rows = benchmark.targets.iter().enumerate().map(|(place, target)| Row {
        label: label(target),
        cells: cells(target, |field| pointer(index, place, field)),
    });
    let caption = format!("{}, durations in milliseconds, {}", benchmark.name, Clock::Measured.label());
    Table::plain(&caption, "target", &columns, rows.collect())
}

fn cells(target: &Target, pointer: impl Fn(&str) -> String) -> Vec<Cell> {
    let duration = |percentiles: Percentiles, value: f64, field: &str| match percentiles.count {
        0 => Cell::Missing,
        _ => Figure::number(value, pointer(field)).into(),
    };
    let (response, completion) = (target.response_ms, target.completion_ms);
    vec![
        Figure::count(target.jobs, pointer("jobs")).into(),
        Figure::number(target.attempted_per_s, pointer("attempted_per_s")).into(),
        Figure::number(target.achieved_per_s, pointer("achieved_per_s")).into(),
        duration(response, response.p50, "response_ms/p50"),
        duration(response, response.p99, "response_ms/p99"),
        duration(completion, completion.p50, "completion_ms/p50"),
        duration(completion, completion.p99, "completion_ms/p99"),
        Cell::Verdict(target.verdict),
    ]
}

fn descriptions(benchmark: &Benchmark) -> Table {
    let rows = benchmark.targets.iter().map(|target| Row {
        label: label(target),
        cells: [&target.description.version, &target.description.configuration, &target.description.durability]
            .map(|text| Cell::Text(text.clone()))
            .into(),
    });
    let caption = format!("{}, what was measured", benchmark.name);
    Table::plain(&caption, "target", &["version", "configuration", "what an answer promises"], rows.collect())
}

fn charts(index: usize, benchmark: &Benchmark, anchor: &str) -> Result<Vec<Chart>, ReportError> {
    let marks: Vec<Mark> = marks(benchmark);
    let subject = |name: &str, title: &'static str, reading: &'static str| Subject {
        name: format!("{anchor}-{name}"),
        title,
        clock: Clock::Measured.label(),
        reading,
    };
    let series = |field: &str, of: fn(&Target) -> Percentiles| {
        let one = |(place, (target, mark)): (usize, (&'_ Target, &Mark))| PercentileSeries {
            label: label(target),
            mark: *mark,
            percentiles: of(target),
            pointer: pointer(index, place, field),
        };
        benchmark.targets.iter().zip(&marks).enumerate().map(one).collect::<Vec<_>>()
    };
    let rates = benchmark.targets.iter().zip(&marks).enumerate().map(|(place, (target, mark))| Rate {
        label: label(target),
        mark: *mark,
        attempted_per_s: target.attempted_per_s,
        achieved_per_s: target.achieved_per_s,
        pointer: format!("/benchmarks/{index}/targets/{place}"),
    });
    let charts = [
        chart::percentile_chart(
            &subject("response", "Response time", READ_PERCENTILES),
            &series("response_ms", |target| target.response_ms),
        )?,
        chart::percentile_chart(
            &subject("completion", "Completion time", READ_PERCENTILES),
            &series("completion_ms", |target| target.completion_ms),
        )?,
        chart::rate_chart(&subject("rates", "Rates", READ_RATES), &rates.collect::<Vec<_>>())?,
    ];
    Ok(charts.into_iter().flatten().collect())
}

/// The architecture that a target is, if it is one of ours.
pub(crate) fn architecture(target: &Target) -> Option<Architecture> {
    Architecture::ALL.into_iter().find(|architecture| architecture.name() == target.target)
}

/// What a target is called; ours as in the rest of the report.
fn label(target: &Target) -> String {
    architecture(target).map_or_else(|| target.target.clone(), |architecture| architecture.label().into())
}

/// The architectures keep their marks; every other system gets one of its own.
fn marks(benchmark: &Benchmark) -> Vec<Mark> {
    let mut others = 0;
    let mark = |target: &Target| {
        architecture(target).map_or_else(
            || {
                others += 1;
                Mark::other(others - 1)
            },
            Mark::of,
        )
    };
    benchmark.targets.iter().map(mark).collect()
}
