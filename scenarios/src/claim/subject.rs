//! Whose outcome a claim speaks of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::architecture::Architecture;

/// An architecture that a scenario is played on, as the scenario stands or in one of its variants: `sync`, or
/// `sync[retry-budget]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject {
    /// The architecture.
    pub architecture: Architecture,
    /// The variant's name; none for the scenario as it stands.
    pub variant: Option<String>,
}

/// A text names no subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected sync, queue or log, or a variant of one as in sync[NAME], got {0:?}")]
pub struct UnknownSubject(String);

impl From<Architecture> for Subject {
    fn from(architecture: Architecture) -> Self {
        Subject { architecture, variant: None }
    }
}

impl FromStr for Subject {
    type Err = UnknownSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSubject(text.to_owned());
        let (architecture, variant) = match text.split_once('[') {
            Some((architecture, rest)) => {
                let name = rest.strip_suffix(']').filter(|name| !name.is_empty()).ok_or_else(unknown)?;
                (architecture, Some(name.to_owned()))
            }
            None => (text, None),
        };
        Ok(Subject { architecture: architecture.parse().map_err(|_| unknown())?, variant })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variant {
            Some(variant) => write!(formatter, "{}[{variant}]", self.architecture),
            None => self.architecture.fmt(formatter),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = UnknownSubject;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}
