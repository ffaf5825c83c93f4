//! What results are measured in: architectures, clocks, verdicts, percentiles and points in time.

use serde::{Deserialize, Serialize};

/// One of the three ways to hand work over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// A synchronous call: the caller waits for the work.
    Sync,
    /// A message on a queue: the caller waits until the broker has it.
    Queue,
    /// A record in a log: the caller waits until it is appended.
    Log,
}

impl Architecture {
    /// All three, in the order in which every table and chart shows them.
    pub const ALL: [Architecture; 3] = [Architecture::Sync, Architecture::Queue, Architecture::Log];

    /// Its name in results, scenarios and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Sync => "sync",
            Architecture::Queue => "queue",
            Architecture::Log => "log",
        }
    }

    /// One word for tables and charts, where `sync` says too little.
    pub fn label(self) -> &'static str {
        match self {
            Architecture::Sync => "call",
            Architecture::Queue => "queue",
            Architecture::Log => "log",
        }
    }
}

/// Whose time the figures are in. Figures of different clocks are never on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The simulated world's: exact, repeatable, and blind to what the code itself costs.
    Simulated,
    /// The real one: includes the code, the kernel and the machine, and differs between runs.
    Measured,
}

impl Clock {
    /// How charts and tables name it.
    pub fn label(self) -> &'static str {
        match self {
            Clock::Simulated => "simulated time",
            Clock::Measured => "measured on the real clock",
        }
    }
}

/// What a checker says. Unknown means that the history cannot tell, and is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It held.
    Valid,
    /// It did not hold.
    Violated,
    /// The history cannot tell.
    Unknown,
}

impl Verdict {
    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Violated => "violated",
            Verdict::Unknown => "unknown",
        }
    }

    /// A sign for it, so that colour is never all that tells verdicts apart.
    pub fn sign(self) -> char {
        match self {
            Verdict::Valid => '✓',
            Verdict::Violated => '✗',
            Verdict::Unknown => '?',
        }
    }
}

/// A distribution of durations, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentiles {
    /// How many durations it is made from. When 0, the other fields mean nothing and are shown as missing.
    pub count: u64,
    /// Half of the durations are at most this long.
    pub p50: f64,
    /// 90 in 100 are at most this long.
    pub p90: f64,
    /// 99 in 100 are at most this long.
    pub p99: f64,
    /// 999 in 1,000 are at most this long.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Percentiles {
    /// How the percentiles are called, in order.
    pub const NAMES: [&'static str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

    /// Each percentile: what it is called, the field it stands in, and its value in milliseconds.
    pub fn named(&self) -> [(&'static str, &'static str, f64); 5] {
        let [p50, p90, p99, p999, max] = Self::NAMES;
        [
            (p50, "p50", self.p50),
            (p90, "p90", self.p90),
            (p99, "p99", self.p99),
            (p999, "p999", self.p999),
            (max, "max", self.max),
        ]
    }
}

/// A value at a moment: seconds since the run's start, and a number of jobs. Points are in order of time.
pub type Point = (f64, u64);
