//! From a document of `handoff bench --all` to the report's comparison of systems.

use std::path::Path;

use handoff_bench::document::{Document, LeftOut};
use handoff_bench::figure::Figure;
use handoff_bench::latency::LatencySummary;
use handoff_bench::statistics;
use handoff_bench::suite::{self, BASE, Group, Summary};
use handoff_reports::model;

use super::{machine, results};
use crate::outcome::BadInput;

/// The comparison that was saved in `file`.
pub fn read(file: &Path) -> Result<model::Systems, BadInput> {
    let document = Document::read(file).map_err(|error| BadInput(error.to_string()))?;
    if document.systems().next().is_none() {
        return Err(BadInput(format!("{}: expected runs of systems, as bench --all saves them", file.display())));
    }
    Ok(systems(document))
}

fn systems(document: Document) -> model::Systems {
    let groups = suite::by_workload(document.systems());
    let goals = suite::judge(&groups).into_iter();
    model::Systems {
        targets: targets(&groups),
        workloads: groups.iter().map(workload).collect(),
        knees: document.knees.iter().map(knee).collect(),
        goals: goals.map(|suite::Goal { goal, found, holds }| model::Goal { goal, found, holds }).collect(),
        left_out: document.left_out.iter().map(left_out).collect(),
        version: document.version.clone(),
        command: document.command.clone(),
        failures: document.failures.clone(),
        machine: machine::describe(document.machine.clone()),
    }
}

/// Every system once, in the order in which they came.
fn targets(groups: &[Group<'_>]) -> Vec<model::System> {
    let mut targets: Vec<model::System> = Vec::new();
    for summary in groups.iter().flat_map(|group| &group.summaries) {
        if targets.iter().all(|system| system.target != summary.target) {
            let about = summary.first().about.clone();
            let description = model::TargetDescription {
                version: about.version,
                configuration: about.configuration,
                durability: about.durability,
            };
            targets.push(model::System { target: summary.target.to_owned(), description });
        }
    }
    targets
}

fn workload(group: &Group<'_>) -> model::SystemWorkload {
    let repetitions = group.summaries.iter().map(Summary::repetitions).max().unwrap_or_default();
    model::SystemWorkload {
        id: group.id.to_owned(),
        workload: group.workload.to_owned(),
        repetitions: repetitions as u64,
        results: group.summaries.iter().filter_map(|summary| result(group, summary)).collect(),
    }
}

fn result(group: &Group<'_>, summary: &Summary<'_>) -> Option<model::SystemResult> {
    const MEBIBYTE: f64 = 1_048_576.0;
    let found = |figure| summary.estimate(figure).map(estimate);
    let ratio = group.base().filter(|_| summary.target != BASE);
    let ratio = ratio.and_then(|base| summary.ratio_to(base, Figure::MessagesPerS));
    Some(model::SystemResult {
        target: summary.target.to_owned(),
        messages_per_s: found(Figure::MessagesPerS)?,
        ratio: ratio.map(estimate),
        latency_ms: results::percentiles(&latency(summary)),
        cpu_s_per_million: found(Figure::CpuSPerMillion),
        peak_mib: summary.estimate(Figure::PeakBytes).map(|bytes| estimate(bytes.times(1.0 / MEBIBYTE))),
        waiting_bytes: found(Figure::WaitingBytes),
        connection_bytes: found(Figure::ConnectionBytes),
        filled_per_s: found(Figure::FillPerS),
        drained_per_s: found(Figure::DrainPerS),
        generator_limited: summary.is_generator_limited(),
        verdict: if summary.is_valid() { model::Verdict::Valid } else { model::Verdict::Violated },
        findings: (!summary.is_valid()).then(|| summary.findings().to_string()),
    })
}

/// The medians of the repetitions.
fn latency(summary: &Summary<'_>) -> LatencySummary {
    let median = |figure| summary.estimate(figure).map_or(0, |found| found.median as u64);
    LatencySummary {
        count: summary.latency_count(),
        p50_us: median(Figure::P50Us),
        p90_us: median(Figure::P90Us),
        p99_us: median(Figure::P99Us),
        p99_9_us: median(Figure::P999Us),
        max_us: median(Figure::MaxUs),
    }
}

fn estimate(found: statistics::Estimate) -> model::Estimate {
    model::Estimate { median: found.median, low: found.low, high: found.high }
}

fn knee(knee: &suite::Knee) -> model::Knee {
    let mut points: Vec<model::KneePoint> = knee.points.iter().map(knee_point).collect();
    points.sort_by(|one, other| one.rate_per_s.total_cmp(&other.rate_per_s));
    model::Knee {
        target: knee.target.clone(),
        rate_per_s: knee.rate_per_s,
        generator_limited: knee.generator_limited,
        points,
    }
}

fn knee_point(point: &suite::KneePoint) -> model::KneePoint {
    model::KneePoint {
        rate_per_s: point.rate_per_s,
        messages_per_s: point.messages_per_s,
        p99_ms: point.p99_us as f64 / 1_000.0,
        kept_up: point.kept_up,
    }
}

fn left_out(left_out: &LeftOut) -> model::Setting {
    let under = left_out.workload_id.as_ref().map(|id| format!(" under {id}")).unwrap_or_default();
    model::Setting { label: format!("{}{under}", left_out.target), value: left_out.reason.clone() }
}
