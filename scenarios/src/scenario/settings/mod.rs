//! The sections of a scenario file, with their defaults. Bounds are checked in `validate`.

mod fault;
mod log;
mod queue;
mod sync;
mod workload;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use fault::Fault;
pub use log::{Acknowledgements, Assignment, LogSettings};
pub use queue::{OverflowPolicy, QueueSettings};
pub use sync::{Breaker, SyncSettings};
pub use workload::{Acknowledge, Arrival, Load, Phase, Wanted, Work};

use crate::distribution::{Distribution, Shape};

/// `[front]`: the service that receives the jobs. `[[sync.service]]`: one that it calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrontEnd {
    /// How many requests it handles at a time.
    pub threads: usize,
    /// How many more may wait for a thread. What comes beyond is turned away with 503.
    pub accept_queue: usize,
    /// How long a thread waits for a job to be handed over, in milliseconds, before it answers 504.
    pub timeout_ms: f64,
}

impl Default for FrontEnd {
    fn default() -> Self {
        FrontEnd { threads: 64, accept_queue: 128, timeout_ms: 5_000.0 }
    }
}

impl FrontEnd {
    /// How long a thread waits for a job to be handed over.
    pub fn timeout(&self) -> Duration {
        milliseconds(self.timeout_ms)
    }
}

/// `[network]`: how long each way from node to node takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// How the delay is distributed.
    pub distribution: Shape,
    /// Its mean, in microseconds.
    pub mean_us: f64,
    /// Its 99th percentile, in microseconds; for `log-normal` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<f64>,
    /// Ways that take another time.
    #[serde(rename = "link", skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// `[[network.link]]`: how long the way between two nodes takes, in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Between whom: `callers`, `front`, `broker`, `workers` or one of them. The broker is whatever stands between
    /// front end and workers.
    pub between: [String; 2],
    /// How the delay is distributed.
    #[serde(default = "Link::default_distribution")]
    pub distribution: Shape,
    /// Its mean, in microseconds.
    pub mean_us: f64,
    /// Its 99th percentile, in microseconds; for `log-normal` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<f64>,
}

impl Link {
    fn default_distribution() -> Shape {
        Shape::Constant
    }

    /// The delay of one way, in microseconds.
    pub fn delay_us(&self) -> Distribution {
        Distribution { shape: self.distribution, mean: self.mean_us, p99: self.p99_us }
    }
}

impl Default for Network {
    /// One data centre.
    fn default() -> Self {
        Network { distribution: Shape::Constant, mean_us: 250.0, p99_us: None, links: Vec::new() }
    }
}

impl Network {
    /// The delay of one way, in microseconds.
    pub fn delay_us(&self) -> Distribution {
        Distribution { shape: self.distribution, mean: self.mean_us, p99: self.p99_us }
    }
}

fn milliseconds(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds / 1_000.0)
}
