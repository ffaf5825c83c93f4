//! How long callers waited, by when they came, on a logarithmic axis.

use crate::error::ReportError;
use crate::format;
use crate::table::{Cell, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place};
use super::frame::{Plot, Words};
use super::palette::Mark;
use super::time_series::{MOST_TICKS, SIZE, Span};
use super::{Chart, Overlay, Subject, failed, sentences};

/// Rows of the table behind the chart.
const MOST_ROWS: usize = 25;

/// One architecture's responses.
pub(crate) struct ResponseSeries<'a> {
    /// Whose they are.
    pub(crate) label: String,
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// Seconds of arrival and milliseconds of waiting, in order of time.
    pub(crate) points: &'a [(f64, f64)],
}

/// Draws them. `None` if there is none longer than zero.
pub(crate) fn response_chart(
    subject: &Subject<'_>,
    series: &[ResponseSeries<'_>],
    span: &Span,
) -> Result<Option<Chart>, ReportError> {
    let drawable: Vec<&ResponseSeries<'_>> = series.iter().filter(|one| !one.points.is_empty()).collect();
    let positive = || drawable.iter().flat_map(|one| one.points.iter().map(|(_, ms)| *ms)).filter(|ms| *ms > 0.0);
    let (Some(lowest), Some(highest)) = (positive().reduce(f64::min), positive().reduce(f64::max)) else {
        return Ok(None);
    };
    let up = Axis::logarithmic(lowest, highest);
    let decades = up.range();
    let axes = (Axis::until(span.last_second, MOST_TICKS), up);
    let words = Words {
        title: subject.title,
        subtitle: format!("ms, logarithmic · {}", subject.clock),
        across: "second of arrival",
        legend: drawable.iter().map(|one| (one.label.as_str(), one.mark)).collect(),
    };
    let mut ends = [0; 4];
    let elements = Canvas::draw(SIZE, |canvas| {
        let plot = Plot::frame(canvas, SIZE.1, &words, axes, &span.windows)?;
        ends = plot.ends();
        drawable.iter().try_for_each(|one| draw(canvas, &plot, one))
    })
    .map_err(|reason| failed(subject, reason))?;
    let table = table(subject, &drawable, span.last_second);
    let overlay = Some(Overlay { ends, last_second: span.last_second, decades: Some(decades) });
    Ok(Some(Chart { overlay, ..Chart::new(subject, describe(&drawable), table, SIZE, elements) }))
}

fn draw(canvas: &Canvas<'_>, plot: &Plot, one: &ResponseSeries<'_>) -> Result<(), Failure> {
    let places: Vec<Place> = one.points.iter().filter_map(|point| plot.place(*point)).collect();
    canvas.line(places.clone(), one.mark.colour, 4)?;
    let every = (places.len() / 4).max(1);
    places.into_iter().skip(every / 2).step_by(every).try_for_each(|place| canvas.mark(place, one.mark))
}

fn describe(series: &[&ResponseSeries<'_>]) -> String {
    sentences(series.iter().map(|one| {
        let (at, longest) =
            one.points.iter().copied().reduce(|top, next| if next.1 > top.1 { next } else { top }).unwrap_or_default();
        let says = format!("at most {}, for who came by {} s", format::duration(longest), format::number(at));
        (one.label.clone(), says)
    }))
}

fn table(subject: &Subject<'_>, series: &[&ResponseSeries<'_>], last_second: f64) -> Table {
    let labels: Vec<&str> = series.iter().map(|one| one.label.as_str()).collect();
    let step = last_second / MOST_ROWS as f64;
    let rows = (0..MOST_ROWS).map(|row| {
        let (from, until) = (step * row as f64, step * (row + 1) as f64);
        let longest = |one: &&ResponseSeries<'_>| {
            let of_row = one.points.iter().filter(|(second, _)| *second > from && *second <= until);
            let longest = of_row.map(|(_, milliseconds)| *milliseconds).reduce(f64::max);
            longest.map_or(Cell::Missing, |longest| Cell::Text(format::number(longest)))
        };
        Row { label: format::number(until), cells: series.iter().map(longest).collect() }
    });
    let caption = format!("{}, milliseconds, {}; every point is in the JSON", subject.title, subject.clock);
    Table::plain(&caption, "until second", &labels, rows.collect())
}
