//! The report as one HTML page that needs no other file, no network, and hardly any script.

use askama::Template;

use crate::chart;
use crate::error::ReportError;
use crate::table::Cell;
use crate::view::Report;

/// The page's own styles, one file a subject, in the order in which they apply.
const STYLES: [&str; 7] = [
    include_str!("../assets/theme.css"),
    include_str!("../assets/text.css"),
    include_str!("../assets/layout.css"),
    include_str!("../assets/cards.css"),
    include_str!("../assets/tables.css"),
    include_str!("../assets/charts.css"),
    include_str!("../assets/print.css"),
];

/// The page's own script. Without it everything can still be read; only the theme cannot be switched.
const SCRIPT: &str = include_str!("../assets/theme.js");

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report<'a>,
    style: String,
    script: &'static str,
}

/// The page.
pub(crate) fn html(report: &Report<'_>) -> Result<String, ReportError> {
    let style = format!("{}\n{}", chart::stylesheet(), STYLES.join("\n"));
    Ok(Page { report, style, script: SCRIPT }.render()?)
}
