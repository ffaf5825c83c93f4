//! What arrives, and what it costs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::milliseconds;
use crate::distribution::{Distribution, Shape};
use crate::subscribers::Subscribers;

/// `[load]`: which jobs arrive and when. Arrivals do not wait for answers: the load is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Mean arrivals per second.
    pub rate_per_s: f64,
    /// For how long jobs arrive, in seconds.
    pub duration_s: f64,
    /// How arrivals are spaced.
    #[serde(default)]
    pub arrival: Arrival,
    /// Bytes of a job's message; at least 8, which hold its number.
    #[serde(default = "Load::default_payload_bytes")]
    pub payload_bytes: usize,
    /// How many different keys jobs have (customers, say), each as likely. Left out: jobs have no key, and a log
    /// spreads them over its partitions in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
    /// How long a caller waits for the answer before giving up, in milliseconds.
    #[serde(default = "Load::default_timeout_ms")]
    pub timeout_ms: f64,
    /// What callers want to know. A call always tells them the outcome.
    #[serde(default)]
    pub result: Wanted,
    /// Every so many requests is a bystander's: it asks for something that the front end does by itself, without any
    /// worker. How many of them are served is counted apart. Left out: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bystander_every: Option<u64>,
    /// Every so many jobs is urgent. Nothing treats it differently unless it is told to (`queue.urgent_first`); how
    /// long urgent jobs take is counted apart as well. Left out: there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent_every: Option<u64>,
    /// Times at which the rate is another: bursts and lulls.
    #[serde(default, rename = "phase", skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
}

impl Load {
    fn default_payload_bytes() -> usize {
        256
    }

    fn default_timeout_ms() -> f64 {
        10_000.0
    }

    /// For how long jobs arrive.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration_s)
    }

    /// How long a caller waits for the answer.
    pub fn timeout(&self) -> Duration {
        milliseconds(self.timeout_ms)
    }

    /// How many jobs are to be expected.
    pub fn expected_jobs(&self) -> f64 {
        let extra_s: f64 = self.phases.iter().map(|phase| phase.duration_s * (phase.factor - 1.0)).sum();
        self.rate_per_s * (self.duration_s + extra_s)
    }
}

/// What callers want to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// That the job will be done.
    #[default]
    Later,
    /// That it is done. The front end keeps the caller waiting until a worker has replied, over a queue or a topic for
    /// replies. Who asks for a job that fails is never told.
    Now,
}

/// `[[load.phase]]`: for a while jobs arrive faster, or slower. Phases do not overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// When it begins, in seconds after the start of the load.
    pub at_s: f64,
    /// How long it lasts, in seconds.
    pub duration_s: f64,
    /// What the rate is multiplied by; 0 is silence.
    pub factor: f64,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// Independent of each other, as many users are: exponential gaps.
    #[default]
    Poisson,
    /// Equal gaps.
    Constant,
}

/// `[work]`: what a job costs and who does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// How the time that a job takes is distributed.
    pub distribution: Shape,
    /// Its mean, in milliseconds.
    pub mean_ms: f64,
    /// Its 99th percentile, in milliseconds; for `log-normal` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// How many workers there are; each does one job at a time.
    pub workers: u32,
    /// How many independent readers there are, each of whom has every job done: by its share of the workers, who are
    /// dealt out in turn. A job is done when it is done for all of them.
    #[serde(default = "Work::default_subscribers")]
    pub subscribers: u32,
    /// How often a job that fails is tried in all before it is set aside: the queue's delivery limit and the log
    /// consumer's retries follow from it. A synchronous call tells its caller at once instead.
    #[serde(default = "Work::default_max_attempts")]
    pub max_attempts: u32,
    /// How long a job that failed waits before it is tried again, out of everybody's way, in milliseconds: as a dead
    /// letter in a queue where messages expire, or in a topic of its own. Left out: it is tried again on the spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_delay_ms: Option<f64>,
    /// When a worker says that a job is done.
    #[serde(default)]
    pub acknowledge: Acknowledge,
}

impl Work {
    fn default_max_attempts() -> u32 {
        5
    }

    fn default_subscribers() -> u32 {
        1
    }

    /// How long a job that failed waits before it is tried again.
    pub fn retry_delay(&self) -> Option<Duration> {
        self.retry_delay_ms.map(milliseconds)
    }

    /// The independent readers.
    pub fn subscribers(&self) -> Subscribers {
        Subscribers::new(self.subscribers)
    }

    /// The time that a job takes, in milliseconds.
    pub fn time_ms(&self) -> Distribution {
        Distribution { shape: self.distribution, mean: self.mean_ms, p99: self.p99_ms }
    }
}

/// When a worker says that a job is done: by its answer to a call, by the acknowledgement of a message, by committing
/// a record's offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acknowledge {
    /// When it is: what a dead worker had in hand is done again, or its caller is told.
    #[default]
    AfterWork,
    /// As soon as the worker has it (automatic acknowledgement): what a dead worker had in hand is gone, and what had
    /// been sent to it too.
    OnReceipt,
}
