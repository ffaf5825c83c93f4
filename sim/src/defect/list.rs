//! All defects, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::alteration::Alteration;
use super::lost::LosesOnCrash;

/// One way to break a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// What a consumer held when its connection ended is gone instead of requeued.
    LosesOnCrash,
}

impl Defect {
    /// All of them.
    pub const ALL: [Defect; 1] = [Defect::LosesOnCrash];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Defect::LosesOnCrash => "loses-on-crash",
        }
    }

    pub(super) fn alteration(self) -> Box<dyn Alteration> {
        match self {
            Defect::LosesOnCrash => Box::new(LosesOnCrash::default()),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Defect {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Defect::ALL.into_iter().find(|defect| defect.name() == name);
        known.ok_or_else(|| format!("no defect '{name}': expected one of {}", Defect::ALL.map(Defect::name).join(", ")))
    }
}
