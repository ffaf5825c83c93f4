//! The verdict on each guarantee, and what shows it.

use crate::model::{Architecture, Guarantee, GuaranteeName};
use crate::table::{Cell, Row, Table};

use super::panel::Entry;

/// The verdicts of a panel.
pub(crate) struct Verdicts {
    /// A row for each guarantee, a column for each architecture.
    pub(crate) table: Table,
    /// Those that are not valid, explained.
    pub(crate) findings: Vec<Finding>,
}

/// A verdict that is not valid.
pub(crate) struct Finding {
    /// Which architecture.
    pub(crate) architecture: Architecture,
    /// The guarantee, and whether it was violated.
    pub(crate) guarantee: Guarantee,
}

const NAMES: [GuaranteeName; 4] =
    [GuaranteeName::Lost, GuaranteeName::Duplicated, GuaranteeName::Order, GuaranteeName::Recovery];

impl Verdicts {
    pub(super) fn of(entries: &[Entry<'_>]) -> Verdicts {
        let rows = NAMES.iter().map(|name| Row {
            label: name.label().into(),
            cells: entries.iter().map(|entry| verdict(entry, *name)).collect(),
        });
        let columns: Vec<&str> = entries.iter().map(Entry::label).collect();
        let of_entry = |entry: &Entry<'_>| {
            let architecture = entry.result.architecture;
            let noteworthy = |guarantee: &&Guarantee| guarantee.reason.is_some() || guarantee.witness.is_some();
            let findings = entry.result.guarantees.iter().filter(noteworthy).cloned();
            findings.map(|guarantee| Finding { architecture, guarantee }).collect::<Vec<_>>()
        };
        Verdicts {
            table: Table::plain("Guarantees, as the checkers judged them", "guarantee", &columns, rows.collect()),
            findings: entries.iter().flat_map(of_entry).collect(),
        }
    }
}

impl Finding {
    /// Which architecture did what: words of ours only.
    pub(crate) fn title(&self) -> String {
        let Guarantee { name, verdict, .. } = &self.guarantee;
        format!("{}: ‘{}’ is {}", self.architecture.label(), name.label(), verdict.label())
    }
}

fn verdict(entry: &Entry<'_>, name: GuaranteeName) -> Cell {
    let guarantee = entry.result.guarantees.iter().find(|guarantee| guarantee.name == name);
    guarantee.map_or(Cell::Missing, |guarantee| Cell::Verdict(guarantee.verdict))
}
