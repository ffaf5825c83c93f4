//! Results to files: one folder with the report in its three forms.

use std::fs;
use std::path::{Path, PathBuf};

use crate::advice::AdvicePage;
use crate::compare::Comparison;
use crate::error::ReportError;
use crate::html::{self, html};
use crate::json;
use crate::markdown::markdown;
use crate::model::Results;
use crate::view::Report;

/// Where the report went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The page: one file that needs no other.
    pub html: PathBuf,
    /// The same in Markdown, with its charts beside it.
    pub markdown: PathBuf,
    /// The results themselves.
    pub json: PathBuf,
    /// The charts that the Markdown shows.
    pub charts: Vec<PathBuf>,
}

/// Writes `index.html`, `index.md`, `index.json` and `charts/*.svg` into `out_dir`, which is made if it is missing.
///
/// Each file is written under another name and then renamed, so that no reader meets half of one. Whatever else is in
/// the folder stays.
pub fn render(results: &Results, out_dir: &Path) -> Result<Rendered, ReportError> {
    let report = Report::new(results)?;
    let charts = out_dir.join("charts");
    let rendered = Rendered {
        html: out_dir.join("index.html"),
        markdown: out_dir.join("index.md"),
        json: out_dir.join("index.json"),
        charts: report.charts().map(|chart| charts.join(format!("{}.svg", chart.name))).collect(),
    };
    write(&rendered.json, &json::to_json(results)?)?;
    write(&rendered.html, &html(&report)?)?;
    for (path, chart) in rendered.charts.iter().zip(report.charts()) {
        write(path, &chart.standalone())?;
    }
    write(&rendered.markdown, &markdown(&report))?;
    Ok(rendered)
}

/// Writes `compare.html` into `out_dir`, which is made if it is missing, and gives back where it is.
pub fn render_comparison(comparison: &Comparison, out_dir: &Path) -> Result<PathBuf, ReportError> {
    let path = out_dir.join("compare.html");
    write(&path, &html::comparison(comparison)?)?;
    Ok(path)
}

/// Writes the page of an advice to `file`, whose folder is made if it is missing.
pub fn render_advice(page: &AdvicePage, file: &Path) -> Result<(), ReportError> {
    write(file, &html::advice(page)?)
}

/// Writes a file so that at every moment either the old one or the whole new one is there.
fn write(path: &Path, contents: &str) -> Result<(), ReportError> {
    let failed = |source| ReportError::Write { path: path.into(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| ReportError::Write { path: folder.into(), source })?;
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    fs::write(&unfinished, contents).map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)
}
