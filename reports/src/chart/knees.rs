//! The rate that was asked against the latency that came of it, with the knee of each system marked.

use crate::error::ReportError;
use crate::format;
use crate::model::{Knee, KneePoint};
use crate::table::{Cell, Figure, Group, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place, WIDTH};
use super::frame::{Plot, Words, legend_height};
use super::palette::{INK, Mark};
use super::{Chart, Subject, failed, sentences};

const HEIGHT: u32 = 700;

/// A system's way to its knee and beyond.
pub(crate) struct KneeSeries<'a> {
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// What was tried.
    pub(crate) knee: &'a Knee,
    /// Where it stands in the results: a JSON pointer.
    pub(crate) pointer: String,
}

/// Draws them. `None` if nothing was tried.
pub(crate) fn knee_chart(subject: &Subject<'_>, series: &[KneeSeries<'_>]) -> Result<Option<Chart>, ReportError> {
    let range = |read: fn(&KneePoint) -> f64| {
        let all = || series.iter().flat_map(|one| one.knee.points.iter().map(read)).filter(|value| *value > 0.0);
        Some((all().reduce(f64::min)?, all().reduce(f64::max)?))
    };
    let (Some(rates), Some(latencies)) = (range(|point| point.rate_per_s), range(|point| point.p99_ms)) else {
        return Ok(None);
    };
    let axes = (Axis::logarithmic(rates.0, rates.1), Axis::logarithmic(latencies.0, latencies.1));
    let words = Words {
        title: subject.title,
        subtitle: format!("p99, milliseconds, logarithmic · {} · ring: the knee", subject.clock),
        across: "messages a second, open loop, logarithmic",
        legend: series.iter().map(|one| (one.knee.target.as_str(), one.mark)).collect(),
    };
    let size = (WIDTH, HEIGHT + legend_height(series.iter().map(|one| one.knee.target.as_str()), WIDTH));
    let elements = Canvas::draw(size, |canvas| {
        let plot = Plot::frame(canvas, size.1, &words, axes, &[])?;
        series.iter().try_for_each(|one| draw(canvas, &plot, one))
    })
    .map_err(|reason| failed(subject, reason))?;
    Ok(Some(Chart::new(subject, describe(series), table(subject, series), size, elements)))
}

fn draw(canvas: &Canvas<'_>, plot: &Plot, one: &KneeSeries<'_>) -> Result<(), Failure> {
    let place = |point: &KneePoint| plot.place((point.rate_per_s, point.p99_ms));
    let places: Vec<Place> = one.knee.points.iter().filter_map(place).collect();
    canvas.line(places.clone(), one.mark.colour, 4)?;
    places.into_iter().try_for_each(|place| canvas.mark(place, one.mark))?;
    let at_knee = one.knee.points.iter().find(|point| Some(point.rate_per_s) == one.knee.rate_per_s);
    at_knee.and_then(place).map_or(Ok(()), |place| canvas.ring(place, INK))
}

fn describe(series: &[KneeSeries<'_>]) -> String {
    sentences(series.iter().map(|one| {
        let at_least = if one.knee.generator_limited { "at least " } else { "" };
        let says = match one.knee.rate_per_s {
            Some(rate_per_s) => format!("knee at {at_least}{} messages a second", format::number(rate_per_s)),
            None => "kept up with no rate that was tried".to_owned(),
        };
        (one.knee.target.clone(), says)
    }))
}

fn table(subject: &Subject<'_>, series: &[KneeSeries<'_>]) -> Table {
    let groups = series.iter().map(|one| {
        let rows = one.knee.points.iter().enumerate().map(|(place, point)| {
            let pointer = |field: &str| format!("{}/points/{place}/{field}", one.pointer);
            let cells = vec![
                Figure::number(point.messages_per_s, pointer("messages_per_s")).into(),
                Figure::number(point.p99_ms, pointer("p99_ms")).into(),
                Cell::Text(if point.kept_up { "kept up" } else { "did not" }.to_owned()),
            ];
            Row { label: format::number(point.rate_per_s), cells }
        });
        Group { label: one.knee.target.clone(), rows: rows.collect() }
    });
    Table {
        caption: format!("{}, {}", subject.title, subject.clock),
        corner: "messages a second, asked".into(),
        columns: ["arrived", "p99, milliseconds", ""].map(str::to_owned).into(),
        groups: groups.collect(),
    }
}
