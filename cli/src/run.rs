//! `handoff run`: scenarios, with their claims judged.

use handoff_scenarios::claim::{Judgement, Verdict};
use handoff_scenarios::outcome::Percentiles;
use handoff_scenarios::{Architecture, Scenario, guarantee, path, scenario};

use crate::campaign::{self, Campaign, Run, World};
use crate::outcome::{BadInput, Outcome};
use crate::{output, progress, terminal};

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
    /// Show all that happened to a job, in the first seed's runs; more than once for more jobs
    #[arg(long = "job", value_name = "N")]
    jobs: Vec<u64>,
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
    } else if arguments.all {
        campaigns.iter().try_for_each(print_claims)?;
        print_total(&campaigns, seeds.len())?;
    } else {
        campaigns.iter().try_for_each(print)?;
        campaigns.iter().filter(|_| !arguments.jobs.is_empty()).try_for_each(|one| print_jobs(one, &arguments.jobs))?;
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
    let counts: Vec<_> =
        COUNTS.iter().filter(|(_, count)| campaign.runs.iter().any(|run| count(&run.outcome) > 0)).collect();
    let header: Vec<&str> = ["", "answered p50", "p99", "done p50", "p99"]
        .into_iter()
        .chain(counts.iter().map(|(name, _)| *name))
        .chain(["backlog"])
        .collect();
    let full = campaign.runs.iter().map(|run| run.outcome.peak_backlog).max().unwrap_or(0);
    // More rows than these are read better as JSON.
    let first_seed = campaign.runs.first().map(|run| run.seed);
    let shown = campaign.runs.iter().filter(|run| Some(run.seed) == first_seed);
    output::table(&header, shown.map(|run| row(run, &counts, full)))?;
    for variant in &scenario.variants {
        output::line(&format!("  [{}]: {}", variant.name, variant.what))?;
    }
    for (architecture, why) in &scenario.unplayable {
        output::line(&format!("  not on {architecture}: {why}"))?;
    }
    campaign.claims.iter().try_for_each(print_verdict)?;
    output::line("")
}

/// A scenario's claims and nothing else: a line each.
fn print_claims(campaign: &Campaign) -> anyhow::Result<()> {
    output::line(&format!("{}: {}", campaign.name, campaign.scenario.question))?;
    campaign.claims.iter().try_for_each(print_verdict)?;
    output::line("")
}

fn print_total(campaigns: &[Campaign], seeds: usize) -> anyhow::Result<()> {
    let claims: usize = campaigns.iter().map(|campaign| campaign.claims.len()).sum();
    let failing: usize = campaigns.iter().map(|campaign| campaign.failing().count()).sum();
    let verdict = if failing == 0 { "no claim fails".to_owned() } else { format!("{failing} claims FAIL") };
    output::line(&format!("{} scenarios, {claims} claims, {seeds} seeds: {verdict}", campaigns.len()))
}

type Count = (&'static str, fn(&handoff_scenarios::Outcome) -> u64);

/// Counts that are shown if any run has some.
const COUNTS: [Count; 7] = [
    ("rejected", |outcome| outcome.rejected),
    ("failed", |outcome| outcome.failed),
    ("timed out", |outcome| outcome.timed_out),
    ("lost", |outcome| outcome.lost),
    ("unfinished", |outcome| outcome.unfinished),
    ("duplicated", |outcome| outcome.duplicated),
    ("dead", |outcome| outcome.dead_lettered),
];

/// How wide the picture of a backlog is, in characters.
const SPARKLINE: usize = 25;

/// A run in a line; `full` is the largest backlog of all of them, so that their pictures can be compared.
fn row(run: &Run, counts: &[&Count], full: u64) -> Vec<String> {
    let outcome = &run.outcome;
    let time = |percentiles: &Option<Percentiles>, read: fn(&Percentiles) -> f64| {
        percentiles.as_ref().map_or_else(|| "-".to_owned(), |found| format!("{:.1} ms", read(found)))
    };
    let mut row = vec![
        format!("{} #{}", run.subject(), run.seed),
        time(&outcome.response, |found| found.p50_ms),
        time(&outcome.response, |found| found.p99_ms),
        time(&outcome.completion, |found| found.p50_ms),
        time(&outcome.completion, |found| found.p99_ms),
    ];
    row.extend(counts.iter().map(|(_, count)| count(outcome).to_string()));
    let backlog: Vec<u64> = outcome.timeline.iter().map(|point| point.backlog).collect();
    row.push(format!("{} {:>5}", terminal::sparkline(&backlog, full, SPARKLINE), outcome.peak_backlog));
    row
}

fn print_verdict(verdict: &Verdict) -> anyhow::Result<()> {
    let word = match verdict.judgement {
        Judgement::Holds => terminal::good("holds"),
        Judgement::Fails => terminal::bad("FAILS"),
        Judgement::Unjudged => terminal::plain("unjudged"),
    };
    output::line(&format!("  {word:8}  {}  ({})", verdict.claim, verdict.message))
}

/// What happened to these jobs in the first seed's runs, a line each.
fn print_jobs(campaign: &Campaign, jobs: &[u64]) -> anyhow::Result<()> {
    for run in &campaign.runs {
        let Some(journal) = &run.journal else { continue };
        let paths = path::paths(journal);
        let asked: Vec<_> = paths.iter().filter(|path| jobs.contains(&path.job)).collect();
        output::line(&format!("{} #{}", run.subject(), run.seed))?;
        guarantee::told(&asked, journal.started_at).iter().try_for_each(|line| output::line(line))?;
    }
    Ok(())
}
