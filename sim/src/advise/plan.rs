//! From a workload to what is simulated: a scenario, and the jobs of one run.
//!
//! Each architecture is set up as somebody who knows it would, from what the workload says. Where a run would have more
//! jobs than are worth simulating, the whole system is made smaller instead: workers, threads, places and partitions in
//! the same proportion as the rate, so that load and backlog per worker stay what they are.

use std::time::Duration;

use handoff_scenarios::scenario::{Fault, LogSettings, QueueSettings};
use handoff_scenarios::{Job, Jobs, Scenario, arrivals};

use super::trace::{Row, Trace};
use super::workload::{Burst, Traffic, Workload};

/// How many different keys jobs have where order by key matters.
const KEYS: u64 = 1_000;
/// A smaller system has no fewer workers than this: with fewer, chance would weigh too much.
const FEWEST_WORKERS: u32 = 4;
/// A run is at least this many jobs for each worker that is busy on average.
const JOBS_PER_BUSY_WORKER: f64 = 20.0;
/// A run that cannot be made smaller has no more jobs than this many times what was asked for.
const LARGEST_RUN: f64 = 2.0;
/// How long the process of a dead worker takes to be there again.
const RESTART: Duration = Duration::from_secs(5);
/// A run with a crash lasts for this many restarts, and the crash comes after one of them.
const CRASH_RUN_RESTARTS: u32 = 4;
/// What is repeated after a crash of the log's worker is at most this much work.
const COMMIT_EVERY_MS: f64 = 100.0;

const BASE: &str = r#"
    name = "advise"
    title = "Your workload"
    question = "Should this work be a synchronous call, a message on a queue, or a record in a log?"
    idea = "It depends on the workload, so simulate the workload."
    why = "The same jobs at the same times through all three."
    [load]
    rate_per_s = 1
    duration_s = 1
    [work]
    distribution = "constant"
    mean_ms = 1
    workers = 1
    [sync]
    retries = 1
    [log]
    poll_wait_ms = 5000
"#;

/// What one run plays.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub scenario: Scenario,
    pub jobs: Jobs,
    /// How many times the workload is as large as what is played; 1 if it is played as it is.
    pub scale: f64,
}

/// Which run of a workload: `number` counts from 0, and picks the part of a trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunKey {
    pub seed: u64,
    pub number: usize,
}

impl Plan {
    /// The workload as it is, burst and all, with about `size` jobs.
    pub fn new(workload: &Workload, size: usize, key: RunKey) -> Plan {
        match &workload.traffic {
            Traffic::Measured(trace) => Plan::of_rows(workload, window(trace, size, key.number)),
            Traffic::Steady { rate_per_s, .. } => {
                let busy = workload.offered_erlangs().min(f64::from(workload.workers));
                let size = size.max((JOBS_PER_BUSY_WORKER * busy) as usize);
                let burst_jobs =
                    workload.burst.map_or(0.0, |burst| burst.factor * burst.length.as_secs_f64()) * rate_per_s;
                // Before and after a burst, half as much as in it.
                let jobs = (1.5 * burst_jobs).max(size as f64);
                let limit = if workload.burst.is_some() { LARGEST_RUN * size as f64 } else { size as f64 };
                Plan::drawn(workload, jobs / rate_per_s, workload.burst, smaller(workload, jobs / limit), key)
            }
        }
    }

    /// The workload in calm, long enough for a worker to die and come back, with about `size` jobs. The second plan
    /// is the same with the death in it.
    pub fn with_and_without_crash(workload: &Workload, size: usize, key: RunKey) -> (Plan, Plan) {
        let calm = match &workload.traffic {
            Traffic::Measured(_) => Plan::new(workload, size, key),
            Traffic::Steady { rate_per_s, .. } => {
                let long_s = (RESTART * CRASH_RUN_RESTARTS).as_secs_f64().max(size as f64 / rate_per_s);
                let scale = smaller(workload, long_s * rate_per_s / size as f64);
                let duration_s = long_s.min(LARGEST_RUN * size as f64 * scale / rate_per_s);
                Plan::drawn(workload, duration_s, None, scale, key)
            }
        };
        let mut crash = calm.clone();
        let quarter_s = calm.scenario.load.duration_s / f64::from(CRASH_RUN_RESTARTS);
        crash.scenario.faults.push(Fault::Crash {
            node: "worker-1".to_owned(),
            at_s: quarter_s,
            restart_after_s: Some(RESTART.as_secs_f64().min(quarter_s)),
        });
        (calm, crash)
    }

