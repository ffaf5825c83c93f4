//! The sections of a scenario file, with their defaults. Bounds are checked in `validate`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::distribution::{Distribution, Shape};

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
    /// How often a job that fails is tried in all before it is set aside: the queue's delivery limit and the log
    /// consumer's retries follow from it. A synchronous call tells its caller at once instead.
    #[serde(default = "Work::default_max_attempts")]
    pub max_attempts: u32,
}

impl Work {
    fn default_max_attempts() -> u32 {
        5
    }

    /// The time that a job takes, in milliseconds.
    pub fn time_ms(&self) -> Distribution {
        Distribution { shape: self.distribution, mean: self.mean_ms, p99: self.p99_ms }
    }
}

/// `[front]`: the service that receives the jobs.
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
}

impl Default for Network {
    /// One data centre.
    fn default() -> Self {
        Network { distribution: Shape::Constant, mean_us: 250.0, p99_us: None }
    }
}

impl Network {
    /// The delay of one way, in microseconds.
    pub fn delay_us(&self) -> Distribution {
        Distribution { shape: self.distribution, mean: self.mean_us, p99: self.p99_us }
    }
}

/// `[sync]`: how the front end calls workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// How often a call that failed is made again, to another worker. A call that timed out is not.
    pub retries: u32,
    /// For how long a worker that did not answer a call is left out, in milliseconds, as load balancers do it.
    /// Without it a dead worker, never busy, would draw all calls.
    pub eject_ms: f64,
}

impl Default for SyncSettings {
    fn default() -> Self {
        SyncSettings { retries: 0, eject_ms: 1_000.0 }
    }
}

impl SyncSettings {
    /// For how long a worker that did not answer a call is left out.
    pub fn eject(&self) -> Duration {
        milliseconds(self.eject_ms)
    }
}

/// `[queue]`: how the queue is declared and consumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    /// How many messages a worker may hold unacknowledged.
    pub prefetch: u16,
    /// The most messages that may be ready; one more is refused (`reject-publish`). Left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
}

impl Default for QueueSettings {
    /// Work that takes milliseconds: one message at a time, so that none waits at a busy worker.
    fn default() -> Self {
        QueueSettings { prefetch: 1, max_length: None }
    }
}

/// `[log]`: how the log is laid out and read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// How many partitions there are; assigned to the workers in turn. Left out: one for each worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u32>,
    /// How long the front end waits for more records to send with one, in milliseconds.
    pub linger_ms: f64,
    /// The longest that a fetch waits for a record, in milliseconds.
    pub poll_wait_ms: f64,
    /// The most records that a worker takes from one fetch before it commits.
    pub max_poll_records: u32,
    /// For how long records are kept, in seconds. Left out: for the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_s: Option<f64>,
    /// Whether a record that failed `work.max_attempts` times is written to a dead-letter topic, as people build it
    /// by hand. If not, it is tried for ever, and blocks its partition.
    pub dead_letter_topic: bool,
}

impl Default for LogSettings {
    /// No lingering, since a caller waits; a commit after each record, dear for small work, since it leaves the least
    /// to repeat after a crash.
    fn default() -> Self {
        LogSettings {
            partitions: None,
            linger_ms: 0.0,
            poll_wait_ms: 500.0,
            max_poll_records: 1,
            retention_s: None,
            dead_letter_topic: true,
        }
    }
}

impl LogSettings {
    /// How long the front end waits for more records to send with one.
    pub fn linger(&self) -> Duration {
        milliseconds(self.linger_ms)
    }

    /// The longest that a fetch waits for a record.
    pub fn poll_wait(&self) -> Duration {
        milliseconds(self.poll_wait_ms)
    }

    /// For how long records are kept; `None` is for the whole run.
    pub fn retention(&self) -> Option<Duration> {
        self.retention_s.map(Duration::from_secs_f64)
    }
}

/// `[[fault]]`: what breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// A worker's process dies, with whatever it holds.
    Crash {
        /// Which one: `worker-1` to `worker-N`.
        node: String,
        /// When, in seconds after the first arrival could come.
        at_s: f64,
        /// After how many seconds it is started again. Left out: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_after_s: Option<f64>,
    },
    /// Jobs whose work fails every time. Exactly one of the two is given.
    Poison {
        /// This one; the first job is 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<u64>,
        /// Every so many: with 100, the jobs 99, 199 and so on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<u64>,
    },
}

impl Fault {
    /// Whether this fault poisons the job with this number.
    pub fn poisons(&self, id: u64) -> bool {
        match self {
            Fault::Poison { job: Some(job), .. } => *job == id,
            Fault::Poison { every: Some(every), .. } => (id + 1).is_multiple_of(*every),
            _ => false,
        }
    }
}

fn milliseconds(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds / 1_000.0)
}
