//! Variants: the same scenario with a few settings changed, to be compared with it.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Invalid, Scenario};
use crate::architecture::Architecture;
use crate::document::{self, DocumentError};

/// `[[variant]]`: settings that differ from the scenario's own. In claims, `sync[NAME]` is its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What claims call it.
    pub name: String,
    /// What differs, in a few words.
    pub what: String,
    /// The architectures that are played with it.
    pub architectures: Vec<Architecture>,
    /// The settings that differ, as they stand in a scenario: only the keys that are named change, but a list is
    /// replaced as a whole.
    #[serde(flatten)]
    pub changes: Table,
}

impl Variant {
    /// The scenario with the variant's settings, without variants and claims of its own.
    ///
    /// # Errors
    /// If the settings are none of a scenario.
    pub fn apply(&self, scenario: &Scenario) -> Result<Scenario, Invalid> {
        let plain = Scenario { variants: Vec::new(), claims: Vec::new(), ..scenario.clone() };
        let invalid = |path: &str, problem: &str| Invalid::new(path, "a setting of a scenario", problem);
        let mut table = Table::try_from(plain).map_err(|error| invalid("settings", &one_line(&error.to_string())))?;
        merge(&mut table, &self.changes);
        // Read as every scenario is: reading each setting from a table as well would be as much code again.
        let text = toml::to_string(&table).map_err(|error| invalid("settings", &one_line(&error.to_string())))?;
        document::parse(&self.name, &text).map_err(|error| match error {
            DocumentError::Parse { key, problem, .. } => invalid(&key, &problem),
            other => invalid("settings", &other.to_string()),
        })
    }
}

/// Changes what `changes` names, table by table.
fn merge(table: &mut Table, changes: &Table) {
    for (key, change) in changes {
        match (table.get_mut(key), change) {
            (Some(Value::Table(inner)), Value::Table(change)) => merge(inner, change),
            _ => drop(table.insert(key.clone(), change.clone())),
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
