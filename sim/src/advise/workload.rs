//! A workload to be advised on, as its owner describes it, and its bounds.

use std::fmt::Display;
use std::time::Duration;

use handoff_scenarios::distribution::{Distribution, LOG_NORMAL_MAX_P99_TO_MEAN, Shape};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::trace::Trace;

/// A workload and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Which jobs arrive, and what they cost.
    pub traffic: Traffic,
    /// Workers, each of which does one job at a time.
    pub workers: u32,
    /// Whether the caller needs the outcome in its response.
    pub result: Needed,
    /// How many requests the front end handles at a time.
    pub threads: usize,
    /// A time in which more arrives.
    pub burst: Option<Burst>,
    /// How late an outcome is still worth something, from the job's arrival. Left out: however late.
    pub deadline: Option<Duration>,
    /// Whether jobs of one key must be done one after the other, as they arrived.
    pub key_order: bool,
    /// How many independent readers there are of everything.
    pub subscribers: u32,
    /// For how long back everything must be readable again. Left out: not at all.
    pub replay: Option<Duration>,
    /// How often one of the workers dies.
    pub crashes_per_h: f64,
    /// How many partitions a log would have. Left out: one for each worker.
    pub partitions: Option<u32>,
    /// Bytes of one job's message.
    pub payload_bytes: usize,
    /// How long the network takes from node to node, one way.
    pub link: Duration,
}

/// When the caller needs the outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needed {
    /// In its response.
    Now,
    /// Any time: what it needs to know is that the job is in good hands.
    #[default]
    Later,
}

/// Which jobs arrive, and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// Independent callers.
    Steady {
        /// Mean arrivals per second.
        rate_per_s: f64,
        /// The mean time that a worker is busy with a job.
        work: Duration,
        /// Its 99th percentile. Left out: work is exponential, whose 99th percentile is 4.6 times the mean.
        work_p99: Option<Duration>,
    },
    /// What somebody measured.
    Measured(Trace),
}

/// A time in which more arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// How many times as much.
    pub factor: f64,
    /// For how long.
    pub length: Duration,
}

/// A value of a workload that cannot be advised on, in one line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{flag}: expected {expected}, got {got}")]
pub struct Unadvisable {
    /// The command line's flag for it.
    pub flag: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub got: String,
}

/// More jobs in one burst are not simulated.
const MOST_BURST_JOBS: f64 = 1e6;
const DAY: Duration = Duration::from_secs(86_400);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

impl Workload {
    /// A workload of which nothing more is known than this.
    pub fn new(traffic: Traffic, workers: u32) -> Workload {
        Workload {
            traffic,
            workers,
            result: Needed::Later,
            threads: 64,
            burst: None,
            deadline: None,
            key_order: false,
            subscribers: 1,
            replay: None,
            crashes_per_h: 0.0,
            partitions: None,
            payload_bytes: 256,
            link: Duration::from_micros(250),
        }
    }

    /// Mean arrivals per second.
    pub fn rate_per_s(&self) -> f64 {
        match &self.traffic {
            Traffic::Steady { rate_per_s, .. } => *rate_per_s,
            Traffic::Measured(trace) => trace.rate_per_s(),
        }
    }

    /// The mean time that a job takes.
    pub fn mean_work_s(&self) -> f64 {
        match &self.traffic {
            Traffic::Steady { work, .. } => work.as_secs_f64(),
            Traffic::Measured(trace) => trace.mean_work_s(),
        }
    }

    /// How many workers the work keeps busy on average.
    pub fn offered_erlangs(&self) -> f64 {
        self.rate_per_s() * self.mean_work_s()
    }

    /// How many partitions a log would have.
    pub fn partitions(&self) -> u32 {
        self.partitions.unwrap_or(self.workers)
    }

    /// The time that a job takes, in milliseconds; of a trace only its mean.
    pub(super) fn work_ms(&self) -> Distribution {
        let mean = self.mean_work_s() * 1e3;
        let p99 = match &self.traffic {
            Traffic::Steady { work_p99, .. } => work_p99.map(|p99| p99.as_secs_f64() * 1e3),
            Traffic::Measured(_) => None,
        };
        match p99 {
            Some(p99) if p99 > mean => Distribution { shape: Shape::LogNormal, mean, p99: Some(p99) },
            Some(_) => Distribution { shape: Shape::Constant, mean, p99: None },
            None => Distribution { shape: Shape::Exponential, mean, p99: None },
        }
    }

