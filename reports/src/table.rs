//! Tables: made once, shown in HTML and in Markdown.
//!
//! A cell that shows a figure keeps the exact value, and where in the results it comes from, so that a page can be
//! checked against its JSON.

use crate::format;
use crate::model::Verdict;

/// A table with a heading for each column and each row.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// What it shows, with the unit where there is only one.
    pub(crate) caption: String,
    /// The heading of the first column.
    pub(crate) corner: String,
    /// The headings of the others.
    pub(crate) columns: Vec<String>,
    /// The rows, in groups.
    pub(crate) groups: Vec<Group>,
}

/// Rows that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What they have in common; empty if they are all there is.
    pub(crate) label: String,
    /// The rows.
    pub(crate) rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its heading.
    pub(crate) label: String,
    /// A cell for each column.
    pub(crate) cells: Vec<Cell>,
}

/// What stands in one place of a table.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// There is nothing to show.
    Missing,
    /// Words.
    Text(String),
    /// A figure.
    Figure(Figure),
    /// A checker's verdict.
    Verdict(Verdict),
}

/// A number from the results.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// As it is shown.
    pub(crate) text: String,
    /// Exactly.
    pub(crate) value: String,
    /// Where it stands in the results: a JSON pointer (RFC 6901).
    pub(crate) pointer: String,
}

impl Table {
    /// A table whose rows are all of one kind.
    pub(crate) fn plain(caption: &str, corner: &str, columns: &[&str], rows: Vec<Row>) -> Table {
        Table {
            caption: caption.into(),
            corner: corner.into(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            groups: vec![Group { label: String::new(), rows }],
        }
    }
}

impl Table {
    /// Whether there may be too little room for it, so that it has to be reachable with the keyboard to be scrolled.
    pub(crate) fn may_scroll(&self) -> bool {
        let rows: usize = self.groups.iter().map(|group| group.rows.len()).sum();
        self.columns.len() > 3 || rows > 16
    }
}

impl Figure {
    /// A whole number that stands at `pointer`.
    pub(crate) fn count(value: u64, pointer: impl Into<String>) -> Figure {
        Figure { text: format::count(value), value: value.to_string(), pointer: pointer.into() }
    }

    /// A number that stands at `pointer`.
    pub(crate) fn number(value: f64, pointer: impl Into<String>) -> Figure {
        Figure { text: format::number(value), value: value.to_string(), pointer: pointer.into() }
    }
}

impl From<Figure> for Cell {
    fn from(figure: Figure) -> Cell {
        Cell::Figure(figure)
    }
}

impl Cell {
    /// The cell in one line of plain text.
    pub(crate) fn plain(&self) -> String {
        match self {
            Cell::Missing => format::MISSING.into(),
            Cell::Text(text) => text.clone(),
            Cell::Figure(figure) => figure.text.clone(),
            Cell::Verdict(verdict) => format!("{} {}", verdict.sign(), verdict.label()),
        }
    }
}
