//! `handoff bench`: load on real TCP.

use handoff_bench::load::Workload;
use handoff_bench::measurement::{self, Measurement, Verdict};
use handoff_scenarios::Architecture;
use serde::Serialize;

use crate::outcome::{BadInput, Outcome};
use crate::{output, progress};

/// Measures the architectures over loopback TCP, with open-loop load
///
/// Latencies count from the moment at which each job was meant to be sent, so that waiting for a slow answer is not
/// left out. Repetitions are interleaved: what disturbs the machine disturbs all targets.
#[derive(clap::Args)]
pub struct Arguments {
    /// What to measure: sync, queue or log; all three if none is named
    #[arg(long = "target", value_name = "NAME")]
    targets: Vec<Architecture>,
    /// Jobs a second, as 500 or 500/s
    #[arg(long, value_name = "RATE", default_value = "500/s", value_parser = parse_rate)]
    rate: f64,
    /// How long each repetition sends, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = parse_positive)]
    duration: f64,
    /// How often each target is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repetitions: u32,
    /// Bytes of a job's message
    #[arg(long, value_name = "BYTES", default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    payload: u32,
    /// How many workers there are
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    workers: u32,
    /// How long each job takes a worker, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0.0, value_parser = parse_not_negative)]
    work: f64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    results: Vec<Measurement>,
}

/// Measures and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let workload = Workload {
        rate_per_s: arguments.rate,
        duration_s: arguments.duration,
        payload_bytes: arguments.payload as usize,
        workers: arguments.workers,
        work_ms: arguments.work,
    };
    workload.scenario().validate().map_err(|invalid| BadInput(format!("benchmark: {invalid}")))?;
    let targets = if arguments.targets.is_empty() { &Architecture::ALL[..] } else { &arguments.targets };
    let progress = progress::bar(targets.len() * arguments.repetitions as usize, "runs");
    let results = measurement::interleaved(&workload, targets, arguments.repetitions, |_| progress.inc(1))?;
    progress.finish_and_clear();
    let violated = results.iter().any(|result| result.verdict == Verdict::Violated);
    if arguments.json {
        output::json(&Document { results })?;
    } else {
        output::line(&format!("{}; times from the intended start, in microseconds", workload.description()))?;
        let header = ["", "done/s", "answer p50", "p99", "p99.9", "max", "done p50", "p99", "max", "verdict"];
        output::table(&header, results.iter().map(row))?;
    }
    Ok(if violated { Outcome::Violated } else { Outcome::Holds })
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