    /// The same work, arriving `factor` times as fast.
    pub(super) fn faster(&self, factor: f64) -> Workload {
        let traffic = match &self.traffic {
            Traffic::Steady { rate_per_s, work, work_p99 } => {
                Traffic::Steady { rate_per_s: rate_per_s * factor, work: *work, work_p99: *work_p99 }
            }
            Traffic::Measured(trace) => Traffic::Measured(trace.faster(factor)),
        };
        Workload { traffic, ..self.clone() }
    }

    /// The same arrivals, with `factor` times the work.
    pub(super) fn heavier(&self, factor: f64) -> Workload {
        let traffic = match &self.traffic {
            Traffic::Steady { rate_per_s, work, work_p99 } => Traffic::Steady {
                rate_per_s: *rate_per_s,
                work: work.mul_f64(factor),
                work_p99: work_p99.map(|p99| p99.mul_f64(factor)),
            },
            Traffic::Measured(trace) => Traffic::Measured(trace.heavier(factor)),
        };
        Workload { traffic, ..self.clone() }
    }

    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// Names the flag, and what was expected.
    pub fn check(&self) -> Result<(), Unadvisable> {
        if let Traffic::Steady { rate_per_s, work, work_p99 } = &self.traffic {
            let rate = *rate_per_s;
            ensure("--rate", (1e-4..=1e6).contains(&rate), "a rate from 1/h to 1000000/s", format_args!("{rate}/s"))?;
            let bounds = Duration::from_micros(10)..=DAY;
            ensure("--work", bounds.contains(work), "a duration from 10us to 1d", format_args!("{work:?}"))?;
            if let Some(p99) = work_p99 {
                let furthest = work.mul_f64(LOG_NORMAL_MAX_P99_TO_MEAN);
                let expected = format_args!("a duration from {work:?} (the mean) to {furthest:?}");
                ensure("--work-p99", (*work..=furthest).contains(p99), expected, format_args!("{p99:?}"))?;
            }
        }
        ensure("--workers", (1..=1_000).contains(&self.workers), "a whole number from 1 to 1000", self.workers)?;
        ensure("--threads", (1..=100_000).contains(&self.threads), "a whole number from 1 to 100000", self.threads)?;
        if let Some(partitions) = self.partitions {
            ensure("--partitions", (1..=5_000).contains(&partitions), "a whole number from 1 to 5000", partitions)?;
        }
        ensure("--subscribers", self.subscribers >= 1, "a whole number from 1", self.subscribers)?;
        let payload = 8..=1 << 20;
        ensure("--payload", payload.contains(&self.payload_bytes), "a size from 8B to 1MiB", self.payload_bytes)?;
        let second = Duration::from_secs(10);
        ensure("--link", self.link <= second, "a duration of at most 10s", format_args!("{:?}", self.link))?;
        if let Some(deadline) = self.deadline {
            let bounds = Duration::from_micros(1)..=DAY;
            ensure(
                "--deadline",
                bounds.contains(&deadline),
                "a duration from 1us to 1d",
                format_args!("{deadline:?}"),
            )?;
        }
        if let Some(replay) = self.replay {
            let right = !replay.is_zero() && replay <= CENTURY;
            ensure("--replay", right, "a duration above 0 and at most 100 years", format_args!("{replay:?}"))?;
        }
        ensure("--crash", self.crashes_per_h <= 3_600.0, "a rate of at most 1/s", self.crashes_per_h)?;
        self.burst.map_or(Ok(()), |burst| self.check_burst(burst))
    }

    fn check_burst(&self, burst: Burst) -> Result<(), Unadvisable> {
        let got = format_args!("{}x/{:?}", burst.factor, burst.length);
        ensure("--burst", burst.factor >= 1.0 && !burst.length.is_zero(), "at least 1x, for longer than 0s", got)?;
        let jobs = self.rate_per_s() * burst.factor * burst.length.as_secs_f64();
        let expected = format_args!("at most {MOST_BURST_JOBS} jobs in a burst");
        ensure("--burst", jobs <= MOST_BURST_JOBS, expected, format_args!("{jobs:.0}"))
    }
}

fn ensure(flag: &'static str, holds: bool, expected: impl Display, got: impl Display) -> Result<(), Unadvisable> {
    if holds { Ok(()) } else { Err(Unadvisable { flag, expected: expected.to_string(), got: got.to_string() }) }
}
