//! What all charts have around their data: title, unit and clock, legend, axes and ticks.

use plotters::style::FontStyle;
use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::canvas::{Canvas, Failure, Place, TEXT_SIZE};
use super::palette::{AXIS, INK, Mark, RULE, WINDOW};

const LEFT: i32 = 2;
const RIGHT_MARGIN: i32 = 24;
const LEGEND_TOP: i32 = 122;
const LEGEND_ROW: i32 = 44;

/// The words around a chart's data.
pub(super) struct Words<'a> {
    /// What it shows.
    pub(super) title: &'a str,
    /// The unit of the vertical axis, and the clock.
    pub(super) subtitle: String,
    /// What the horizontal axis is, with unit.
    pub(super) across: &'a str,
    /// The series, in order.
    pub(super) legend: Vec<(&'a str, Mark)>,
}

/// Where the data goes.
pub(super) struct Plot {
    across: Axis,
    up: Axis,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Plot {
    /// Draws everything but the data, on a canvas `height` units high. `windows` are shaded: from and until, along the
    /// horizontal axis.
    pub(super) fn frame(
        canvas: &Canvas<'_>,
        height: u32,
        words: &Words<'_>,
        (across, up): (Axis, Axis),
        windows: &[(f64, f64)],
    ) -> Result<Self, Failure> {
        headline(canvas, words)?;
        let legend_bottom = legend(canvas, &words.legend)?;
        let widest = up.ticks().iter().map(|(_, label)| text_width(label)).max().unwrap_or(0);
        let (left, top, bottom) = (LEFT + widest + 14, legend_bottom + 26, height as i32 - 92);
        let plot = Plot { across, up, left, right: canvas.width() - RIGHT_MARGIN, top, bottom };
        windows.iter().try_for_each(|window| plot.window(canvas, *window))?;
        plot.axes(canvas, words.across)?;
        Ok(plot)
    }

    /// The place of a point; `None` if it is on neither axis.
    pub(super) fn place(&self, (across, up): (f64, f64)) -> Option<Place> {
        let x = self.across.place(across, (self.left, self.right))?;
        let y = self.up.place(up, (self.bottom, self.top))?;
        Some((x, y.clamp(self.top, self.bottom)))
    }

    /// Left, right, top and bottom end of the plot.
    pub(super) fn ends(&self) -> [i32; 4] {
        [self.left, self.right, self.top, self.bottom]
    }

    fn window(&self, canvas: &Canvas<'_>, (from, until): (f64, f64)) -> Result<(), Failure> {
        let place = |value| self.across.place(value, (self.left, self.right));
        let (Some(from), Some(until)) = (place(from), place(until)) else { return Ok(()) };
        // What lasts no time at all is still to be seen.
        let until = until.max(from + 4).min(self.right);
        canvas.bar([(from, self.top), (until, self.bottom)], WINDOW)
    }

    fn axes(&self, canvas: &Canvas<'_>, across_label: &str) -> Result<(), Failure> {
        for (value, label) in self.up.ticks() {
            let Some(y) = self.up.place(*value, (self.bottom, self.top)) else { continue };
            canvas.line(vec![(self.left, y), (self.right, y)], RULE, 2)?;
            canvas.label(label, (self.left - 14, y), HPos::Right)?;
        }
        canvas.line(vec![(self.left, self.bottom), (self.right, self.bottom)], AXIS, 2)?;
        for (value, label) in self.across.ticks() {
            let Some(x) = self.across.place(*value, (self.left, self.right)) else { continue };
            canvas.line(vec![(x, self.bottom), (x, self.bottom + 8)], AXIS, 2)?;
            canvas.label(label, (x, self.bottom + 30), HPos::Center)?;
        }
        canvas.label(across_label, ((self.left + self.right) / 2, self.bottom + 70), HPos::Center)
    }
}

/// Title and subtitle, at the top of the canvas.
pub(super) fn headline(canvas: &Canvas<'_>, words: &Words<'_>) -> Result<(), Failure> {
    canvas.text(words.title, (LEFT, 30), HPos::Left, (30.0, FontStyle::Bold, INK))?;
    canvas.label(&words.subtitle, (LEFT, 72), HPos::Left)
}

/// Draws the legend in as many rows as it needs, and gives back where it ends.
fn legend(canvas: &Canvas<'_>, series: &[(&str, Mark)]) -> Result<i32, Failure> {
    let places = legend_places(series.iter().map(|(label, _)| *label), canvas.width());
    for ((label, mark), &(x, y)) in series.iter().zip(&places) {
        canvas.line(vec![(x, y), (x + 36, y)], mark.colour, 4)?;
        canvas.mark((x + 18, y), *mark)?;
        canvas.text(label, (x + 50, y), HPos::Left, (TEXT_SIZE, FontStyle::Normal, INK))?;
    }
    Ok(places.last().map_or(LEGEND_TOP, |place| place.1) + LEGEND_ROW / 2)
}

/// How much higher a canvas `width` units wide has to be for its legend to leave the plot as it is with one row.
pub(super) fn legend_height<'a>(labels: impl Iterator<Item = &'a str>, width: u32) -> u32 {
    legend_places(labels, width as i32).last().map_or(0, |place| (place.1 - LEGEND_TOP) as u32)
}

fn legend_places<'a>(labels: impl Iterator<Item = &'a str>, canvas_width: i32) -> Vec<Place> {
    let (mut x, mut y) = (LEFT, LEGEND_TOP);
    let place = |label: &str| {
        let width = 34 + text_width(label);
        if x > LEFT && x + width > canvas_width - RIGHT_MARGIN {
            (x, y) = (LEFT, y + LEGEND_ROW);
        }
        let place = (x, y);
        x += width + 56;
        place
    };
    labels.map(place).collect()
}

/// About how wide a label is. Only a browser knows; too wide only costs room.
pub(super) fn text_width(text: &str) -> i32 {
    (text.chars().count() as f64 * TEXT_SIZE * 0.58).ceil() as i32
}
