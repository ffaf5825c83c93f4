//! Systems that carry messages, side by side: what our broker is meant to reach, the charts, every table.

mod charts;
mod tables;

use crate::chart::Chart;
use crate::error::ReportError;
use crate::model::{SystemWorkload, Systems};
use crate::table::Table;

/// The comparison's section.
pub(crate) struct SystemsSection<'a> {
    /// What it tells.
    pub(crate) systems: &'a Systems,
    /// What our broker is meant to reach; `None` if nothing is.
    pub(crate) goals: Option<Table>,
    /// The charts that could be drawn.
    pub(crate) charts: Vec<Chart>,
    /// A table for each workload, with the workload in words.
    pub(crate) workloads: Vec<(&'a SystemWorkload, Table)>,
    /// What exactly was measured.
    pub(crate) targets: Table,
}

impl<'a> SystemsSection<'a> {
    /// Lays it out.
    pub(super) fn new(systems: &'a Systems) -> Result<Self, ReportError> {
        let workloads = systems.workloads.iter().enumerate();
        Ok(SystemsSection {
            goals: (!systems.goals.is_empty()).then(|| tables::goals(&systems.goals)),
            charts: charts::charts(systems)?,
            workloads: workloads.map(|(index, workload)| (workload, tables::figures(index, workload))).collect(),
            targets: tables::targets(systems),
            systems,
        })
    }

    /// Where it was measured, in a line.
    pub(crate) fn machine(&self) -> String {
        let machine = &self.systems.machine;
        format!("{}, {} logical processors, {}, kernel {}", machine.cpu, machine.cores, machine.os, machine.kernel)
    }

    /// Whether the generator may have been what was measured in some row.
    pub(crate) fn has_limited(&self) -> bool {
        self.systems.workloads.iter().flat_map(|workload| &workload.results).any(|result| result.generator_limited)
    }
}
