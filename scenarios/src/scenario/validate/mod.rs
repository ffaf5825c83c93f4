//! The bounds of every value in a scenario, and which values go together.

mod fault;
mod network;
mod variant;

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::{
    FrontEnd, Invalid, Load, LogSettings, OverflowPolicy, Phase, QueueSettings, Scenario, SyncSettings, Wanted, Work,
};
use crate::distribution::{Distribution, LOG_NORMAL_MAX_P99_TO_MEAN, Shape};

type Checked = Result<(), Invalid>;

/// More would fill memory before it taught anything.
const MAX_JOBS: f64 = 10_000_000.0;
/// A day: the longest that anything in a scenario may take.
const MAX_SECONDS: f64 = 86_400.0;
const MAX_MILLISECONDS: f64 = MAX_SECONDS * 1_000.0;
const MAX_PAYLOAD_BYTES: usize = 1 << 20;

pub(super) fn scenario(scenario: &Scenario) -> Checked {
    name(&scenario.name)?;
    not_blank("title", &scenario.title)?;
    not_blank("question", &scenario.question)?;
    not_blank("idea", &scenario.idea)?;
    not_blank("why", &scenario.why)?;
    not_negative("drain_limit_s", scenario.drain_limit_s, MAX_SECONDS)?;
    load(&scenario.load)?;
    work(&scenario.work)?;
    front("front", &scenario.front)?;
    network::network(scenario)?;
    combinations(scenario)?;
    sync(&scenario.sync)?;
    queue(&scenario.queue)?;
    log(&scenario.log)?;
    fault::faults(scenario)?;
    variant::variants(scenario)?;
    variant::unplayable(scenario)?;
    variant::claims(scenario)
}

fn name(name: &str) -> Checked {
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    ensure(
        !name.is_empty() && name.chars().all(allowed),
        "name",
        "lower-case letters, digits and hyphens",
        quoted(name),
    )
}

fn load(load: &Load) -> Checked {
    above_zero("load.rate_per_s", load.rate_per_s, 1e6)?;
    above_zero("load.duration_s", load.duration_s, MAX_SECONDS)?;
    phases(load)?;
    let jobs = load.expected_jobs();
    ensure(
        jobs <= MAX_JOBS,
        "load.duration_s",
        format_args!("at most {MAX_JOBS} jobs in all (rate_per_s x duration_s)"),
        jobs,
    )?;
    within("load.payload_bytes", load.payload_bytes, 8..=MAX_PAYLOAD_BYTES)?;
    if let Some(keys) = load.keys {
        within("load.keys", keys, 1..=u64::MAX)?;
    }
    given(load.bystander_every, |every| within("load.bystander_every", every, 2..=u64::MAX))?;
    given(load.urgent_every, |every| within("load.urgent_every", every, 2..=u64::MAX))?;
    above_zero("load.timeout_ms", load.timeout_ms, MAX_MILLISECONDS)
}

fn phases(load: &Load) -> Checked {
    let mut free_from_s = 0.0;
    for (index, Phase { at_s, duration_s, factor }) in load.phases.iter().enumerate() {
        let key = |name: &str| format!("load.phase[{index}].{name}");
        let expected = format_args!("a number from {free_from_s}, where the phase before ends");
        ensure(*at_s >= free_from_s && *at_s <= load.duration_s, key("at_s"), expected, at_s)?;
        above_zero(key("duration_s"), *duration_s, load.duration_s - at_s)?;
        not_negative(key("factor"), *factor, 1_000.0)?;
        free_from_s = at_s + duration_s;
    }
    Ok(())
}

fn work(work: &Work) -> Checked {
    distribution("work", "ms", work.time_ms(), MAX_MILLISECONDS)?;
    within("work.workers", work.workers, 1..=1_000)?;
    within("work.max_attempts", work.max_attempts, 1..=1_000)?;
    given(work.retry_delay_ms, |delay_ms| {
        let waits = (1.0..=MAX_MILLISECONDS).contains(&delay_ms);
        ensure(waits, "work.retry_delay_ms", bounded("a number from 1", delay_ms, MAX_MILLISECONDS), delay_ms)
    })
}

/// Settings of different sections that do not go together.
fn combinations(scenario: &Scenario) -> Checked {
    let Scenario { load, work, queue, .. } = scenario;
    within("work.subscribers", work.subscribers, 1..=work.workers)?;
    let is_one = work.subscribers == 1;
    ensure(is_one || load.result == Wanted::Later, "load.result", "later, since there are several subscribers", "now")?;
    let drops = queue.overflow == OverflowPolicy::DropHead && work.retry_delay_ms.is_some();
    let is_alone = is_one && !queue.by_key && work.retry_delay_ms.is_none();
    let expected = "false, since jobs go by key, to several subscribers or are tried later";
    ensure(is_alone || !queue.urgent_first, "queue.urgent_first", expected, "true")?;
    let is_set_aside = queue.message_ttl_ms.is_none() || work.retry_delay_ms.is_none();
    ensure(is_set_aside, "queue.message_ttl_ms", "none, since dead letters are tried later", "one")?;
    ensure(!drops, "queue.overflow", "reject-publish, since what fails waits as a dead letter", "drop-head")?;
    ensure(is_one || !queue.by_key, "queue.by_key", "false, since there are several subscribers", "true")
}