    fn drawn(workload: &Workload, duration_s: f64, burst: Option<Burst>, scale: f64, key: RunKey) -> Plan {
        let mut scenario = scenario(workload, scale);
        scenario.load.rate_per_s = workload.rate_per_s() / scale;
        scenario.load.duration_s = duration_s;
        let mut jobs = arrivals::draw(&scenario, key.seed);
        if let Some(burst) = burst {
            jobs = compressed(&jobs, burst, duration_s);
            scenario.load.duration_s -= burst.length.as_secs_f64() * (burst.factor - 1.0);
        }
        Plan::finished(scenario, jobs, scale)
    }

    fn of_rows(workload: &Workload, rows: &[Row]) -> Plan {
        let mut scenario = scenario(workload, 1.0);
        let keys = scenario.load.keys;
        let start = rows.first().map_or(Duration::ZERO, |row| row.arrives_at);
        let job = |(row, id): (&Row, u64)| Job {
            id,
            arrives_at: row.arrives_at - start,
            work: row.work,
            poison: false,
            key: keys.map(|keys| id % keys),
            bystander: false,
            urgent: false,
            payload_bytes: workload.payload_bytes,
        };
        let jobs = Jobs::new(rows.iter().zip(0..).map(job).collect());
        let length = jobs.last().map_or(Duration::ZERO, |job| job.arrives_at);
        scenario.load.duration_s = length.as_secs_f64() + 0.001;
        scenario.load.rate_per_s = jobs.len() as f64 / scenario.load.duration_s;
        Plan::finished(scenario, jobs, 1.0)
    }

    /// What was accepted counts as lost if it is not done when the run ends, so it ends late: when each job could have
    /// been done ten times by the workers that can be busy.
    fn finished(mut scenario: Scenario, jobs: Jobs, scale: f64) -> Plan {
        let work_s: f64 = jobs.iter().map(|job| job.work.as_secs_f64()).sum();
        let busy = scenario.work.workers.min(scenario.log.partitions.unwrap_or(u32::MAX));
        scenario.drain_limit_s = 600.0 + 10.0 * work_s / f64::from(busy);
        Plan { scenario, jobs, scale }
    }
}

/// How many times smaller than the workload a system is played that would best be smaller by `wanted`: workers are
/// whole, and not too few.
fn smaller(workload: &Workload, wanted: f64) -> f64 {
    let workers = scaled(workload.workers, wanted.max(1.0)).max(FEWEST_WORKERS.min(workload.workers));
    f64::from(workload.workers) / f64::from(workers)
}

/// The workload at `1/scale` of its size, without its load.
fn scenario(workload: &Workload, scale: f64) -> Scenario {
    let mut scenario = Scenario::parse("advise", BASE).expect("the text above is a scenario");
    let work_ms = workload.work_ms();
    let patience = patience(workload);
    scenario.work.distribution = work_ms.shape;
    scenario.work.mean_ms = work_ms.mean;
    scenario.work.p99_ms = work_ms.p99;
    scenario.work.workers = scaled(workload.workers, scale);
    scenario.load.payload_bytes = workload.payload_bytes;
    scenario.load.keys = workload.key_order.then_some(KEYS);
    scenario.load.timeout_ms = patience.as_secs_f64() * 1e3;
    scenario.front.threads = scaled(workload.threads as u32, scale) as usize;
    scenario.front.accept_queue = (scenario.front.accept_queue as f64 / scale).round() as usize;
    scenario.front.timeout_ms = scenario.load.timeout_ms;
    scenario.network.mean_us = workload.link.as_secs_f64() * 1e6;
    scenario.queue = queue(workload, scenario.queue);
    scenario.log =
        LogSettings { partitions: Some(scaled(workload.partitions(), scale)), ..log(workload, scenario.log) };
    scenario
}

