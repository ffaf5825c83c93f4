//! The scenarios that come with the binary.

use super::{Scenario, ScenarioError};

/// File and text of each, in the order in which they are read best.
macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, concat!("scenarios/catalog/", $name, ".toml"), include_str!(concat!("../../catalog/", $name, ".toml")))),+]
    };
}

/// Name, file and text.
const EMBEDDED: &[(&str, &str, &str)] = embedded![
    "frozen-server",
    "burst",
    "cascade",
    "retry-storm",
    "consumer-crash",
    "silent-consumer",
    "poison-message",
    "uneven-work",
    "scale-out",
    "rebalance-storm",
    "footprint",
    "replay",
    "fan-out",
    "ordered-by-key",
    "quick-lookup",
    "forever-overloaded",
    "broker-restart",
    "prefetch",
    "ack-early",
    "slow-network",
];

/// All scenarios of the catalogue, in the order in which they are read best.
pub fn catalog() -> Result<Vec<Scenario>, ScenarioError> {
    EMBEDDED.iter().map(|(_, file, text)| Scenario::parse(file, text)).collect()
}

/// Their names, in the same order.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, ..)| *name)
}

/// File and text of the scenario called `name`.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    EMBEDDED.iter().find(|(known, ..)| *known == name).map(|(_, file, text)| (*file, *text))
}
