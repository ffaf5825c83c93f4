//! How synchronous calls are made. Everything but the balancer's ejection is off unless a scenario asks for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FrontEnd, milliseconds};

/// `[sync]`: how the front end calls workers, and how services on the way call the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// How often a call that failed is made again, to another worker. A call that timed out is one, too.
    pub retries: u32,
    /// For how long a worker that did not answer a call is left out, in milliseconds, as load balancers do it.
    /// Without it a dead worker, never busy, would draw all calls. Never more than half of them are left out.
    pub eject_ms: f64,
    /// How long one call may take, in milliseconds. Left out: as long as the front end's thread waits in all, so that
    /// no time is left to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_timeout_ms: Option<f64>,
    /// The longest pause before the first retry, in milliseconds; twice as long before each further one. The pause is
    /// drawn between none and this ("full jitter").
    pub backoff_ms: f64,
    /// How many retries there may be for each first call, on average: 0.1 is one for ten. Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<f64>,
    /// How many calls may wait at a worker; one more is turned away at once (load shedding). Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_waiting: Option<usize>,
    /// Stops calling what does not answer. Left out: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// Services between the front end and the workers, each with threads of its own that wait for the next.
    #[serde(rename = "service", skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<FrontEnd>,
}

impl Default for SyncSettings {
    fn default() -> Self {
        SyncSettings {
            retries: 0,
            eject_ms: 1_000.0,
            call_timeout_ms: None,
            backoff_ms: 0.0,
            retry_budget: None,
            max_waiting: None,
            breaker: None,
            services: Vec::new(),
        }
    }
}

impl SyncSettings {
    /// For how long a worker that did not answer a call is left out.
    pub fn eject(&self) -> Duration {
        milliseconds(self.eject_ms)
    }

    /// How long one call may take.
    pub fn call_timeout(&self) -> Option<Duration> {
        self.call_timeout_ms.map(milliseconds)
    }

    /// The longest pause before the first retry.
    pub fn backoff(&self) -> Duration {
        milliseconds(self.backoff_ms)
    }
}

/// `[sync.breaker]`: a circuit breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// After so many failures in a row nothing is called any more.
    pub failures: u32,
    /// After so many milliseconds one call tries whether it works again.
    pub open_ms: f64,
}

impl Breaker {
    /// How long nothing is called before one call tries again.
    pub fn open(&self) -> Duration {
        milliseconds(self.open_ms)
    }
}