/// Callers wait for ten seconds, or longer where the work or the deadline is long.
fn patience(workload: &Workload) -> Duration {
    let long_work = Duration::from_secs_f64(20.0 * workload.mean_work_s());
    let deadline = workload.deadline.unwrap_or_default();
    Duration::from_secs(10).max(long_work).max(deadline * 2).min(Duration::from_secs(86_400))
}

/// One message at a time, and as many more as are done while the next ones are on their way.
fn queue(workload: &Workload, settings: QueueSettings) -> QueueSettings {
    let on_the_way = 2.0 * workload.link.as_secs_f64() / workload.mean_work_s().max(1e-6);
    QueueSettings { prefetch: 1 + on_the_way.min(1_000.0) as u16, ..settings }
}

/// A commit after each record, unless the work is so short that the commits would be most of it.
fn log(workload: &Workload, settings: LogSettings) -> LogSettings {
    let records = COMMIT_EVERY_MS / (workload.mean_work_s() * 1e3).max(0.1);
    LogSettings { max_poll_records: (records as u32).clamp(1, 500), ..settings }
}

fn scaled(count: u32, scale: f64) -> u32 {
    ((f64::from(count) / scale).round() as u32).max(1)
}

/// Arrivals in the middle of the run, as many as a burst brings, moved closer together. Jobs before it stay, and jobs
/// after it follow sooner.
fn compressed(jobs: &Jobs, burst: Burst, duration_s: f64) -> Jobs {
    let length_s = burst.length.as_secs_f64();
    let stretched_s = length_s * burst.factor;
    let begin_s = (duration_s - stretched_s).max(0.0) / 2.0;
    let moved = |at: Duration| {
        let at_s = at.as_secs_f64();
        let inside_s = (at_s - begin_s).clamp(0.0, stretched_s);
        Duration::from_secs_f64((at_s - inside_s + inside_s / burst.factor).max(0.0))
    };
    Jobs::new(jobs.iter().map(|job| Job { arrives_at: moved(job.arrives_at), ..job.clone() }).collect())
}

/// `size` rows of a trace, or all if it is shorter: the busiest for run 0, and others for the runs after it.
fn window(trace: &Trace, size: usize, number: usize) -> &[Row] {
    let rows = trace.rows();
    if rows.len() <= size {
        return rows;
    }
    let last = rows.len() - size;
    // The golden ratio spreads any number of starts evenly.
    let start = match number {
        0 => busiest(rows, size),
        _ => ((number as f64 * 0.618_034).fract() * last as f64) as usize,
    };
    &rows[start..start + size]
}

