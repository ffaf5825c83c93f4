//! `handoff lab`, the main job: every scenario in simulation, a sweep of chaos, a short benchmark on real TCP, and the
//! report.

mod faults;
mod guarantees;
mod machine;
mod results;
pub mod systems;
mod trace;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use handoff_bench::load::Workload;
use handoff_bench::measurement::{self, Measurement};
use handoff_bench::summary;
use handoff_reports::render;
use handoff_scenarios::{Architecture, scenario};
use handoff_sim::chaos::{self, DefectResult, SweepOptions};
use handoff_sim::defect::Defect;
use handoff_sim::fault::Profile;
use handoff_sim::theory;

use crate::campaign::{self, Campaign, World};
use crate::outcome::Outcome;
use crate::{output, progress};

/// Over how many seeds the simulator is held against queueing theory.
const THEORY_SEEDS: u64 = 16;
/// How often each target of the benchmark is measured.
const REPETITIONS: u32 = 3;
/// Each broken broker is caught much sooner than this.
const MOST_SEEDS_PER_DEFECT: u64 = 200;
/// How many seeds of chaos are explored; `handoff explore` takes as many as you like.
const EXPLORED_SEEDS: u64 = 500;

/// The main job: every scenario and a sweep of chaos in simulation, a benchmark on real TCP, the report
#[derive(clap::Parser)]
pub struct Arguments {
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds the claims are judged over, counted up from the first
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    seeds: u64,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "reports/out")]
    out: PathBuf,
    /// Put a comparison of systems into the report, as `bench --all --output FILE` saves it
    #[arg(long, value_name = "FILE")]
    bench: Option<PathBuf>,
    /// Print the results as one JSON document
    #[arg(long)]
    json: bool,
}

/// Plays, measures, writes.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let systems = arguments.bench.as_deref().map(systems::read).transpose()?;
    let seeds: Vec<u64> = (arguments.seed..arguments.seed.saturating_add(arguments.seeds)).collect();
    let scenarios = scenario::catalog()?;
    let architectures = Architecture::ALL;
    let subjects: usize = scenarios.iter().map(|scenario| scenario.subjects(&architectures).len()).sum();
    let runs = subjects * seeds.len() + architectures.len() * REPETITIONS as usize + EXPLORED_SEEDS as usize;
    let runs = runs + Defect::ALL.len();
    let progress = progress::bar(runs, "runs");
    let mut campaigns = Vec::new();
    for scenario in scenarios {
        progress.set_message(format!("simulating {}", scenario.name));
        campaigns.push(campaign::play(scenario, &architectures, &seeds, World::Sim, &progress)?);
    }
    progress.set_message("exploring chaos");
    let jobs = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = SweepOptions { seeds: EXPLORED_SEEDS, jobs, ..SweepOptions::default() };
    let sweep = chaos::sweep(&options, |_| progress.inc(1));
    progress.set_message("catching broken brokers");
    let defects = chaos::defects(0, MOST_SEEDS_PER_DEFECT, Profile::Small, |_| progress.inc(1));
    progress.set_message("asking theory");
    let theory = theory::compare(&(1..=THEORY_SEEDS).collect::<Vec<_>>())?;
    progress.set_message("measuring on real TCP");
    let measured = measurement::interleaved(&workload(), &architectures, REPETITIONS, |_| progress.inc(1))?;
    progress.finish_and_clear();

    let results = results::collect(
        (arguments.seed, arguments.seeds),
        &campaigns,
        &sweep,
        &defects,
        &theory,
        &summary::medians(&measured),
        systems,
    );
    let rendered = render(&results, &arguments.out)?;
    if arguments.json {
        output::line(&handoff_reports::to_json(&results)?)?;
    } else {
        campaigns.iter().try_for_each(print)?;
        let word = if sweep.holds() { "holds" } else { "FAILS" };
        output::line(&format!("{word}  chaos ({} seeds, {} messages)", sweep.seeds, sweep.messages))?;
        let caught = defects.iter().filter(|defect| defect.is_caught()).count();
        let word = if caught == defects.len() { "holds" } else { "FAILS" };
        output::line(&format!("{word}  {caught} of {} broken brokers caught, by the right name", defects.len()))?;
        let agree = theory.iter().filter(|row| row.agrees).count();
        let word = if agree == theory.len() { "holds" } else { "FAILS" };
        output::line(&format!("{word}  {agree} of {} figures are what queueing theory says", theory.len()))?;
        print_benchmark(&measured)?;
        output::line(&format!("report: {}", rendered.html.display()))?;
    }
    let holds = theory.iter().all(|row| row.agrees)
        && sweep.holds()
        && defects.iter().all(DefectResult::is_caught)
        && campaigns.iter().all(|campaign| campaign.holds);
    Ok(if holds { Outcome::Holds } else { Outcome::Violated })
}

/// Short enough for the main job; `handoff bench` measures longer.
fn workload() -> Workload {
    Workload { rate_per_s: 200.0, duration_s: 2.0, payload_bytes: 256, workers: 4, work_ms: 1.0 }
}

fn print(campaign: &Campaign) -> anyhow::Result<()> {
    let failing: Vec<_> = campaign.failing().collect();
    let word = if failing.is_empty() { "holds" } else { "FAILS" };
    output::line(&format!("{word}  {} ({} claims)", campaign.name, campaign.claims.len()))?;
    failing.into_iter().try_for_each(|verdict| output::line(&format!("       {}: {}", verdict.claim, verdict.message)))
}

fn print_benchmark(measured: &[Measurement]) -> anyhow::Result<()> {
    for median in summary::medians(measured) {
        let (answer, done) = (&median.latency_us, &median.completion_us);
        output::line(&format!(
            "{:5}  answered in {} us (p50), {} us (p99); done in {} us (p50), {} us (p99)",
            median.target, answer.p50_us, answer.p99_us, done.p50_us, done.p99_us
        ))?;
    }
    Ok(())
}
