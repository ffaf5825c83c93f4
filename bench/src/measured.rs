//! A run as documents have it: of a system or of an architecture.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::figure::Figure;
use crate::measurement::{Measurement, Verdict};
use crate::system::SystemMeasurement;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Measured {
    /// Of a system, which carries messages.
    System(Box<SystemMeasurement>),
    /// Of an architecture, which does jobs.
    Architecture(Box<Measurement>),
}

impl Measured {
    /// What was driven.
    pub fn target(&self) -> &str {
        match self {
            Measured::System(run) => &run.target,
            Measured::Architecture(run) => &run.target,
        }
    }

    /// The short name of what it was put under; of architectures, the whole line.
    pub fn workload_id(&self) -> &str {
        match self {
            Measured::System(run) if !run.workload_id.is_empty() => &run.workload_id,
            Measured::System(run) => &run.workload,
            Measured::Architecture(run) => &run.workload,
        }
    }

    /// Whether its figures can be trusted.
    pub fn verdict(&self) -> Verdict {
        match self {
            Measured::System(run) => run.verdict,
            Measured::Architecture(run) => run.verdict,
        }
    }

    /// One of its figures; `None` if it has no such figure.
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        match self {
            Measured::System(run) => figure.of_system(run),
            Measured::Architecture(run) => figure.of_architecture(run),
        }
    }
}

impl<'de> Deserialize<'de> for Measured {
    /// Only architectures have a time until the work was done. What is missing is told by name, as it would not be if
    /// both kinds were tried.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let read = if value.get("completion_us").is_some() {
            Measurement::deserialize(value).map(|run| Measured::Architecture(Box::new(run)))
        } else {
            SystemMeasurement::deserialize(value).map(|run| Measured::System(Box::new(run)))
        };
        read.map_err(D::Error::custom)
    }
}
