//! One figure of many systems, as bars with the interval of each.

use plotters::style::FontStyle;
use plotters::style::text_anchor::HPos;

use crate::error::ReportError;
use crate::format;
use crate::model::Estimate;
use crate::table::{Figure, Row, Table};

use super::axis::Axis;
use super::canvas::{Canvas, Failure, TEXT_SIZE, WIDTH};
use super::frame::{Words, headline, text_width};
use super::palette::{AXIS, INK, Mark, RULE};
use super::{Chart, Subject, failed, sentences};

const TOP: i32 = 108;
const ROW: i32 = 46;
const BAR: i32 = 24;
/// Room for the figure beside the longest bar.
const RIGHT: i32 = WIDTH as i32 - 140;

/// A system's figure.
pub(crate) struct Bar {
    /// The system.
    pub(crate) label: String,
    /// How it is told from the others.
    pub(crate) mark: Mark,
    /// The figure.
    pub(crate) estimate: Estimate,
    /// Where the figure stands in the results: a JSON pointer.
    pub(crate) pointer: String,
}

/// Draws the bars in the order given. `unit` is what they are in, in words. `None` if none is above zero.
pub(crate) fn bar_chart(subject: &Subject<'_>, unit: &str, bars: &[Bar]) -> Result<Option<Chart>, ReportError> {
    let ends = bars.iter().map(|bar| bar.estimate.high);
    let Some(highest) = ends.filter(|end| end.is_finite() && *end > 0.0).reduce(f64::max) else { return Ok(None) };
    let words = Words {
        title: subject.title,
        subtitle: format!("{unit} · {} · line: 95 % interval", subject.clock),
        across: "",
        legend: Vec::new(),
    };
    let left = bars.iter().map(|bar| text_width(&bar.label)).max().unwrap_or(0) + 50;
    let bottom = TOP + ROW * bars.len() as i32;
    let size = (WIDTH, (bottom + 50) as u32);
    let elements = Canvas::draw(size, |canvas| {
        headline(canvas, &words)?;
        let axis = Axis::linear(highest, 5);
        draw_axis(canvas, &axis, (left, RIGHT), bottom)?;
        bars.iter()
            .enumerate()
            .try_for_each(|(row, bar)| draw(canvas, &axis, bar, ((left, RIGHT), TOP + ROW * row as i32 + ROW / 2)))
    })
    .map_err(|reason| failed(subject, reason))?;
    Ok(Some(Chart::new(subject, describe(unit, bars), table(subject, unit, bars), size, elements)))
}

fn draw_axis(canvas: &Canvas<'_>, axis: &Axis, ends: (i32, i32), bottom: i32) -> Result<(), Failure> {
    for (value, label) in axis.ticks() {
        let Some(x) = axis.place(*value, ends) else { continue };
        canvas.line(vec![(x, TOP), (x, bottom)], RULE, 2)?;
        canvas.label(label, (x, bottom + 26), HPos::Center)?;
    }
    canvas.line(vec![(ends.0, TOP), (ends.0, bottom)], AXIS, 2)
}

fn draw(canvas: &Canvas<'_>, axis: &Axis, bar: &Bar, (ends, y): ((i32, i32), i32)) -> Result<(), Failure> {
    canvas.mark((14, y), bar.mark)?;
    canvas.text(&bar.label, (34, y), HPos::Left, (TEXT_SIZE, FontStyle::Normal, INK))?;
    let Estimate { median, low, high } = bar.estimate;
    let shown = format::number(median);
    let [Some(median), Some(low), Some(high)] = [median, low, high].map(|value| axis.place(value, ends)) else {
        return Ok(());
    };
    // Anything at all is to be seen.
    canvas.bar([(ends.0, y - BAR / 2), (median.max(ends.0 + 2), y + BAR / 2)], bar.mark.colour)?;
    if high - low > 4 {
        canvas.line(vec![(low, y), (high, y)], INK, 3)?;
        canvas.line(vec![(low, y - 7), (low, y + 7)], INK, 3)?;
        canvas.line(vec![(high, y - 7), (high, y + 7)], INK, 3)?;
    }
    canvas.label(&shown, (high.max(median) + 14, y), HPos::Left)
}

fn describe(unit: &str, bars: &[Bar]) -> String {
    sentences(bars.iter().map(|bar| (bar.label.clone(), format!("{} {unit}", format::number(bar.estimate.median)))))
}

fn table(subject: &Subject<'_>, unit: &str, bars: &[Bar]) -> Table {
    let rows = bars.iter().map(|bar| {
        let Estimate { median, low, high } = bar.estimate;
        let figure = |value: f64, field: &str| Figure::number(value, format!("{}/{field}", bar.pointer)).into();
        let cells = vec![figure(median, "median"), figure(low, "low"), figure(high, "high")];
        Row { label: bar.label.clone(), cells }
    });
    let caption = format!("{}, {unit}, {}", subject.title, subject.clock);
    Table::plain(&caption, "target", &["median", "from", "to"], rows.collect())
}