/// Where the `size` rows begin that bring the most work in the least time.
fn busiest(rows: &[Row], size: usize) -> usize {
    let work_before: Vec<f64> = std::iter::once(0.0)
        .chain(rows.iter().scan(0.0, |sum, row| {
            *sum += row.work.as_secs_f64();
            Some(*sum)
        }))
        .collect();
    let load = |start: usize| {
        let length = rows[start + size - 1].arrives_at - rows[start].arrives_at;
        (work_before[start + size] - work_before[start]) / length.as_secs_f64().max(1e-6)
    };
    let start = (0..=rows.len() - size).max_by(|one, other| load(*one).total_cmp(&load(*other)));
    start.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: RunKey = RunKey { seed: 1, number: 0 };

    fn steady(rate_per_s: f64, work_ms: u64, workers: u32) -> Workload {
        let work = Duration::from_millis(work_ms);
        Workload::new(Traffic::Steady { rate_per_s, work, work_p99: None }, workers)
    }

    #[test]
    fn what_is_played_is_a_right_scenario_with_the_jobs_asked_for() {
        let mut workload = steady(200.0, 150, 40);
        workload.key_order = true;
        let (calm, crash) = Plan::with_and_without_crash(&workload, 4_000, KEY);
        for plan in [&Plan::new(&workload, 2_000, KEY), &calm, &crash] {
            assert_eq!(plan.scenario.validate(), Ok(()));
            assert_eq!(plan.scale, 1.0);
        }
        assert!((1_800..2_200).contains(&Plan::new(&workload, 2_000, KEY).jobs.len()));
        assert_eq!((calm.scenario.faults.len(), crash.scenario.faults.len()), (0, 1));
        assert_eq!(calm.jobs, crash.jobs);
    }

    #[test]
    fn a_large_burst_is_played_by_a_smaller_system_under_the_same_load() {
        let mut workload = steady(200.0, 150, 40);
        workload.burst = Some(Burst { factor: 10.0, length: Duration::from_secs(20) });
        let plan = Plan::new(&workload, 4_000, KEY);
        assert!(plan.jobs.len() < 10_000, "{} jobs", plan.jobs.len());
        let load = |rate: f64, workers: u32| rate / f64::from(workers);
        let found = load(plan.scenario.load.rate_per_s, plan.scenario.work.workers);
        assert!((found / load(200.0, 40) - 1.0).abs() < 1e-9);
        assert!(plan.scenario.front.threads < 10 && plan.scenario.front.accept_queue < 20);
        assert_eq!(plan.scenario.validate(), Ok(()));
        let end = plan.jobs.last().expect("jobs").arrives_at.as_secs_f64();
        assert!(end <= plan.scenario.load.duration_s, "jobs arrive before the load ends");
    }

    #[test]
    fn a_burst_brings_its_factor_of_the_rate() {
        let mut workload = steady(100.0, 1, 4);
        workload.burst = Some(Burst { factor: 10.0, length: Duration::from_secs(2) });
        let plan = Plan::new(&workload, 3_000, KEY);
        let begin_s = (plan.scenario.load.duration_s - 2.0) / 2.0;
        let between = |from_s: f64, until_s: f64| {
            let inside = |job: &&Job| (from_s..until_s).contains(&job.arrives_at.as_secs_f64());
            plan.jobs.iter().filter(inside).count() as f64 / (until_s - from_s)
        };
        assert!((between(begin_s, begin_s + 2.0) / 1_000.0 - 1.0).abs() < 0.1);
        assert!((between(0.0, begin_s) / 100.0 - 1.0).abs() < 0.2);
        assert!((between(begin_s + 2.0, begin_s + 4.0) / 100.0 - 1.0).abs() < 0.2);
    }

    #[test]
    fn settings_follow_the_work() {
        let slow = scenario(&steady(200.0, 150, 40), 1.0);
        assert_eq!((slow.queue.prefetch, slow.log.max_poll_records), (1, 1));
        let quick = scenario(&steady(200.0, 1, 40), 1.0);
        assert_eq!((quick.queue.prefetch, quick.log.max_poll_records), (1, 100));
        let far = scenario(&Workload { link: Duration::from_millis(40), ..steady(200.0, 1, 40) }, 1.0);
        assert_eq!(far.queue.prefetch, 81);
    }

    #[test]
    fn of_a_long_trace_the_busiest_part_is_played_first() {
        let gaps = |gap_ms: u64| (0..100).map(move |_| gap_ms);
        let mut at = 0;
        let mut text = "arrival_s,work_ms\n".to_owned();
        for gap in gaps(1_000).chain(gaps(10)).chain(gaps(1_000)) {
            at += gap;
            text += &format!("{},5\n", at as f64 / 1e3);
        }
        let trace = Trace::read("trace.csv", text.as_bytes()).expect("right");
        let first = window(&trace, 50, 0);
        assert!(first[49].arrives_at - first[0].arrives_at < Duration::from_secs(1));
        assert_ne!(window(&trace, 50, 1), window(&trace, 50, 2));
        assert_eq!(window(&trace, 1_000, 3).len(), 300);
        let plan = Plan::new(&Workload::new(Traffic::Measured(trace), 2), 50, KEY);
        assert_eq!(plan.scenario.validate(), Ok(()));
        assert_eq!((plan.jobs.len(), plan.jobs[0].arrives_at), (50, Duration::ZERO));
    }
}
