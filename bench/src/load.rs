//! Open-loop load: jobs are sent at their intended times, whether or not earlier ones were answered.

use std::collections::BTreeMap;

use handoff_scenarios::claim::Claim;
use handoff_scenarios::distribution::Shape;
use handoff_scenarios::scenario::{
    Acknowledge, Arrival, FrontEnd, Load, LogSettings, Network, QueueSettings, Scenario, SyncSettings, Wanted, Work,
};

/// How much of what is sent how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Jobs a second, evenly spaced.
    pub rate_per_s: f64,
    /// For how long, in seconds.
    pub duration_s: f64,
    /// Bytes of a job's message; at least 8.
    pub payload_bytes: usize,
    /// How many workers there are.
    pub workers: u32,
    /// How long each job takes a worker, in milliseconds.
    pub work_ms: f64,
}

impl Workload {
    /// The workload as the scenarios know it: nothing breaks, and nothing is claimed.
    pub fn scenario(&self) -> Scenario {
        Scenario {
            name: "benchmark".into(),
            title: "Benchmark".into(),
            question: "How fast?".into(),
            idea: self.description(),
            why: "Measured, not argued.".into(),
            drain_limit_s: 30.0,
            load: Load {
                rate_per_s: self.rate_per_s,
                duration_s: self.duration_s,
                arrival: Arrival::Constant,
                payload_bytes: self.payload_bytes,
                keys: None,
                timeout_ms: 10_000.0,
                result: Wanted::Later,
                bystander_every: None,
                urgent_every: None,
                phases: Vec::new(),
            },
            work: Work {
                distribution: Shape::Constant,
                mean_ms: self.work_ms,
                p99_ms: None,
                workers: self.workers,
                subscribers: 1,
                max_attempts: 5,
                retry_delay_ms: None,
                acknowledge: Acknowledge::AfterWork,
            },
            front: FrontEnd::default(),
            network: Network::default(),
            sync: SyncSettings::default(),
            queue: QueueSettings { prefetch: 10, ..QueueSettings::default() },
            log: LogSettings::default(),
            faults: Vec::new(),
            unplayable: BTreeMap::new(),
            variants: Vec::new(),
            claims: Vec::<Claim>::new(),
        }
    }

    /// What it is, in a line.
    pub fn description(&self) -> String {
        let Workload { rate_per_s, duration_s, payload_bytes, workers, work_ms } = self;
        format!(
            "open loop, {rate_per_s}/s for {duration_s} s, {payload_bytes} B, {workers} workers, {work_ms} ms of work"
        )
    }
}
