//! Advice on a workload of one's own: simulated on all three architectures, judged, and searched for where the answer
//! tips.
//!
//! [`advise`] does it in four steps, each in its own file: the workload is [played](simulate) over seeds until the
//! intervals are tight; what its needs rule out by nature ([needs]) and what its figures rule out ([criteria]) is
//! written down; the [verdict] is the simplest that is left; and [tips] are searched for by turning one value at a time.
//!
//! The same workload, effort and seed give the same advice, byte for byte. What is not simulated: the time that the
//! code itself takes, and so the throughput of brokers; more than one front end; several readers of the same job.

mod advice;
mod criteria;
pub mod display;
mod effort;
mod figures;
mod needs;
mod observe;
mod plan;
mod simulate;
mod table;
#[cfg(test)]
mod tests;
mod tips;
mod trace;
pub mod units;
mod verdict;
mod workload;

use std::collections::BTreeMap;

use handoff_scenarios::Architecture;
use thiserror::Error;

pub use advice::{Advice, Assessment, Quantity, Tip, Verdict};
pub use effort::Effort;
pub use figures::{CrashFigures, Figures};
pub use table::table;
pub use trace::{ARRIVAL_COLUMN, Row, Trace, TraceError, WORK_COLUMN};
pub use workload::{Burst, Needed, Traffic, Unadvisable, Workload};

use crate::play::SimulationError;
use effort::Meter;
use simulate::Simulator;

/// Why there is no advice.
#[derive(Debug, Error)]
pub enum AdviseError {
    /// The workload is out of bounds.
    #[error(transparent)]
    Unadvisable(#[from] Unadvisable),
    /// A simulation did not come to its end.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// Advises on `workload`. `progress` is called with how much is done and how much there is to do, on any thread.
///
/// # Errors
/// If the workload is out of bounds, or a simulation does not come to its end.
pub fn advise(
    workload: &Workload,
    effort: Effort,
    seed: u64,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Advice, AdviseError> {
    workload.check()?;
    let simulator = Simulator { effort, seed, meter: Meter::new(effort.most_runs(), progress) };
    let assess = |(architecture, figures): (Architecture, Figures)| {
        let assessment = Assessment {
            ruled_out: needs::ruled_out(workload, architecture),
            shortcomings: criteria::shortcomings(workload, architecture, &figures),
            to_operate: needs::to_operate(architecture),
            figures,
        };
        (architecture, assessment)
    };
    let architectures: BTreeMap<Architecture, Assessment> =
        simulator.measure(workload)?.into_iter().map(assess).collect();
    simulator.meter.reach(effort.most_measuring_runs());
    let verdict = verdict::choose(workload, &architectures);
    let tips = match effort.search_jobs {
        0 => Vec::new(),
        _ => tips::search(&simulator, workload, verdict, &architectures)?,
    };
    simulator.meter.reach(effort.most_runs());
    Ok(Advice {
        verdict,
        sentence: verdict::sentence(workload, verdict, &architectures, &tips),
        reasons: verdict::reasons(workload, verdict, &architectures),
        architectures,
        tips,
        seed,
    })
}
