//! How long things took, from the middle of the distribution to its tail, on a logarithmic axis.

use crate::error::ReportError;
use crate::format;
use crate::model::Percentiles;
use crate::table::{Cell, Figure, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place, WIDTH};
use super::frame::{Plot, Words};
use super::palette::Mark;
use super::{Chart, Subject, failed, sentences};

const HEIGHT: u32 = 620;

/// One distribution.
pub(crate) struct PercentileSeries {
    /// Whose it is.
    pub(crate) label: String,
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// The distribution.
    pub(crate) percentiles: Percentiles,
    /// Where it stands in the results: a JSON pointer.
    pub(crate) pointer: String,
}

/// Draws the distributions. `None` if none of them has a duration longer than zero.
pub(crate) fn percentile_chart(
    subject: &Subject<'_>,
    series: &[PercentileSeries],
) -> Result<Option<Chart>, ReportError> {
    let drawable = drawable(series);
    let Some((lowest, highest)) = range(&drawable) else { return Ok(None) };
    let axes = (Axis::categories(&Percentiles::NAMES), Axis::logarithmic(lowest, highest));
    let words = Words {
        title: subject.title,
        subtitle: format!("milliseconds, logarithmic · {}", subject.clock),
        across: "percentile of jobs",
        legend: drawable.iter().map(|one| (one.label.as_str(), one.mark)).collect(),
    };
    let elements = Canvas::draw((WIDTH, HEIGHT), |canvas| {
        let plot = Plot::frame(canvas, HEIGHT, &words, axes, &[])?;
        drawable.iter().enumerate().try_for_each(|(index, one)| {
            // Beside each other, so that equal figures do not hide one another.
            let aside = (index as f64 - (drawable.len() - 1) as f64 / 2.0) * 0.09;
            draw(canvas, &plot, one, aside)
        })
    })
    .map_err(|reason| failed(subject, reason))?;
    Ok(Some(Chart::new(subject, describe(&drawable), table(subject, series), (WIDTH, HEIGHT), elements)))
}

fn draw(canvas: &Canvas<'_>, plot: &Plot, one: &PercentileSeries, aside: f64) -> Result<(), Failure> {
    let values = one.percentiles.named().map(|(.., value)| value);
    let points = values.into_iter().enumerate().map(|(index, value)| (index as f64 + aside, value));
    let places: Vec<Place> = points.filter_map(|point| plot.place(point)).collect();
    canvas.line(places.clone(), one.mark.colour, 4)?;
    places.into_iter().try_for_each(|place| canvas.mark(place, one.mark))
}

fn describe(series: &[&PercentileSeries]) -> String {
    sentences(series.iter().map(|one| {
        let Percentiles { p50, p99, max, .. } = one.percentiles;
        let (p50, p99, max) = (format::duration(p50), format::duration(p99), format::duration(max));
        (one.label.clone(), format!("median {p50}, 99th percentile {p99}, longest {max}"))
    }))
}

/// The distributions of something.
pub(super) fn drawable(series: &[PercentileSeries]) -> Vec<&PercentileSeries> {
    series.iter().filter(|one| one.percentiles.count > 0).collect()
}

/// The shortest and the longest duration that a logarithmic axis can show, if there is one.
pub(super) fn range(drawable: &[&PercentileSeries]) -> Option<(f64, f64)> {
    let durations = || {
        let all = drawable.iter().flat_map(|one| one.percentiles.named().map(|(.., value)| value));
        all.filter(|value| value.is_finite() && *value > 0.0)
    };
    durations().reduce(f64::min).zip(durations().reduce(f64::max))
}

/// The figures behind a chart of distributions.
pub(super) fn table(subject: &Subject<'_>, series: &[PercentileSeries]) -> Table {
    let labels: Vec<&str> = series.iter().map(|one| one.label.as_str()).collect();
    let caption = format!("{}, milliseconds, {}", subject.title, subject.clock);
    Table::plain(&caption, "percentile", &labels, percentile_rows(series))
}

/// A row for each percentile and one for the count, with a cell for each series.
pub(crate) fn percentile_rows(series: &[PercentileSeries]) -> Vec<Row> {
    let durations = Percentiles::NAMES.iter().enumerate().map(|(index, name)| Row {
        label: (*name).to_owned(),
        cells: series.iter().map(|one| duration_cell(one, index)).collect(),
    });
    let count = Row {
        label: "jobs counted".into(),
        cells: series
            .iter()
            .map(|one| Figure::count(one.percentiles.count, format!("{}/count", one.pointer)).into())
            .collect(),
    };
    durations.chain([count]).collect()
}

fn duration_cell(one: &PercentileSeries, index: usize) -> Cell {
    if one.percentiles.count == 0 {
        return Cell::Missing;
    }
    let (_, field, value) = one.percentiles.named()[index];
    Figure::number(value, format!("{}/{field}", one.pointer)).into()
}
