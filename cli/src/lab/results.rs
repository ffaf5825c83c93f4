//! From what was played and measured to the report's model. Nothing is computed here that could be a finding.

use handoff_bench::latency::LatencySummary;
use handoff_bench::machine::Machine;
use handoff_bench::measurement::{Measurement, Verdict as Measured};
use handoff_reports::model;
use handoff_scenarios::claim::{Judgement, Verdict};
use handoff_scenarios::{Architecture, Scenario, outcome};
use handoff_sim::chaos::{DefectResult, Failure, Sweep};
use handoff_sim::theory::Comparison;

use super::{faults, guarantees, machine, trace};
use crate::campaign::{Campaign, Run};

/// All results of one lab run over `seeds` seeds from the first, `seed`.
pub fn collect(
    (seed, seeds): (u64, u64),
    campaigns: &[Campaign],
    sweep: &Sweep,
    defects: &[DefectResult],
    theory: &[Comparison],
    benchmark: &[Measurement],
    systems: Option<model::Systems>,
) -> model::Results {
    model::Results {
        schema_version: model::SCHEMA_VERSION,
        generated_by: machine::generated_by(format!("cargo run --release -- lab --seed {seed} --seeds {seeds}")),
        machine: machine::describe(Machine::this()),
        seed,
        started_at: None,
        scenarios: campaigns.iter().map(scenario).collect(),
        benchmarks: benchmarks(benchmark),
        systems,
        exploration: Some(exploration(sweep)),
        defects: defects.iter().map(defect).collect(),
        theory: theory.iter().map(theory_check).collect(),
    }
}

fn scenario(campaign: &Campaign) -> model::Scenario {
    let Scenario { name, title, question, idea, why, .. } = campaign.scenario.clone();
    // Charts show one seed, without variants; the claims are judged over all of them.
    let first_seed = campaign.runs.first().map(|run| run.seed).unwrap_or_default();
    let of_first_seed = campaign.runs.iter().filter(|run| run.seed == first_seed);
    let seeds = campaign.runs.len() / of_first_seed.clone().count().max(1);
    let (shown, varied): (Vec<_>, Vec<_>) = of_first_seed.partition(|run| run.variant.is_none());
    model::Scenario {
        command: format!("cargo run --release -- run {name} --seed {first_seed} --seeds {seeds}"),
        name,
        title,
        question,
        idea,
        why,
        settings: settings(&campaign.scenario),
        faults: faults::faults(&campaign.scenario),
        trace: trace::trace(&campaign.scenario, first_seed, &shown),
        jobs: shown.first().map(|run| run.outcome.arrived).unwrap_or_default(),
        seeds: seeds as u64,
        architectures: shown.iter().map(|run| architecture(&campaign.scenario, run)).collect(),
        variants: varied.iter().filter_map(|run| variant(&campaign.scenario, run)).collect(),
        claims: campaign.claims.iter().map(claim).collect(),
    }
}

fn settings(scenario: &Scenario) -> Vec<model::Setting> {
    let Scenario { load, work, front, network, .. } = scenario;
    let setting = |label: &str, value: String| model::Setting { label: label.into(), value };
    let unplayable =
        scenario.unplayable.iter().map(|(architecture, why)| setting(&format!("not on {architecture}"), why.clone()));
    let mut settings = vec![
        setting("load", format!("{}/s for {} s", load.rate_per_s, load.duration_s)),
        setting("work", format!("{} ms on average", work.mean_ms)),
        setting("workers", work.workers.to_string()),
        setting("front end", format!("{} threads, {} may wait", front.threads, front.accept_queue)),
        setting("network", format!("{} µs each way", network.mean_us)),
    ];
    settings.extend(load.phases.iter().map(|phase| {
        let until_s = phase.at_s + phase.duration_s;
        setting("for a while", format!("{} times the load, from {} to {until_s} s", phase.factor, phase.at_s))
    }));
    if work.subscribers > 1 {
        settings.push(setting("readers", format!("{}, each of whom has every job done", work.subscribers)));
    }
    if let Some(every) = load.bystander_every {
        settings.push(setting("bystanders", format!("one request in {every} needs no worker")));
    }
    if let Some(every) = load.urgent_every {
        settings.push(setting("urgent", format!("one job in {every}")));
    }
    settings.extend(faults::faults(scenario).iter().map(|fault| setting("breaks", faults::sentence(fault))));
    settings.extend(unplayable);
    settings
}

fn architecture(scenario: &Scenario, run: &Run) -> model::ArchitectureResult {
    let outcome = &run.outcome;
    let timeline = outcome.timeline.iter();
    model::ArchitectureResult {
        architecture: model_of(run.architecture),
        clock: model::Clock::Simulated,
        response_ms: simulated(&outcome.response),
        completion_ms: simulated(&outcome.completion),
        arrived: outcome.arrived,
        accepted: outcome.accepted,
        rejected: outcome.rejected,
        failed: outcome.failed,
        timed_out: outcome.timed_out,
        completed: outcome.completed,
        lost: outcome.lost,
        duplicated: outcome.duplicated,
        dead_lettered: outcome.dead_lettered,
        attempts: outcome.attempts,
        peak_backlog: outcome.peak_backlog,
        backlog: timeline.clone().map(|point| (point.at_s, point.backlog)).collect(),
        completions: timeline.clone().map(|point| (point.at_s, point.completed)).collect(),
        responses: timeline.filter_map(|point| Some((point.at_s, point.slowest_response_ms?))).collect(),
        guarantees: guarantees::guarantees(scenario, run),
    }
}

