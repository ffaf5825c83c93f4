//! A scenario: one question, the load and faults that put it, and the claims that answer it.
//!
//! Scenarios are TOML. The ones of the [`catalog`] are inside the binary; others are read from files. Reading checks
//! everything that can be checked without a run: what comes out of [`Scenario::load`] and [`Scenario::parse`] can be
//! played.

mod catalog;
mod error;
mod settings;
mod validate;
mod variant;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use catalog::{catalog, names};
pub use error::ScenarioError;
pub use settings::{
    Acknowledge, Acknowledgements, Arrival, Assignment, Breaker, Fault, FrontEnd, Link, Load, LogSettings, Network,
    OverflowPolicy, Phase, QueueSettings, SyncSettings, Wanted, Work,
};
pub use variant::Variant;

use crate::architecture::Architecture;
use crate::claim::{Claim, Subject};
use crate::document;
pub use crate::document::Invalid;

/// One question and everything needed to answer it. The fields are the keys of the TOML file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called on the command line: lower case, digits and hyphens.
    pub name: String,
    /// A few words for a heading.
    pub title: String,
    /// What the reader is to guess before looking.
    pub question: String,
    /// The one idea it shows, in a sentence.
    pub idea: String,
    /// Why it comes out as it does: a paragraph.
    pub why: String,
    /// How long after the last arrival the run may go on, in seconds, until everything is settled.
    #[serde(default = "default_drain_limit_s")]
    pub drain_limit_s: f64,
    /// Which jobs arrive and when.
    pub load: Load,
    /// What a job costs and who does it.
    pub work: Work,
    /// The service that receives the jobs.
    #[serde(default)]
    pub front: FrontEnd,
    /// What lies between the nodes. Simulation only: on real TCP the network is what it is.
    #[serde(default)]
    pub network: Network,
    /// How synchronous calls are made.
    #[serde(default)]
    pub sync: SyncSettings,
    /// How the queue is used.
    #[serde(default)]
    pub queue: QueueSettings,
    /// How the log is used.
    #[serde(default)]
    pub log: LogSettings,
    /// What breaks.
    #[serde(default, rename = "fault", skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Why an architecture cannot play it; those that are not here can.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unplayable: BTreeMap<Architecture, String>,
    /// The same with other settings, to compare.
    #[serde(default, rename = "variant", skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// What must come out.
    #[serde(default, rename = "claim", skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

fn default_drain_limit_s() -> f64 {
    30.0
}

impl Scenario {
    /// The scenario called `name_or_path`: one of the [`catalog`], or else a TOML file.
    pub fn load(name_or_path: &str) -> Result<Scenario, ScenarioError> {
        if let Some((file, text)) = catalog::find(name_or_path) {
            return Scenario::parse(file, text);
        }
        if !name_or_path.contains(['.', '/', '\\']) {
            let known = names().collect::<Vec<_>>().join(", ");
            return Err(ScenarioError::Unknown { name: name_or_path.to_owned(), known });
        }
        Scenario::parse(name_or_path, &document::read(name_or_path)?)
    }

    /// Reads and checks TOML. `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = document::parse(file, text)?;
        scenario.validate().map_err(|invalid| invalid.in_file(file))?;
        Ok(scenario)
    }

    /// Checks every value against its bounds. For scenarios that were built and not read.
    pub fn validate(&self) -> Result<(), Invalid> {
        validate::scenario(self)
    }

    /// What is played of it on `architectures`: each one that can, as it stands and in its variants.
    pub fn subjects(&self, architectures: &[Architecture]) -> Vec<Subject> {
        let playable = architectures.iter().filter(|architecture| !self.unplayable.contains_key(architecture));
        let of_one = |architecture: &Architecture| {
            let variants = self.variants.iter().filter(|variant| variant.architectures.contains(architecture));
            let names = variants.map(|variant| Some(variant.name.clone()));
            let architecture = *architecture;
            std::iter::once(None).chain(names).map(move |variant| Subject { architecture, variant }).collect::<Vec<_>>()
        };
        playable.flat_map(of_one).collect()
    }

    /// The scenario as `subject` plays it.
    ///
    /// # Errors
    /// If it has no such variant.
    pub fn for_subject(&self, subject: &Subject) -> Result<Scenario, Invalid> {
        let Some(name) = &subject.variant else { return Ok(self.clone()) };
        let variant = self.variants.iter().find(|variant| variant.name == *name);
        variant.ok_or_else(|| Invalid::new("variant", "one of the scenario", name))?.apply(self)
    }

    /// How long after the last arrival the run may go on.
    pub fn drain_limit(&self) -> Duration {
        Duration::from_secs_f64(self.drain_limit_s)
    }
}
