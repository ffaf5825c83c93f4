//! What breaks, and when.

use serde::{Deserialize, Serialize};

/// `[[fault]]`: what breaks. Times are in seconds after the start of the load.
///
/// Nodes are the workers, `worker-1` to `worker-N`, and where it is said, the `broker`: whatever stands between the
/// front end and the workers. Of a synchronous call nothing does, so nothing happens to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs, reason = "nodes and times are described above")]
pub enum Fault {
    /// A worker's or the broker's process dies, with whatever it holds in memory. The log's records are on its disk.
    Crash {
        node: String,
        at_s: f64,
        /// After how many seconds it is started again. Left out: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_after_s: Option<f64>,
    },
    /// A worker's machine is gone, and no connection is closed. Simulation only.
    Silence {
        node: String,
        at_s: f64,
        /// After how many seconds it is started again. Left out: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_after_s: Option<f64>,
    },
    /// A worker stands still, as in a long garbage collection, and then goes on. Simulation only.
    Pause { node: String, at_s: f64, duration_s: f64 },
    /// A worker is asked to stop, finishes what it is at, and is started again: what a deployment does.
    Deploy {
        node: String,
        at_s: f64,
        /// After how many seconds it is started again. If it has not finished by then, it is killed.
        restart_after_s: f64,
    },
    /// Work takes a worker, or all `workers`, longer.
    Slow {
        node: String,
        at_s: f64,
        duration_s: f64,
        /// How many times as long.
        factor: f64,
    },
    /// Whatever was handed over since is to be worked on once more. A log goes back to that time, all workers stop
    /// and begin anew for it; what is not kept cannot be had again.
    Replay { at_s: f64, since_s: f64 },
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
    /// Since when it is felt, and until when if it ends, in seconds after the start of the load. `None` for poisoned
    /// jobs, which are so from the beginning.
    pub fn window_s(&self) -> Option<(f64, Option<f64>)> {
        match self {
            Fault::Crash { at_s, restart_after_s, .. } | Fault::Silence { at_s, restart_after_s, .. } => {
                Some((*at_s, restart_after_s.map(|after_s| at_s + after_s)))
            }
            Fault::Pause { at_s, duration_s, .. } | Fault::Slow { at_s, duration_s, .. } => {
                Some((*at_s, Some(at_s + duration_s)))
            }
            Fault::Deploy { at_s, restart_after_s, .. } => Some((*at_s, Some(at_s + restart_after_s))),
            Fault::Replay { at_s, .. } => Some((*at_s, Some(*at_s))),
            Fault::Poison { .. } => None,
        }
    }

    /// Whether this fault poisons the job with this number.
    pub fn poisons(&self, id: u64) -> bool {
        match self {
            Fault::Poison { job: Some(job), .. } => *job == id,
            Fault::Poison { every: Some(every), .. } => (id + 1).is_multiple_of(*every),
            _ => false,
        }
    }
}
