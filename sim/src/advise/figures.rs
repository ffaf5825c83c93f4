//! What one architecture made of a workload, over all runs.

use handoff_scenarios::outcome::Percentiles;
use handoff_scenarios::{Architecture, Outcome};
use serde::Serialize;

use super::workload::Workload;
use crate::confidence::Estimate;

/// How sure an interval is.
const CONFIDENCE: f64 = 0.95;
/// For how long a log keeps records when nobody asks for more: long enough for consumers to be down overnight.
const RETENTION_S: f64 = 86_400.0;

/// The figures of one architecture. Times are from a job's arrival, the mean over the seeds of each seed's percentile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How many seeds were played.
    pub seeds: u64,
    /// How many jobs they had together.
    pub jobs: u64,
    /// Until the caller had its answer, of those who were promised something or waited in vain; `null` for nobody.
    pub response_p50_ms: Option<f64>,
    /// 99 in 100 had it by then.
    pub response_p99_ms: Option<f64>,
    /// 999 in 1,000 had it by then.
    pub response_p99_9_ms: Option<f64>,
    /// Until the work was done; `null` if none was.
    pub completion_p50_ms: Option<f64>,
    /// 99 in 100 jobs were done by then.
    pub completion_p99_ms: Option<f64>,
    /// How far off the means of the 99th percentiles may be, as a share of them, with 95 % confidence.
    pub uncertainty: f64,
    /// Jobs that were turned away.
    pub rejected: u64,
    /// Jobs whose caller was told that they failed.
    pub failed: u64,
    /// Jobs whose caller never learned what became of them.
    pub timed_out: u64,
    /// Jobs that were accepted and never done.
    pub lost: u64,
    /// Jobs that were done more than once.
    pub duplicated: u64,
    /// Jobs that were begun while an earlier one (of the same key, if order by key matters) was not done.
    pub out_of_order: u64,
    /// The most jobs that were in the system at one time, in any run.
    pub peak_backlog: u64,
    /// Jobs in the system over time, from the start to the end of the first run.
    pub backlog: Vec<u64>,
    /// The most bytes of payload that are kept for them, on the way or on disk.
    pub bytes_held: u64,
    /// What a worker's death costs.
    pub crash: CrashFigures,
}

/// What the death of one worker costs: the worst of all seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CrashFigures {
    /// For how long it can be felt: until what the worker held is settled, and no job is late because of it.
    pub recovery_s: f64,
    /// After how long the worker was there again.
    pub restart_s: f64,
    /// Callers who were not served because of it.
    pub unserved: u64,
    /// Jobs that were accepted and never done.
    pub lost: u64,
    /// Jobs that were done more than once.
    pub duplicated: u64,
}

/// One run of a workload.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub outcome: Outcome,
    pub out_of_order: u64,
    /// How many times the workload is as large as what was played.
    pub scale: f64,
}

impl Run {
    /// Jobs in the system over time, as many as the whole workload would have.
    fn backlog(&self) -> Vec<u64> {
        self.outcome.timeline.iter().map(|point| (point.backlog as f64 * self.scale).round() as u64).collect()
    }
}

impl Figures {
    /// The figures of `runs`, at least one.
    pub(super) fn of(
        workload: &Workload,
        architecture: Architecture,
        runs: &[Run],
        crashes: &[CrashFigures],
    ) -> Figures {
        let sum = |read: fn(&Run) -> u64| runs.iter().map(read).sum::<u64>();
        let mean = |name: &str| {
            let found: Vec<f64> = runs.iter().filter_map(|run| run.outcome.metric(name)).collect();
            (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
        };
        let peak_backlog = runs.iter().map(|run| (run.outcome.peak_backlog as f64 * run.scale).round() as u64).max();
        let peak_backlog = peak_backlog.unwrap_or(0);
        Figures {
            seeds: runs.len() as u64,
            jobs: sum(|run| run.outcome.arrived),
            response_p50_ms: mean("response_p50_ms"),
            response_p99_ms: mean("response_p99_ms"),
            response_p99_9_ms: mean("response_p99_9_ms"),
            completion_p50_ms: mean("completion_p50_ms"),
            completion_p99_ms: mean("completion_p99_ms"),
            uncertainty: uncertainty(runs),
            rejected: sum(|run| run.outcome.rejected),
            failed: sum(|run| run.outcome.failed),
            timed_out: sum(|run| run.outcome.timed_out),
            lost: sum(|run| run.outcome.lost),
            duplicated: sum(|run| run.outcome.duplicated),
            out_of_order: sum(|run| run.out_of_order),
            peak_backlog,
            backlog: runs.first().map(Run::backlog).unwrap_or_default(),
            bytes_held: bytes_held(workload, architecture, peak_backlog),
            crash: crashes.iter().copied().fold(CrashFigures::default(), CrashFigures::worse),
        }
    }

    /// Callers who were turned away, told of a failure, or never answered.
    pub fn unserved(&self) -> u64 {
        self.rejected + self.failed + self.timed_out
    }
}

impl CrashFigures {
    fn worse(self, other: CrashFigures) -> CrashFigures {
        CrashFigures {
            recovery_s: self.recovery_s.max(other.recovery_s),
            restart_s: self.restart_s.max(other.restart_s),
            unserved: self.unserved.max(other.unserved),
            lost: self.lost.max(other.lost),
            duplicated: self.duplicated.max(other.duplicated),
        }
    }
}

/// The wider of the two intervals of the 99th percentiles, each as a share of its mean; infinite where a single run
/// says nothing of its spread.
pub(super) fn uncertainty(runs: &[Run]) -> f64 {
    let share = |read: fn(&Outcome) -> &Option<Percentiles>| {
        let values: Vec<f64> = runs.iter().filter_map(|run| Some(read(&run.outcome).as_ref()?.p99_ms)).collect();
        match Estimate::of(&values, CONFIDENCE) {
            Some(estimate) if estimate.half_width > 0.0 => estimate.half_width / estimate.mean,
            Some(_) => 0.0,
            None if values.is_empty() => 0.0,
            None => f64::INFINITY,
        }
    };
    share(|outcome| &outcome.response).max(share(|outcome| &outcome.completion))
}

/// A call keeps its job in the caller's and the worker's hands, a queue until it is done, a log for as long as records
/// are retained.
fn bytes_held(workload: &Workload, architecture: Architecture, peak_backlog: u64) -> u64 {
    let payload = workload.payload_bytes as f64;
    let messages = match architecture {
        Architecture::Sync => peak_backlog as f64,
        Architecture::Queue => peak_backlog as f64 * f64::from(workload.subscribers),
        Architecture::Log => {
            let retention_s = workload.replay.map_or(RETENTION_S, |replay| replay.as_secs_f64());
            workload.rate_per_s() * retention_s + peak_backlog as f64
        }
    };
    (messages * payload).round() as u64
}