fn front(section: &str, front: &FrontEnd) -> Checked {
    within(format_args!("{section}.threads"), front.threads, 1..=100_000)?;
    within(format_args!("{section}.accept_queue"), front.accept_queue, 0..=1_000_000)?;
    above_zero(format_args!("{section}.timeout_ms"), front.timeout_ms, MAX_MILLISECONDS)
}

fn sync(sync: &SyncSettings) -> Checked {
    within("sync.retries", sync.retries, 0..=100)?;
    not_negative("sync.eject_ms", sync.eject_ms, MAX_MILLISECONDS)?;
    given(sync.call_timeout_ms, |timeout_ms| above_zero("sync.call_timeout_ms", timeout_ms, MAX_MILLISECONDS))?;
    not_negative("sync.backoff_ms", sync.backoff_ms, MAX_MILLISECONDS)?;
    given(sync.retry_budget, |budget| not_negative("sync.retry_budget", budget, 100.0))?;
    given(sync.max_waiting, |waiting| within("sync.max_waiting", waiting, 0..=1_000_000))?;
    if let Some(breaker) = &sync.breaker {
        within("sync.breaker.failures", breaker.failures, 1..=1_000_000)?;
        above_zero("sync.breaker.open_ms", breaker.open_ms, MAX_MILLISECONDS)?;
    }
    let mut services = sync.services.iter().enumerate();
    services.try_for_each(|(index, service)| front(&format!("sync.service[{index}]"), service))
}

fn queue(queue: &QueueSettings) -> Checked {
    within("queue.prefetch", queue.prefetch, 1..=u16::MAX)?;
    given(queue.message_ttl_ms, |ttl_ms| above_zero("queue.message_ttl_ms", ttl_ms, MAX_MILLISECONDS))?;
    given(queue.max_length, |length| within("queue.max_length", length, 1..=u64::MAX))?;
    given(queue.heartbeat_s, |heartbeat_s| within("queue.heartbeat_s", heartbeat_s, 1..=u16::MAX))
}

fn log(log: &LogSettings) -> Checked {
    given(log.partitions, |partitions| within("log.partitions", partitions, 1..=5_000))?;
    within("log.session_timeout_ms", log.session_timeout_ms, 6_000..=1_800_000)?;
    not_negative("log.linger_ms", log.linger_ms, MAX_MILLISECONDS)?;
    // Without a wait, a consumer that has nothing to read would never rest.
    let waits = (1.0..=MAX_MILLISECONDS).contains(&log.poll_wait_ms);
    ensure(
        waits,
        "log.poll_wait_ms",
        bounded("a number from 1", log.poll_wait_ms, MAX_MILLISECONDS),
        log.poll_wait_ms,
    )?;
    within("log.max_poll_records", log.max_poll_records, 1..=100_000)?;
    given(log.retention_s, |retention_s| above_zero("log.retention_s", retention_s, MAX_SECONDS))?;
    given(log.retention_bytes, |bytes| within("log.retention_bytes", bytes, 1..=u64::MAX))
}

fn distribution(section: &str, unit: &str, distribution: Distribution, limit: f64) -> Checked {
    let p99_key = format!("{section}.p99_{unit}");
    not_negative(format_args!("{section}.mean_{unit}"), distribution.mean, limit)?;
    let (mean, p99) = (distribution.mean, distribution.p99);
    match (distribution.shape, p99) {
        (Shape::LogNormal, Some(p99)) => {
            let furthest = mean * LOG_NORMAL_MAX_P99_TO_MEAN;
            let expected = format_args!("a number above mean_{unit} and at most {furthest}");
            ensure(p99 > mean && p99 <= furthest, p99_key, expected, p99)
        }
        (Shape::LogNormal, None) => {
            Err(Invalid::new(p99_key, "a number, since the distribution is log-normal", "none"))
        }
        (_, Some(p99)) => Err(Invalid::new(p99_key, "no such key unless the distribution is log-normal", p99)),
        (_, None) => Ok(()),
    }
}

/// Checks what need not be there.
fn given<T>(value: Option<T>, check: impl FnOnce(T) -> Checked) -> Checked {
    value.map_or(Ok(()), check)
}

fn not_blank(key: impl Display, text: &str) -> Checked {
    ensure(!text.trim().is_empty(), key, "some text", quoted(text))
}

fn above_zero(key: impl Display, value: f64, limit: f64) -> Checked {
    ensure(value > 0.0 && value <= limit, key, bounded("a number above 0", value, limit), value)
}

fn not_negative(key: impl Display, value: f64, limit: f64) -> Checked {
    ensure(value >= 0.0 && value <= limit, key, bounded("a number from 0", value, limit), value)
}

/// The upper bound is only named to whoever exceeds it.
fn bounded(expected: &str, value: f64, limit: f64) -> String {
    if value > limit { format!("{expected} and at most {limit}") } else { expected.to_owned() }
}

fn within<T: PartialOrd + Display>(key: impl Display, value: T, bounds: RangeInclusive<T>) -> Checked {
    let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
    ensure(bounds.contains(&value), key, expected, value)
}

fn ensure(holds: bool, key: impl Display, expected: impl Display, got: impl Display) -> Checked {
    if holds { Ok(()) } else { Err(Invalid::new(key, expected, got)) }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