/// A run with other settings: its figures, and nothing over time.
fn variant(scenario: &Scenario, run: &Run) -> Option<model::Variant> {
    let variant = scenario.variants.iter().find(|variant| Some(&variant.name) == run.variant.as_ref())?;
    let over_time = architecture(scenario, run);
    let (backlog, completions, responses) = (Vec::new(), Vec::new(), Vec::new());
    let result = model::ArchitectureResult { backlog, completions, responses, ..over_time };
    Some(model::Variant { name: variant.name.clone(), what: variant.what.clone(), result })
}

/// The report's word for an architecture.
pub fn model_of(architecture: Architecture) -> model::Architecture {
    match architecture {
        Architecture::Sync => model::Architecture::Sync,
        Architecture::Queue => model::Architecture::Queue,
        Architecture::Log => model::Architecture::Log,
    }
}

fn simulated(found: &Option<outcome::Percentiles>) -> model::Percentiles {
    found.as_ref().map_or_else(model::Percentiles::default, |found| model::Percentiles {
        count: found.count,
        p50: found.p50_ms,
        p90: found.p90_ms,
        p99: found.p99_ms,
        p999: found.p99_9_ms,
        max: found.max_ms,
    })
}

fn claim(verdict: &Verdict) -> model::Claim {
    model::Claim {
        claim: verdict.claim.clone(),
        because: verdict.because.clone(),
        holds: match verdict.judgement {
            Judgement::Holds => Some(true),
            Judgement::Fails => Some(false),
            Judgement::Unjudged => None,
        },
        left: None,
        right: None,
        detail: Some(verdict.message.clone()),
    }
}

fn exploration(sweep: &Sweep) -> model::Exploration {
    let (sometimes, faults) = (sweep.sometimes.iter(), sweep.all_faults());
    model::Exploration {
        seeds: sweep.seeds,
        from: sweep.from,
        profile: sweep.profile.to_string(),
        faults_injected: faults.planned - faults.inert,
        faults_inert: faults.inert,
        sometimes: sometimes
            .map(|(event, &count)| model::SometimesEvent { event: event.as_str().into(), count })
            .collect(),
        violations: sweep.failed(),
        seconds: sweep.real_s,
    }
}

fn defect(result: &DefectResult) -> model::Defect {
    let is_shrunk = result.plan.is_some();
    model::Defect {
        defect: result.defect.to_string(),
        invariant: result.expected.to_string(),
        caught_by: result.caught_by.map(Failure::as_str).map(str::to_owned),
        seeds_needed: result.caught_by.map(|_| result.seeds_needed),
        messages: is_shrunk.then_some(result.messages as u64),
        faults: is_shrunk.then_some(result.faults as u64),
    }
}

fn theory_check(row: &Comparison) -> model::TheoryCheck {
    model::TheoryCheck {
        case: row.case.clone(),
        architecture: model_of(row.architecture),
        figure: row.figure.into(),
        theory: row.theory,
        simulated: row.simulated,
        half_width: row.half_width,
        agrees: row.agrees,
    }
}

fn benchmarks(medians: &[Measurement]) -> Vec<model::Benchmark> {
    let Some(first) = medians.first() else { return Vec::new() };
    vec![model::Benchmark {
        name: "hand-off over loopback TCP".into(),
        workload: format!("{}; medians of {} repetitions", first.workload, first.repetition),
        rate_per_s: first.attempted_per_s,
        targets: medians.iter().map(target).collect(),
    }]
}

fn target(median: &Measurement) -> model::Target {
    let configuration = match median.target.as_str() {
        "sync" => "HTTP/1.1 on hyper, one job at a time for each worker",
        "queue" => "AMQP 0-9-1, confirms, prefetch 10, manual acknowledgement",
        _ => "Kafka's protocol, acks 1, one partition for each worker, commit after each record",
    };
    model::Target {
        target: median.target.clone(),
        description: model::TargetDescription {
            version: format!("handoff {}", env!("CARGO_PKG_VERSION")),
            configuration: configuration.into(),
            durability: if median.target == "sync" { "none" } else { "memory" }.into(),
        },
        attempted_per_s: median.attempted_per_s,
        achieved_per_s: median.messages_per_s,
        jobs: median.jobs,
        response_ms: percentiles(&median.latency_us),
        completion_ms: percentiles(&median.completion_us),
        verdict: match median.verdict {
            Measured::Valid => model::Verdict::Valid,
            Measured::Violated => model::Verdict::Violated,
            Measured::Overloaded => model::Verdict::Unknown,
        },
    }
}

/// Latencies, for the report.
pub fn percentiles(latency: &LatencySummary) -> model::Percentiles {
    let milliseconds = |us: u64| us as f64 / 1_000.0;
    model::Percentiles {
        count: latency.count,
        p50: milliseconds(latency.p50_us),
        p90: milliseconds(latency.p90_us),
        p99: milliseconds(latency.p99_us),
        p999: milliseconds(latency.p99_9_us),
        max: milliseconds(latency.max_us),
    }
}
