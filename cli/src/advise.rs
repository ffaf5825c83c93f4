//! `handoff advise`: a workload of one's own, simulated on all three architectures, and which of them to take.

use std::fs::File;
use std::io::BufReader;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use handoff_reports::advice::AdvicePage;
use handoff_sim::advise::{self, Advice, AdviseError, Burst, Effort, Needed, Trace, Traffic, Workload, units};

use crate::outcome::{BadInput, Outcome};
use crate::{output, progress, terminal};

/// Simulates your workload on all three architectures and recommends one
///
/// Says why, what rules the others out, and where the answer tips. The same input and seed give the same answer.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many jobs arrive
    #[arg(long, value_name = "N/s", value_parser = units::rate_per_s, required_unless_present = "from")]
    rate: Option<f64>,
    /// How long a worker is busy with a job, on average
    #[arg(long, value_name = "TIME", value_parser = units::duration, required_unless_present = "from")]
    work: Option<Duration>,
    /// The 99th percentile of that. Without it, work is exponential: 4.6 times the mean
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    work_p99: Option<Duration>,
    /// Arrivals and work as you measured them: a CSV file with the columns arrival_s (seconds from any origin, never
    /// falling) and work_ms (how long a worker was busy with the job)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "work", "work_p99", "burst"])]
    from: Option<PathBuf>,
    /// How many workers there are; each does one job at a time
    #[arg(long, value_name = "N")]
    workers: NonZeroU32,
    /// Whether the caller needs the outcome in its response
    #[arg(long, value_name = "now|later", value_parser = needed, default_value = "later")]
    result: Needed,
    /// How many requests the front end handles at a time
    #[arg(long, value_name = "N", default_value = "64")]
    threads: NonZeroUsize,
    /// A time in which more arrives: ten times as much for 20 seconds is 10x/20s
    #[arg(long, value_name = "Nx/TIME", value_parser = units::burst)]
    burst: Option<Burst>,
    /// How late an outcome is still worth something
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    deadline: Option<Duration>,
    /// Jobs of one key (one customer, say) must be done one after the other
    #[arg(long)]
    key_order: bool,
    /// How many independent readers there are of everything
    #[arg(long, value_name = "N", default_value = "1")]
    subscribers: NonZeroU32,
    /// For how long back everything must be readable again
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    replay: Option<Duration>,
    /// How often one of the workers dies
    #[arg(long, value_name = "N/h", value_parser = units::rate_per_s)]
    crash: Option<f64>,
    /// How many partitions the log has. Without it, one for each worker
    #[arg(long, value_name = "N")]
    partitions: Option<NonZeroU32>,
    /// How large a job's message is
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, default_value = "256B")]
    payload: usize,
    /// How long the network takes from node to node, one way
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "250us")]
    link: Duration,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Also write the advice as an HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Advises and prints.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let workload = workload(arguments)?;
    let progress = progress::bar(0, "runs");
    let report = |done, expected| {
        progress.set_length(expected);
        progress.set_position(done);
    };
    let advice = advise::advise(&workload, Effort::FULL, arguments.seed, &report).map_err(|error| match error {
        AdviseError::Unadvisable(_) => BadInput(error.to_string()).into(),
        AdviseError::Simulation(_) => anyhow::Error::new(error),
    })?;
    progress.finish_and_clear();
    if let Some(file) = &arguments.report {
        handoff_reports::render_advice(&page(&advice), file)?;
    }
    if arguments.json {
        output::json(&advice)?
    } else {
        print(&advice)?
    }
    Ok(Outcome::Holds)
}

fn workload(arguments: &Arguments) -> anyhow::Result<Workload> {
    Ok(Workload {
        result: arguments.result,
        threads: arguments.threads.get(),
        burst: arguments.burst,
        deadline: arguments.deadline,
        key_order: arguments.key_order,
        subscribers: arguments.subscribers.get(),
        replay: arguments.replay,
        crashes_per_h: arguments.crash.unwrap_or_default() * 3_600.0,
        partitions: arguments.partitions.map(NonZeroU32::get),
        payload_bytes: arguments.payload,
        link: arguments.link,
        ..Workload::new(traffic(arguments)?, arguments.workers.get())
    })
}

fn traffic(arguments: &Arguments) -> anyhow::Result<Traffic> {
    match (&arguments.from, arguments.rate, arguments.work) {
        (Some(file), ..) => Ok(Traffic::Measured(read(file)?)),
        (None, Some(rate_per_s), Some(work)) => Ok(Traffic::Steady { rate_per_s, work, work_p99: arguments.work_p99 }),
        // clap asks for the two of them.
        _ => Err(BadInput("expected --rate and --work, or --from".to_owned()).into()),
    }
}

fn read(file: &Path) -> anyhow::Result<Trace> {
    let name = file.display().to_string();
    let opened =
        File::open(file).map_err(|error| BadInput(format!("{name}: expected a readable CSV file: {error}")))?;
    let trace = Trace::read(&name, BufReader::new(opened));
    trace.map_err(|error| BadInput(error.to_string()).into())
}

fn needed(text: &str) -> Result<Needed, &'static str> {
    match text {
        "now" => Ok(Needed::Now),
        "later" => Ok(Needed::Later),
        _ => Err("expected now or later"),
    }
}

/// The advice as a page has it.
fn page(advice: &Advice) -> AdvicePage {
    let (mut columns, figures) = advise::table(advice);
    columns.remove(0);
    let mut command: Vec<String> = std::iter::once("handoff".to_owned()).chain(std::env::args().skip(1)).collect();
    if !command.iter().any(|word| word.starts_with("--seed")) {
        command.push(format!("--seed {}", advice.seed));
    }
    AdvicePage {
        verdict: advice.sentence.clone(),
        command: command.join(" "),
        columns,
        figures,
        lists: lists(advice).into(),
    }
}

/// What is said beside the figures.
fn lists(advice: &Advice) -> [(&'static str, Vec<String>); 3] {
    let operated =
        advice.architectures.iter().map(|(architecture, found)| format!("{architecture}: {}", found.to_operate));
    [
        ("To operate", operated.collect()),
        ("Why", advice.reasons.clone()),
        ("Where the answer tips", advice.tips.iter().map(ToString::to_string).collect()),
    ]
}

/// How wide the picture of a backlog is, in characters.
const SPARKLINE: usize = 40;

fn print(advice: &Advice) -> anyhow::Result<()> {
    output::line(&advice.sentence)?;
    output::line("")?;
    let (header, rows) = advise::table(advice);
    output::table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows)?;
    let figures = || advice.architectures.iter().map(|(architecture, found)| (architecture, &found.figures));
    let full = figures().filter_map(|(_, found)| found.backlog.iter().copied().max()).max().unwrap_or(0);
    let pictures = figures().map(|(architecture, found)| {
        let picture = terminal::sparkline(&found.backlog, full, SPARKLINE);
        format!("{architecture:6}{picture}  at most {}", found.backlog.iter().copied().max().unwrap_or(0))
    });
    list("Backlog over time, first run", pictures)?;
    lists(advice).into_iter().try_for_each(|(title, lines)| list(title, lines.into_iter()))?;
    output::line(&format!("\nSeed {}; every figure is simulated.", advice.seed))
}

fn list(title: &str, lines: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    output::line(&format!("\n{title}"))?;
    lines.try_for_each(|line| output::line(&format!("  {line}")))
}
