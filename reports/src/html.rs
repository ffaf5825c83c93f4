//! The report as one HTML page that needs no other file, and no network.

use askama::Template;

use crate::advice::AdvicePage;
use crate::chart;
use crate::compare::Comparison;
use crate::error::ReportError;
use crate::table::Cell;
use crate::view::Report;

/// The page's own styles, one file a subject, in the order in which they apply.
const STYLES: [&str; 10] = [
    include_str!("../assets/theme.css"),
    include_str!("../assets/text.css"),
    include_str!("../assets/layout.css"),
    include_str!("../assets/cards.css"),
    include_str!("../assets/tables.css"),
    include_str!("../assets/charts.css"),
    include_str!("../assets/player.css"),
    include_str!("../assets/lanes.css"),
    include_str!("../assets/details.css"),
    include_str!("../assets/print.css"),
];

const THEME_SCRIPT: &str = include_str!("../assets/theme.js");

/// The page's own scripts, one file a subject; together they are one module. Without them everything can still be
/// read; only the lanes do not play and the theme cannot be switched.
const SCRIPTS: [&str; 11] = [
    THEME_SCRIPT,
    include_str!("../assets/format.js"),
    include_str!("../assets/trace.js"),
    include_str!("../assets/layout.js"),
    include_str!("../assets/field.js"),
    include_str!("../assets/lanes.js"),
    include_str!("../assets/player.js"),
    include_str!("../assets/cursor.js"),
    include_str!("../assets/details.js"),
    include_str!("../assets/address.js"),
    include_str!("../assets/chapters.js"),
];

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report<'a>,
    style: String,
    script: String,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparisonPage<'a> {
    comparison: &'a Comparison,
    style: String,
    script: &'static str,
}

/// Two runs side by side.
pub(crate) fn comparison(comparison: &Comparison) -> Result<String, ReportError> {
    Ok(ComparisonPage { comparison, style: style(), script: THEME_SCRIPT }.render()?)
}

#[derive(Template)]
#[template(path = "advice.html")]
struct AdviceTemplate<'a> {
    page: &'a AdvicePage,
    style: String,
    script: &'static str,
}

/// An advice.
pub(crate) fn advice(page: &AdvicePage) -> Result<String, ReportError> {
    Ok(AdviceTemplate { page, style: style(), script: THEME_SCRIPT }.render()?)
}

fn style() -> String {
    format!("{}\n{}", chart::stylesheet(), STYLES.join("\n"))
}

/// The page.
pub(crate) fn html(report: &Report<'_>) -> Result<String, ReportError> {
    Ok(Page { report, style: style(), script: SCRIPTS.join("\n") }.render()?)
}
