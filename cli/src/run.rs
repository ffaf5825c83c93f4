//! `handoff run`: scenarios, with their claims judged.

use handoff_scenarios::claim::{Judgement, Verdict};
use handoff_scenarios::outcome::Percentiles;
use handoff_scenarios::{Architecture, Scenario, scenario};

use crate::campaign::{self, Campaign, Run, World};
use crate::outcome::{BadInput, Outcome};
use crate::{output, progress};

/// Plays scenarios and judges their claims
///
/// Every architecture gets the same jobs at the same times. In simulation the same seed gives the same run, to the byte.
#[derive(clap::Args)]
pub struct Arguments {
    /// Scenarios of the catalogue (see `handoff list`), or TOML files
    #[arg(value_name = "NAME|FILE", required_unless_present = "all")]
    scenarios: Vec<String>,
    /// All scenarios of the catalogue
    #[arg(long, conflicts_with = "scenarios")]
    all: bool,
    /// Which architectures to play
    #[arg(long = "arch", value_name = "NAME", value_delimiter = ',', default_value = "sync,queue,log")]
    architectures: Vec<Architecture>,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds, counted up from the first
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// In simulation, or on real TCP
    #[arg(long, value_enum, default_value = "sim")]
    on: World,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Plays and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let scenarios = load(arguments)?;
    let last = arguments.seed.checked_add(arguments.seeds - 1);
    let last = last.ok_or_else(|| {
        BadInput(format!("--seed {} --seeds {}: expected seeds below 2^64", arguments.seed, arguments.seeds))
    })?;
    let seeds: Vec<u64> = (arguments.seed..=last).collect();
    let progress = progress::bar(
        scenarios.iter().map(|scenario| scenario.subjects(&arguments.architectures).len() * seeds.len()).sum(),
        "runs",
    );
    let mut campaigns = Vec::new();
    for scenario in scenarios {
        progress.set_message(scenario.name.clone());
        campaigns.push(campaign::play(scenario, &arguments.architectures, &seeds, arguments.on, &progress)?);
    }
    progress.finish_and_clear();
    if arguments.json {
        output::json(&campaigns)?;
    } else {
        campaigns.iter().try_for_each(print)?;
    }
    let holds = campaigns.iter().all(|campaign| campaign.holds);
    Ok(if holds { Outcome::Holds } else { Outcome::Violated })
}

fn load(arguments: &Arguments) -> anyhow::Result<Vec<Scenario>> {
    if arguments.all {
        return Ok(scenario::catalog()?);
    }
    let load = |name: &String| Scenario::load(name).map_err(|error| BadInput(error.to_string()).into());
    arguments.scenarios.iter().map(load).collect()
}

fn print(campaign: &Campaign) -> anyhow::Result<()> {
    let scenario = &campaign.scenario;
    output::line(&format!("{}: {}", scenario.name, scenario.question))?;
    let header = [
        "",
        "response p50",
        "p99",
        "completion p50",
        "p99",
        "rejected",
        "failed",
        "timed out",
        "lost",
        "unfinished",
        "duplicated",
        "dead",
        "backlog",
    ];
    output::table(&header, campaign.runs.iter().map(row))?;
    for variant in &scenario.variants {
        output::line(&format!("  [{}]: {}", variant.name, variant.what))?;
    }
    for (architecture, why) in &scenario.unplayable {
        output::line(&format!("  not on {architecture}: {why}"))?;
    }
    for verdict in &campaign.claims {
        print_verdict(verdict)?;
    }
    output::line("")
}

fn row(run: &Run) -> Vec<String> {
    let outcome = &run.outcome;
    let time = |percentiles: &Option<Percentiles>, read: fn(&Percentiles) -> f64| {
        percentiles.as_ref().map_or_else(|| "-".to_owned(), |found| format!("{:.1} ms", read(found)))
    };
    let counts = [
        outcome.rejected,
        outcome.failed,
        outcome.timed_out,
        outcome.lost,
        outcome.unfinished,
        outcome.duplicated,
        outcome.dead_lettered,
        outcome.peak_backlog,
    ];
    let mut row = vec![
        format!("{} #{}", run.subject(), run.seed),
        time(&outcome.response, |found| found.p50_ms),
        time(&outcome.response, |found| found.p99_ms),
        time(&outcome.completion, |found| found.p50_ms),
        time(&outcome.completion, |found| found.p99_ms),
    ];
    row.extend(counts.iter().map(u64::to_string));
    row
}

fn print_verdict(verdict: &Verdict) -> anyhow::Result<()> {
    let word = match verdict.judgement {
        Judgement::Holds => "holds",
        Judgement::Fails => "FAILS",
        Judgement::Unjudged => "unjudged",
    };
    output::line(&format!("  {word:8}  {}  ({})", verdict.claim, verdict.message))
}
