//! How long things took, with the tail drawn out: each nine more has as much room as the one before, and the longest
//! stands where one in all of them stands.

use crate::error::ReportError;
use crate::format;
use crate::model::Percentiles;

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place, WIDTH};
use super::frame::{Plot, Words, legend_height};
use super::percentiles::{PercentileSeries, drawable, range, table};
use super::{Chart, Subject, failed, sentences};

const HEIGHT: u32 = 700;
/// Where the percentiles are, as `1 / (1 - share)`; the longest comes after them.
const PLACES: [f64; 4] = [2.0, 10.0, 100.0, 1_000.0];

/// Draws the distributions. `None` if none of them has a duration longer than zero.
pub(crate) fn tail_chart(subject: &Subject<'_>, series: &[PercentileSeries]) -> Result<Option<Chart>, ReportError> {
    let drawable = drawable(series);
    let Some((lowest, highest)) = range(&drawable) else { return Ok(None) };
    let most = drawable.iter().map(|one| one.percentiles.count).max().unwrap_or_default();
    let axes = (Axis::tail(most as f64), Axis::logarithmic(lowest, highest));
    let words = Words {
        title: subject.title,
        subtitle: format!("milliseconds, logarithmic · {}", subject.clock),
        across: "share of messages that took at most this",
        legend: drawable.iter().map(|one| (one.label.as_str(), one.mark)).collect(),
    };
    let size = (WIDTH, HEIGHT + legend_height(drawable.iter().map(|one| one.label.as_str()), WIDTH));
    let elements = Canvas::draw(size, |canvas| {
        let plot = Plot::frame(canvas, size.1, &words, axes, &[])?;
        drawable.iter().try_for_each(|one| draw(canvas, &plot, one))
    })
    .map_err(|reason| failed(subject, reason))?;
    Ok(Some(Chart::new(subject, describe(&drawable), table(subject, series), size, elements)))
}

fn draw(canvas: &Canvas<'_>, plot: &Plot, one: &PercentileSeries) -> Result<(), Failure> {
    let Percentiles { count, p50, p90, p99, p999, max } = one.percentiles;
    let nines = PLACES.into_iter().zip([p50, p90, p99, p999]);
    // Of too few messages, a percentile beyond the longest says nothing.
    let points = nines.filter(|(at, _)| *at < count as f64).chain([(count as f64, max)]);
    let places: Vec<Place> = points.filter_map(|point| plot.place(point)).collect();
    canvas.line(places.clone(), one.mark.colour, 4)?;
    places.into_iter().try_for_each(|place| canvas.mark(place, one.mark))
}

fn describe(series: &[&PercentileSeries]) -> String {
    sentences(series.iter().map(|one| {
        let Percentiles { p50, p99, max, .. } = one.percentiles;
        let (p50, p99, max) = (format::duration(p50), format::duration(p99), format::duration(max));
        (one.label.clone(), format!("half within {p50}, 99 % within {p99}, all within {max}"))
    }))
}
