//! Numbers of jobs over time.

use crate::error::ReportError;
use crate::format;
use crate::model::Point;
use crate::table::{Cell, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place, SMALL_WIDTH};
use super::frame::{Plot, Words};
use super::palette::Mark;
use super::{Chart, Overlay, Subject, failed, sentences, thin};

/// How high charts over time are.
pub(super) const SIZE: (u32, u32) = (SMALL_WIDTH, 470);
/// Ticks along the time axis.
pub(super) const MOST_TICKS: usize = 6;
/// More points than this add nothing at the width of a small chart.
const MOST_POINTS: usize = 200;
/// Rows of the table behind the chart.
const MOST_ROWS: usize = 25;
/// Marks along a line.
const MARKS: usize = 5;

/// The time that charts beside each other have in common.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// The second at the right end.
    pub(crate) last_second: f64,
    /// When something was broken: from and until.
    pub(crate) windows: Vec<(f64, f64)>,
}

/// One line.
pub(crate) struct TimeSeries<'a> {
    /// Whose it is.
    pub(crate) label: String,
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// Its points, in order of time.
    pub(crate) points: &'a [Point],
}

/// Draws the lines. `None` if none of them has a point.
pub(crate) fn time_series_chart(
    subject: &Subject<'_>,
    series: &[TimeSeries<'_>],
    span: &Span,
) -> Result<Option<Chart>, ReportError> {
    let drawable: Vec<&TimeSeries<'_>> = series.iter().filter(|one| !one.points.is_empty()).collect();
    let points = || drawable.iter().flat_map(|one| one.points.iter());
    let Some(highest) = points().map(|(_, jobs)| *jobs).max() else {
        return Ok(None);
    };
    let last_second = span.last_second;
    let axes = (Axis::until(last_second, MOST_TICKS), Axis::linear(highest as f64, 5));
    let mut ends = [0; 4];
    let words = Words {
        title: subject.title,
        subtitle: format!("jobs · {}", subject.clock),
        across: "seconds since the start",
        legend: drawable.iter().map(|one| (one.label.as_str(), one.mark)).collect(),
    };
    let elements = Canvas::draw(SIZE, |canvas| {
        let plot = Plot::frame(canvas, SIZE.1, &words, axes, &span.windows)?;
        ends = plot.ends();
        let lines = drawable.iter().enumerate();
        lines.clone().try_for_each(|(_, one)| draw_line(canvas, &plot, one))?;
        lines.clone().try_for_each(|(index, one)| draw_marks(canvas, &plot, one, (index, drawable.len(), last_second)))
    })
    .map_err(|reason| failed(subject, reason))?;
    let table = table(subject, &drawable, last_second);
    let overlay = Some(Overlay { ends, last_second, decades: None });
    Ok(Some(Chart { overlay, ..Chart::new(subject, describe(&drawable), table, SIZE, elements) }))
}

fn draw_line(canvas: &Canvas<'_>, plot: &Plot, one: &TimeSeries<'_>) -> Result<(), Failure> {
    let points = thin::extremes(one.points, MOST_POINTS);
    let places = points.into_iter().filter_map(|(second, jobs)| plot.place((second, jobs as f64)));
    canvas.line(places.collect(), one.mark.colour, 4)
}

/// A few marks along the line, each series' between those of the others, so that a hidden line still shows.
fn draw_marks(
    canvas: &Canvas<'_>,
    plot: &Plot,
    one: &TimeSeries<'_>,
    (index, of, last_second): (usize, usize, f64),
) -> Result<(), Failure> {
    let steps = (MARKS * of) as f64;
    let seconds = (0..MARKS).map(|mark| last_second * ((mark * of + index) as f64 + 0.5) / steps);
    let points = seconds.filter_map(|second| Some((second, value_between(one.points, second)?)));
    let places: Vec<Place> = points.filter_map(|point| plot.place(point)).collect();
    places.into_iter().try_for_each(|place| canvas.mark(place, one.mark))
}

/// Where the drawn line is at `second`: between the points around it.
fn value_between(points: &[Point], second: f64) -> Option<f64> {
    let after = points.partition_point(|(at, _)| *at <= second);
    let (before_second, before) = *points.get(after.checked_sub(1)?)?;
    let (after_second, after) = *points.get(after)?;
    let part = (second - before_second) / (after_second - before_second);
    Some(before as f64 + (after as f64 - before as f64) * part)
}

fn describe(series: &[&TimeSeries<'_>]) -> String {
    sentences(series.iter().map(|one| {
        let (at, highest) =
            one.points.iter().copied().reduce(|top, next| if next.1 > top.1 { next } else { top }).unwrap_or_default();
        let last = one.points.last().map_or(0, |(_, jobs)| *jobs);
        let (at, highest, last) = (format::number(at), format::count(highest), format::count(last));
        (one.label.clone(), format!("at most {highest} after {at} s, {last} at the end"))
    }))
}

fn table(subject: &Subject<'_>, series: &[&TimeSeries<'_>], last_second: f64) -> Table {
    let labels: Vec<&str> = series.iter().map(|one| one.label.as_str()).collect();
    let rows = (0..MOST_ROWS).map(|row| {
        let second = last_second * row as f64 / (MOST_ROWS - 1) as f64;
        let cells = series.iter().map(|one| {
            thin::value_at(one.points, second).map_or(Cell::Missing, |jobs| Cell::Text(format::count(jobs)))
        });
        Row { label: format::number(second), cells: cells.collect() }
    });
    let caption = format!("{}, number of jobs, {}; every point is in the JSON", subject.title, subject.clock);
    Table::plain(&caption, "second", &labels, rows.collect())
}
