//! `handoff bench`: load on real TCP.

mod all;
mod compare;
mod save;
mod show;
mod systems;
mod tables;
mod target;

use std::path::PathBuf;

use handoff_bench::load::Workload;
use handoff_bench::measured::Measured;
use handoff_bench::measurement::{self, Measurement, Verdict};
use handoff_scenarios::Architecture;

use self::target::Target;
use crate::outcome::{BadInput, Outcome};
use crate::{output, progress};

/// Measures the architectures, our broker, the byte relay or other brokers over TCP; --all compares all that are up
///
/// The architectures do jobs, in open loop: latencies count from the moment at which each job was meant to be sent, so
/// that waiting for a slow answer is not left out. Brokers only carry messages, as fast as confirms and consumers allow
/// unless a rate is given. Repetitions are interleaved: what disturbs the machine disturbs all targets.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to measure: sync, queue or log (architectures; all three if nothing is named), broker, relay, log-server or
    /// call (ours, in processes of their own), another name of bench/targets, or a URL such as
    /// amqp://guest:guest@127.0.0.1:5672/?queue=quorum; with --all, only these beside the broker
    #[arg(long = "target", value_name = "NAME|URL")]
    targets: Vec<Target>,
    /// Compare all targets that are up, ours and those of bench/targets, under all workloads
    #[arg(
        long,
        conflicts_with_all = ["rate", "payload", "workers", "work", "producers", "consumers"]
    )]
    all: bool,
    /// With --all: an impression in some minutes
    #[arg(long, requires = "all")]
    quick: bool,
    /// With --all: only workloads whose short name begins so, such as closed/16B
    #[arg(long, value_name = "PREFIX", requires = "all")]
    only: Option<String>,
    /// Jobs or messages a second, as 500 or 500/s; architectures get 500/s if it is left out
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, value_parser = parse_rate)]
    rate: Option<f64>,
    /// How long each repetition is measured, in seconds; 3, or 1 with --all, if it is left out
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = parse_positive)]
    duration: Option<f64>,
    /// How often each target is measured; 3, or 5 with --all, if it is left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repetitions: Option<u32>,
    /// Bytes of a job's message
    #[arg(long, value_name = "BYTES", default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    payload: u32,
    /// How many workers there are; architectures only
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    workers: u32,
    /// How long each job takes a worker, in milliseconds; architectures only
    #[arg(long, value_name = "MS", default_value_t = 0.0, allow_hyphen_values = true, value_parser = parse_not_negative)]
    work: f64,
    /// How many producers send; brokers only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    producers: u16,
    /// How many consumers compete; brokers only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    consumers: u16,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Save the JSON document, for compare and for the report
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Command {
    Compare(compare::Arguments),
}

/// What an architecture is sent a second if nothing is said.
const DEFAULT_RATE_PER_S: f64 = 500.0;
/// How long each repetition is measured if nothing is said.
const DEFAULT_DURATION_S: f64 = 3.0;
/// How often each target is measured if nothing is said.
const DEFAULT_REPETITIONS: u32 = 3;

/// Measures and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    if let Some(Command::Compare(arguments)) = &arguments.command {
        return compare::run(arguments);
    }
    save::check(arguments.output.as_deref())?;
    if arguments.all { all::run(arguments) } else { run_named(arguments) }
}

/// The targets that were named, under the one workload that was described.
fn run_named(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (architectures, systems) = target::split(&arguments.targets);
    systems::check(&systems, arguments)?;
    let runs = (architectures.len() + systems.len()) * arguments.repetitions() as usize;
    let progress = progress::bar(runs, "runs");
    let measured = measure(&architectures, arguments, || progress.inc(1))?;
    let systems::Measured { results: carried, failures } = systems::measure(&systems, arguments, || progress.inc(1))?;
    progress.finish_and_clear();
    for failure in &failures {
        eprintln!("handoff: {failure}");
    }
    if !arguments.json {
        print(&measured)?;
        systems::print(&carried)?;
    }
    let measured = measured.into_iter().map(|run| Measured::Architecture(Box::new(run)));
    let results = measured.chain(carried.into_iter().map(|run| Measured::System(Box::new(run)))).collect();
    let document = save::document(results, failures);
    save::publish(&document, arguments.output.as_deref(), arguments.json)?;
    Ok(outcome(&document.results, &document.failures))
}

/// A run that was violated, or a target that failed, is no success.
fn outcome(results: &[Measured], failures: &[String]) -> Outcome {
    let is_violated = results.iter().any(|run| run.verdict() == Verdict::Violated);
    if is_violated || !failures.is_empty() { Outcome::Violated } else { Outcome::Holds }
}

impl Arguments {
    fn repetitions(&self) -> u32 {
        self.repetitions.unwrap_or(DEFAULT_REPETITIONS)
    }

    fn duration_s(&self) -> f64 {
        self.duration.unwrap_or(DEFAULT_DURATION_S)
    }
}

fn measure(
    architectures: &[Architecture],
    arguments: &Arguments,
    mut after_each: impl FnMut(),
) -> anyhow::Result<Vec<Measurement>> {
    if architectures.is_empty() {
        return Ok(Vec::new());
    }
    let workload = Workload {
        rate_per_s: arguments.rate.unwrap_or(DEFAULT_RATE_PER_S),
        duration_s: arguments.duration_s(),
        payload_bytes: arguments.payload as usize,
        workers: arguments.workers,
        work_ms: arguments.work,
    };
    workload.scenario().validate().map_err(|invalid| BadInput(format!("benchmark: {invalid}")))?;
    Ok(measurement::interleaved(&workload, architectures, arguments.repetitions(), |_| after_each())?)
}

fn print(results: &[Measurement]) -> anyhow::Result<()> {
    let Some(first) = results.first() else { return Ok(()) };
    output::line(&format!("{}; times from the intended start, in microseconds", first.workload))?;
    let header = ["", "done/s", "answer p50", "p99", "p99.9", "max", "done p50", "p99", "max", "verdict"];
    output::table(&header, results.iter().map(row))
}

fn row(result: &Measurement) -> Vec<String> {
    let (answer, done) = (&result.latency_us, &result.completion_us);
    let figures = [answer.p50_us, answer.p99_us, answer.p99_9_us, answer.max_us, done.p50_us, done.p99_us, done.max_us];
    let mut row = vec![format!("{} #{}", result.target, result.repetition), format!("{:.0}", result.messages_per_s)];
    row.extend(figures.iter().map(u64::to_string));
    row.push(format!("{:?}", result.verdict).to_lowercase());
    row
}

fn parse_rate(text: &str) -> Result<f64, String> {
    parse_positive(text.strip_suffix("/s").unwrap_or(text))
        .map_err(|_| format!("expected a rate like 500/s, got {text:?}"))
}

fn parse_positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("expected a number above 0, got {text:?}"))
}

fn parse_not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("expected a number, 0 or above, got {text:?}"))
}
