//! One run: connect, warm up, measure, drain, judge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::consuming::consume;
use super::load::Load;
use super::producing::produce;
use super::session::{Lane, Phase, Session};
use crate::audit::Findings;
use crate::latency::LatencySummary;
use crate::process::Process;
use crate::target::{Target, TargetError};

/// A drain in which nothing arrives for so long is over: what has not arrived by then is lost.
const QUIET: Duration = Duration::from_secs(3);
/// How long a drain may take in all.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Messages that were sent, a second.
    pub sent_per_s: f64,
    /// Messages that arrived for the first time (or, without consumers, were confirmed), a second.
    pub messages_per_s: f64,
    /// From the moment at which a message was meant to be sent until its consumer had it.
    pub latency_us: LatencySummary,
    /// Processor seconds that the target's process used for a million messages; `None` if it could not be found.
    pub cpu_s_per_million: Option<f64>,
    /// The most memory that the target's process had, in bytes; `None` if it could not be found.
    pub rss_bytes: Option<u64>,
    /// How much of one processor the generator used, from 0 to 1.
    pub generator_cpu: f64,
    /// What the audit found.
    pub findings: Findings,
}

/// Puts `load` on `target` and measures.
///
/// # Errors
/// If the target could not be driven to the end of the run.
pub async fn run(target: &dyn Target, load: &Load) -> Result<Figures, TargetError> {
    target.split_among(load.consumers);
    target.prepare().await?;
    let session = Arc::new(Session::new(load.clone(), next_run()));
    let consumers = try_join_all((0..load.consumers).map(|_| target.consumer(load.limits.prefetch))).await?;
    let producers = try_join_all((0..load.producers).map(|_| target.producer())).await?;
    let producing = try_join_all(producers.into_iter().enumerate().map(|(number, it)| produce(&session, number, it)));
    let consuming = try_join_all(consumers.into_iter().enumerate().map(|(n, it)| consume(&session, n, it)));
    let conducting = conduct(&session, target.listens_on().and_then(Process::listening_on));
    // Whoever fails ends the run: no figure comes from half of it.
    let ((), _, measured) = tokio::try_join!(async { producing.await.map(drop) }, consuming, conducting)?;
    target.clean_up().await?;
    Ok(measured)
}

/// Numbers the runs of this process, so that leftovers of one are not taken for another's.
fn next_run() -> u8 {
    static RUNS: AtomicU8 = AtomicU8::new(0);
    RUNS.fetch_add(1, Ordering::Relaxed)
}

/// Leads a run through its phases and takes its figures.
async fn conduct(session: &Session, process: Option<Process>) -> Result<Figures, TargetError> {
    tokio::time::sleep(session.load.warm_up).await;
    if let Some(process) = process {
        process.forget_peak();
    }
    let before = Reading::take(session, process);
    tokio::time::sleep(session.load.measured).await;
    let after = Reading::take(session, process);
    session.enter(Phase::Draining);
    drain(session).await;
    session.enter(Phase::Over);
    Ok(figures(session, &before, &after))
}

/// Waits until everything that was sent is confirmed and has arrived, or nothing comes any more.
async fn drain(session: &Session) {
    let has_consumers = session.load.consumers > 0;
    let progress = || (session.total(Lane::confirmed), session.total(Lane::arrived));
    let sent = || session.total(Lane::sent);
    let begun = Instant::now();
    let (mut last, mut changed) = (progress(), Instant::now());
    while changed.elapsed() < QUIET && begun.elapsed() < DRAIN_LIMIT {
        let (confirmed, arrived) = progress();
        if confirmed == sent() && (arrived == sent() || !has_consumers) {
            return;
        }
        if (confirmed, arrived) != last {
            (last, changed) = ((confirmed, arrived), Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Counters at one moment.
struct Reading {
    at: Instant,
    sent: u64,
    done: u64,
    target_cpu: Option<Duration>,
    target_peak_bytes: Option<u64>,
    own_cpu: Option<Duration>,
}

impl Reading {
    fn take(session: &Session, process: Option<Process>) -> Self {
        let done = if session.load.consumers > 0 { Lane::arrived } else { Lane::confirmed };
        Reading {
            at: Instant::now(),
            sent: session.total(Lane::sent),
            done: session.total(done),
            target_cpu: process.and_then(Process::cpu),
            target_peak_bytes: process.and_then(Process::peak_resident_bytes),
            own_cpu: Process::this().cpu(),
        }
    }
}

fn figures(session: &Session, before: &Reading, after: &Reading) -> Figures {
    let elapsed_s = after.at.duration_since(before.at).as_secs_f64();
    let between =
        |read: fn(&Reading) -> Option<Duration>| Some(read(after)?.saturating_sub(read(before)?).as_secs_f64());
    let done = after.done - before.done;
    let confirmed: Vec<u64> = session.lanes.iter().map(|lane| lane.confirmed()).collect();
    let record = session.record();
    // Without consumers nothing can arrive, and nothing is judged.
    let findings = if session.load.consumers > 0 { record.audit.finish(&confirmed) } else { Findings::default() };
    Figures {
        sent_per_s: (after.sent - before.sent) as f64 / elapsed_s,
        messages_per_s: done as f64 / elapsed_s,
        latency_us: record.latencies.summary(),
        cpu_s_per_million: between(|reading| reading.target_cpu).map(|cpu_s| cpu_s / done.max(1) as f64 * 1e6),
        rss_bytes: after.target_peak_bytes,
        generator_cpu: between(|reading| reading.own_cpu).unwrap_or_default() / elapsed_s,
        findings,
    }
}
