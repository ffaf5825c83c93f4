//! Charts as SVG: each with a title, units, the clock its figures are in, a description, and the table behind it.
//!
//! Plotters places and draws; what is ours is the look, and that a chart's colours follow the page's theme.
//! A chart knows only one clock, so simulated and measured time cannot meet on its axes.

mod axis;
mod bars;
mod canvas;
mod frame;
mod knees;
mod palette;
mod percentiles;
mod rates;
mod responses;
mod tail;
mod thin;
mod time_series;

use std::fmt::Write;

use crate::error::ReportError;
use crate::table::Table;

pub(crate) use bars::{Bar, bar_chart};
pub(crate) use knees::{KneeSeries, knee_chart};
pub(crate) use palette::{Mark, marks_of_systems, stylesheet};
pub(crate) use percentiles::{PercentileSeries, percentile_chart, percentile_rows};
pub(crate) use rates::{Rate, rate_chart};
pub(crate) use responses::{ResponseSeries, response_chart};
pub(crate) use tail::tail_chart;
pub(crate) use time_series::{Span, TimeSeries, time_series_chart};

/// How a chart is to be drawn, apart from its data.
pub(crate) struct Subject<'a> {
    /// Its name: a slug, unique in the report.
    pub(crate) name: String,
    /// What it shows.
    pub(crate) title: &'a str,
    /// Whose time it is in, in words.
    pub(crate) clock: &'a str,
    /// How to read it, for somebody who has not seen one.
    pub(crate) reading: &'a str,
}

/// A drawn chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Its name: a slug, unique in the report.
    pub(crate) name: String,
    /// What it shows.
    pub(crate) title: String,
    /// What it says, for somebody who cannot see it.
    pub(crate) description: String,
    /// How to read it.
    pub(crate) reading: String,
    /// The figures behind it.
    pub(crate) table: Table,
    /// Width and height, in units.
    size: (u32, u32),
    elements: String,
    /// What the page's script has to know to draw over it.
    overlay: Option<Overlay>,
}

/// Where values are in a chart over time.
#[derive(Clone, Debug)]
struct Overlay {
    /// Left, right, top and bottom end of the plot, in units.
    ends: [i32; 4],
    /// The second at the right end.
    last_second: f64,
    /// The decimal logarithms at the ends of a logarithmic vertical axis.
    decades: Option<(f64, f64)>,
}

impl Chart {
    fn new(subject: &Subject<'_>, description: String, table: Table, size: (u32, u32), elements: String) -> Chart {
        Chart {
            name: subject.name.clone(),
            title: subject.title.into(),
            description,
            reading: subject.reading.into(),
            table,
            size,
            elements,
            overlay: None,
        }
    }

    /// For a page that brings the [`stylesheet`].
    pub(crate) fn inline(&self) -> String {
        self.document(0, "")
    }

    /// As a file of its own, with its styles and a margin.
    pub(crate) fn standalone(&self) -> String {
        let style = format!(
            "<style>\n:root {{ color-scheme: light dark; background: var(--surface); }}\n\
             text {{ font-family: {FONTS}; }}\n{}</style>\n",
            stylesheet()
        );
        self.document(24, &style)
    }

    fn document(&self, margin: u32, style: &str) -> String {
        let Chart { name, title, description, elements, .. } = self;
        let (width, height) = (self.size.0 + 2 * margin, self.size.1 + 2 * margin);
        let (shown_width, shown_height) = (width * 3 / 5, height * 3 / 5);
        let (title, description) = (escape(title), escape(description));
        let overlay = self.overlay.as_ref().map(Overlay::attributes).unwrap_or_default();
        format!(
            "<svg xmlns=\"{NAMESPACE}\" class=\"chart\" width=\"{shown_width}\" height=\"{shown_height}\" \
             viewBox=\"-{margin} -{margin} {width} {height}\" role=\"img\" \
             aria-labelledby=\"title-{name} description-{name}\"{overlay}>\n\
             <title id=\"title-{name}\">{title}</title>\n\
             <desc id=\"description-{name}\">{description}</desc>\n{style}{elements}</svg>\n"
        )
    }
}

impl Overlay {
    fn attributes(&self) -> String {
        let [left, right, top, bottom] = self.ends;
        let decades = self.decades.map(|(low, high)| format!(" data-decades=\"{low} {high}\"")).unwrap_or_default();
        format!(" data-plot=\"{left} {right} {top} {bottom} {}\"{decades}", self.last_second)
    }
}

/// The name that makes a document SVG. It is a name only: nothing is ever fetched from it.
const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Fonts that systems have; the page uses the same for everything but running text.
const FONTS: &str = "-apple-system, \"Segoe UI\", Roboto, \"Helvetica Neue\", \"Liberation Sans\", Arial, sans-serif";

/// A mark on its own, to stand beside a word.
pub(crate) fn mark_icon(mark: Mark) -> String {
    let elements = canvas::Canvas::icon(mark).unwrap_or_default();
    format!(
        "<svg class=\"chart mark\" width=\"14\" height=\"14\" viewBox=\"0 0 28 28\" aria-hidden=\"true\">{elements}</svg>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Turns a drawing failure into the report's error, naming the chart.
fn failed(subject: &Subject<'_>, reason: canvas::Failure) -> ReportError {
    ReportError::Chart { chart: subject.name.clone(), reason }
}

/// One sentence a series, for the description.
fn sentences(lines: impl Iterator<Item = (String, String)>) -> String {
    lines.fold(String::new(), |mut text, (series, says)| {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}{series}: {says}.");
        text
    })
}
