//! What was asked of systems against what they did, as bars.

use plotters::style::FontStyle;
use plotters::style::text_anchor::HPos;

use crate::error::ReportError;
use crate::format;
use crate::table::{Figure, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, TEXT_SIZE, WIDTH};
use super::frame::{Words, headline};
use super::palette::{AXIS, INK, Mark, RULE};
use super::{Chart, Subject, failed, sentences};

const TOP: i32 = 118;
const ROW: i32 = 92;
const BAR: i32 = 30;
const LEFT: i32 = 2;

/// One system's rates.
pub(crate) struct Rate {
    /// The system.
    pub(crate) label: String,
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// Jobs a second that were sent.
    pub(crate) attempted_per_s: f64,
    /// Jobs a second that were completed.
    pub(crate) achieved_per_s: f64,
    /// Where the system stands in the results: a JSON pointer.
    pub(crate) pointer: String,
}

/// Draws the rates. `None` if there are none above zero.
pub(crate) fn rate_chart(subject: &Subject<'_>, rates: &[Rate]) -> Result<Option<Chart>, ReportError> {
    let all = rates.iter().flat_map(|rate| [rate.attempted_per_s, rate.achieved_per_s]);
    let Some(highest) = all.filter(|rate| rate.is_finite() && *rate > 0.0).reduce(f64::max) else {
        return Ok(None);
    };
    let words = Words {
        title: subject.title,
        subtitle: format!("jobs a second · {} · line: attempted, bar: achieved", subject.clock),
        across: "",
        legend: Vec::new(),
    };
    let height = TOP + ROW * rates.len() as i32 + 56;
    let elements = Canvas::draw((WIDTH, height as u32), |canvas| {
        headline(canvas, &words)?;
        let bottom = TOP + ROW * rates.len() as i32;
        let axis = Axis::linear(highest, 7);
        draw_axis(canvas, &axis, bottom)?;
        rates.iter().enumerate().try_for_each(|(row, rate)| draw(canvas, &axis, rate, TOP + ROW * row as i32))
    })
    .map_err(|reason| failed(subject, reason))?;
    Ok(Some(Chart::new(subject, describe(rates), table(subject, rates), (WIDTH, height as u32), elements)))
}

/// The ends of the horizontal axis. Room is left for the figure beside the longest bar.
const ENDS: (i32, i32) = (LEFT, WIDTH as i32 - 130);

fn draw_axis(canvas: &Canvas<'_>, axis: &Axis, bottom: i32) -> Result<(), Failure> {
    for (value, label) in axis.ticks() {
        let Some(x) = axis.place(*value, ENDS) else { continue };
        canvas.line(vec![(x, TOP), (x, bottom)], RULE, 2)?;
        let align = if *value == 0.0 { HPos::Left } else { HPos::Center };
        canvas.label(label, (x, bottom + 26), align)?;
    }
    Ok(())
}

fn draw(canvas: &Canvas<'_>, axis: &Axis, rate: &Rate, top: i32) -> Result<(), Failure> {
    canvas.text(&rate.label, (LEFT + 4, top + 22), HPos::Left, (TEXT_SIZE, FontStyle::Normal, INK))?;
    let (bar_top, bar_bottom) = (top + 44, top + 44 + BAR);
    let (achieved, attempted) = (axis.place(rate.achieved_per_s, ENDS), axis.place(rate.attempted_per_s, ENDS));
    if let Some(achieved) = achieved {
        canvas.bar([(LEFT, bar_top), (achieved, bar_bottom)], rate.mark.colour)?;
        let beside = achieved.max(attempted.unwrap_or(0)) + 12;
        canvas.label(&format::number(rate.achieved_per_s), (beside, bar_top + BAR / 2), HPos::Left)?;
    }
    if let Some(attempted) = attempted {
        canvas.line(vec![(attempted, bar_top - 8), (attempted, bar_bottom + 8)], INK, 4)?;
    }
    canvas.line(vec![(LEFT, bar_top - 8), (LEFT, bar_bottom + 8)], AXIS, 2)
}

fn describe(rates: &[Rate]) -> String {
    sentences(rates.iter().map(|rate| {
        let (attempted, achieved) = (format::number(rate.attempted_per_s), format::number(rate.achieved_per_s));
        (rate.label.clone(), format!("{achieved} of {attempted} jobs a second"))
    }))
}

fn table(subject: &Subject<'_>, rates: &[Rate]) -> Table {
    let rows = rates.iter().map(|rate| Row {
        label: rate.label.clone(),
        cells: vec![
            Figure::number(rate.attempted_per_s, format!("{}/attempted_per_s", rate.pointer)).into(),
            Figure::number(rate.achieved_per_s, format!("{}/achieved_per_s", rate.pointer)).into(),
        ],
    });
    let caption = format!("{}, jobs a second, {}", subject.title, subject.clock);
    Table::plain(&caption, "target", &["attempted", "achieved"], rows.collect())
}
