//! An advice as a page of its own. Whoever advises fills it in with texts; nothing is computed here.

/// What the page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvicePage {
    /// The verdict, in a sentence.
    pub verdict: String,
    /// The command that gives the same advice again.
    pub command: String,
    /// The names above the columns of figures; the first column is the figures' own names.
    pub columns: Vec<String>,
    /// A figure a row: its name, and its value for each column.
    pub figures: Vec<Vec<String>>,
    /// Lists under a heading, in this order; empty ones are left out.
    pub lists: Vec<(&'static str, Vec<String>)>,
}

impl AdvicePage {
    /// The lists that have something in them.
    pub(crate) fn filled_lists(&self) -> impl Iterator<Item = &(&'static str, Vec<String>)> {
        self.lists.iter().filter(|(_, lines)| !lines.is_empty())
    }
}
