//! Systems under load: brokers and the relay.

use std::time::Duration;

use handoff_bench::drive::{Limits, Load, Pace};
use handoff_bench::measurement::Verdict;
use handoff_bench::stamp::STAMP_BYTES;
use handoff_bench::system::{System, SystemMeasurement, SystemName};
use handoff_bench::workload::Workload;

use super::Arguments;
use crate::outcome::BadInput;
use crate::output;

/// How long a system is under load before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// A generator that used more of its processor than this may be what was measured.
const BUSY_GENERATOR: f64 = 0.9;

/// Whether the arguments fit the systems.
pub fn check(systems: &[SystemName], arguments: &Arguments) -> Result<(), BadInput> {
    if systems.is_empty() {
        return Ok(());
    }
    let (producers, consumers) = (arguments.producers.into(), arguments.consumers.into());
    if (arguments.payload as usize) < STAMP_BYTES {
        let payload = arguments.payload;
        return Err(BadInput(format!("--payload {payload}: expected at least {STAMP_BYTES} for a broker")));
    }
    match systems.iter().find(|system| !system.takes(producers, consumers)) {
        Some(system) => Err(BadInput(format!(
            "--producers {producers} --consumers {consumers}: expected as many of both for target {system}"
        ))),
        None => Ok(()),
    }
}

/// What came of the systems.
#[derive(Default)]
pub struct Measured {
    /// The runs that came to their end.
    pub results: Vec<SystemMeasurement>,
    /// What became of those that did not, a line each.
    pub failures: Vec<String>,
}

/// Measures each system in turn, as often as asked. One that cannot be driven any further is left out from then on.
pub fn measure(
    systems: &[SystemName],
    arguments: &Arguments,
    mut after_each: impl FnMut(),
) -> anyhow::Result<Measured> {
    let workload = Workload::Carry(load(arguments));
    // One thread for the generator: what it drives has the other core.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(async {
        let mut measured = Measured::default();
        let mut running: Vec<System> = Vec::new();
        for system in systems {
            match system.start().await {
                Ok(system) => running.push(system),
                Err(error) => measured.failures.push(error.to_string()),
            }
        }
        for repetition in 1..=arguments.repetitions() {
            for system in std::mem::take(&mut running) {
                match system.measure(&workload, repetition).await {
                    Ok(result) => {
                        measured.results.push(result);
                        running.push(system);
                    }
                    Err(error) => measured.failures.push(error.to_string()),
                }
                after_each();
            }
        }
        Ok(measured)
    })
}

fn load(arguments: &Arguments) -> Load {
    let body_bytes = arguments.payload as usize;
    Load {
        producers: arguments.producers.into(),
        consumers: arguments.consumers.into(),
        body_bytes,
        pace: arguments.rate.map_or(Pace::Closed, |rate_per_s| Pace::Open { rate_per_s }),
        warm_up: WARM_UP,
        measured: Duration::from_secs_f64(arguments.duration_s()),
        limits: Limits::for_bodies(body_bytes),
    }
}

/// Prints what was measured, and what each system is.
pub fn print(results: &[SystemMeasurement]) -> anyhow::Result<()> {
    let Some(first) = results.first() else { return Ok(()) };
    output::line(&format!("{}; times until the consumer has it, in microseconds", first.workload))?;
    let header = ["", "sent/s", "arrived/s", "p50", "p99", "p99.9", "max", "CPU s/million", "peak MiB", "verdict"];
    output::table(&header, results.iter().map(row))?;
    for result in results.iter().filter(|result| result.repetition == 1) {
        let about = &result.about;
        output::line(&format!("{}: {}; {}; {}", result.target, about.version, about.configuration, about.durability))?;
    }
    if results.iter().any(|result| result.generator_cpu > BUSY_GENERATOR) {
        output::line("* the generator was busy: the target may be faster than this")?;
    }
    Ok(())
}

fn row(result: &SystemMeasurement) -> Vec<String> {
    let latency = &result.latency_us;
    let busy = if result.generator_cpu > BUSY_GENERATOR { "*" } else { "" };
    let mut row = vec![format!("{} #{}", result.target, result.repetition), format!("{:.0}", result.attempted_per_s)];
    row.push(format!("{:.0}{busy}", result.messages_per_s));
    row.extend([latency.p50_us, latency.p99_us, latency.p99_9_us, latency.max_us].iter().map(u64::to_string));
    row.push(result.cpu_s_per_million.map_or("-".to_owned(), |cpu_s| format!("{cpu_s:.2}")));
    row.push(result.rss_bytes.map_or("-".to_owned(), |bytes| format!("{:.0}", bytes as f64 / 1_048_576.0)));
    row.push(if result.verdict == Verdict::Valid { "valid".to_owned() } else { result.findings.to_string() });
    row
}
