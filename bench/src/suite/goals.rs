//! What the broker is meant to reach beside the others, and whether it does.

use serde::Serialize;

use super::plan::BACKLOG_BODY_BYTES;
use super::run::THROUGHPUT_ID;
use super::summary::{Group, Summary};
use super::targets::{BASE, is_limit};
use crate::figure::Figure;
use crate::statistics::Estimate;

/// The broker that most people would take instead.
const USUAL: &str = "rabbitmq-classic";
/// The most a waiting message may need beside its body.
const OVERHEAD_BYTES: f64 = 64.0;
/// The most a connection that does nothing may need.
const CONNECTION_BYTES: f64 = 8_192.0;
/// How much of what a backlog took must be back after it.
const RETURNED: f64 = 0.9;

/// A goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// What is asked.
    pub goal: String,
    /// What was found, with what it was found against; why it cannot be told, if it cannot.
    pub found: String,
    /// Whether it is reached, by the median; `None` if it cannot be told.
    pub holds: Option<bool>,
}

/// Judges all goals by what was measured.
pub fn judge(groups: &[Group<'_>]) -> Vec<Goal> {
    let find = |prefix: &str| groups.iter().rev().find(|group| group.id.starts_with(prefix));
    let (throughput, open, backlog) = (find(THROUGHPUT_ID), find("open/"), find("backlog/"));
    let usual = |group: &Group<'_>| group.of(USUAL).map(|summary| summary.target.to_owned());
    let relay = |group: &Group<'_>| group.of("relay").map(|summary| summary.target.to_owned());
    vec![
        against(
            "throughput at least 20 times RabbitMQ's classic queue",
            throughput,
            Figure::MessagesPerS,
            usual,
            |ratio| ratio >= 20.0,
        ),
        against(
            "throughput at least 3 times the best of the other brokers",
            throughput,
            Figure::MessagesPerS,
            best_peer,
            |ratio| ratio >= 3.0,
        ),
        against(
            "throughput at least 3 times the best broker that others make",
            throughput,
            Figure::MessagesPerS,
            best_foreign_peer,
            |ratio| ratio >= 3.0,
        ),
        against("throughput at least half of the relay's", throughput, Figure::MessagesPerS, relay, |ratio| {
            ratio >= 0.5
        }),
        against(
            "processor time at most a tenth of RabbitMQ's classic queue",
            throughput,
            Figure::CpuSPerMillion,
            usual,
            |ratio| ratio <= 0.1,
        ),
        against(
            "processor time below every other broker's",
            throughput,
            Figure::CpuSPerMillion,
            thriftiest_peer,
            |ratio| ratio < 1.0,
        ),
        against(
            "p99 at half of the slowest knee below every other broker's",
            open,
            Figure::P99Us,
            quickest_peer,
            |ratio| ratio < 1.0,
        ),
        overhead(backlog),
        returned(backlog),
        connection(find("idle/")),
        verdicts(groups),
    ]
}

/// The base's figure as a multiple of another target's.
fn against(
    goal: &str,
    group: Option<&Group<'_>>,
    figure: Figure,
    other: impl Fn(&Group<'_>) -> Option<String>,
    reached: impl Fn(f64) -> bool,
) -> Goal {
    let found = group.and_then(|group| {
        let other = other(group)?;
        let ratio = group.base()?.ratio_to(group.of(&other)?, figure)?;
        Some((ratio, other))
    });
    match found {
        Some((Estimate { median, low, high, .. }, other)) => Goal {
            goal: goal.to_owned(),
            found: format!("{} times that of {other} [{}, {}]", short(median), short(low), short(high)),
            holds: Some(reached(median)),
        },
        None => unknown(goal),
    }
}

fn unknown(goal: &str) -> Goal {
    Goal { goal: goal.to_owned(), found: "not measured".to_owned(), holds: None }
}

fn best_peer(group: &Group<'_>) -> Option<String> {
    extreme_peer(group, Figure::MessagesPerS, |one, best| one > best)
}

/// The same without our own log.
fn best_foreign_peer(group: &Group<'_>) -> Option<String> {
    let mut foreign = group.clone();
    foreign.summaries.retain(|summary| summary.target != "log-server");
    best_peer(&foreign)
}

fn thriftiest_peer(group: &Group<'_>) -> Option<String> {
    extreme_peer(group, Figure::CpuSPerMillion, |one, best| one < best)
}

fn quickest_peer(group: &Group<'_>) -> Option<String> {
    extreme_peer(group, Figure::P99Us, |one, best| one < best)
}

/// The broker other than ours whose median comes before all others'. What is no broker is a limit, not a peer.
fn extreme_peer(group: &Group<'_>, figure: Figure, comes_before: fn(f64, f64) -> bool) -> Option<String> {
    let peers = group.summaries.iter().filter(|summary| summary.target != BASE && !is_limit(summary.target));
    let medians = peers.filter_map(|summary| Some((summary.target, summary.estimate(figure)?.median)));
    let first = medians.reduce(|best, one| if comes_before(one.1, best.1) { one } else { best });
    first.map(|(target, _)| target.to_owned())
}

fn overhead(backlog: Option<&Group<'_>>) -> Goal {
    let goal = format!("at most {OVERHEAD_BYTES} B for each waiting message beside its body");
    let figure = base_figure(backlog, Figure::WaitingBytes).map(|bytes| bytes - BACKLOG_BODY_BYTES as f64);
    at_most(&goal, figure, OVERHEAD_BYTES)
}

fn connection(idle: Option<&Group<'_>>) -> Goal {
    let goal = format!("at most {CONNECTION_BYTES} B for each idle connection");
    at_most(&goal, base_figure(idle, Figure::ConnectionBytes), CONNECTION_BYTES)
}

fn at_most(goal: &str, bytes: Option<f64>, most: f64) -> Goal {
    match bytes {
        Some(bytes) => Goal { goal: goal.to_owned(), found: format!("{bytes:.1} B"), holds: Some(bytes <= most) },
        None => unknown(goal),
    }
}

/// Whether the memory of a backlog is back after it was drained.
fn returned(backlog: Option<&Group<'_>>) -> Goal {
    let goal = format!("{:.0} % of a backlog's memory returned after the drain", 100.0 * RETURNED);
    let share = backlog.and_then(|group| {
        let messages: f64 = group.id.strip_prefix("backlog/")?.split('x').next()?.parse().ok()?;
        let base = |figure| base_figure(backlog, figure);
        let taken = messages * base(Figure::WaitingBytes)?;
        Some((base(Figure::PeakBytes)? - base(Figure::AfterBytes)?) / taken)
    });
    match share {
        Some(share) => Goal { goal, found: format!("{:.0} %", 100.0 * share), holds: Some(share >= RETURNED) },
        None => unknown(&goal),
    }
}

fn base_figure(group: Option<&Group<'_>>, figure: Figure) -> Option<f64> {
    Some(group?.base()?.estimate(figure)?.median)
}

fn verdicts(groups: &[Group<'_>]) -> Goal {
    let goal = "every run of the broker valid".to_owned();
    let measured: Vec<(&str, &Summary<'_>)> =
        groups.iter().filter_map(|group| Some((group.id, group.base()?))).collect();
    let wrong = measured.iter().find(|(_, summary)| !summary.is_valid());
    match (measured.len(), wrong) {
        (0, _) => unknown(&goal),
        (_, Some((id, summary))) => Goal { goal, found: format!("{id}: {}", summary.findings()), holds: Some(false) },
        (workloads, None) => Goal { goal, found: format!("under {workloads} workloads"), holds: Some(true) },
    }
}

/// A ratio to about three digits.
fn short(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::run;
    use crate::suite::by_workload;
    use crate::system::SystemMeasurement;

    fn judged(runs: &[SystemMeasurement], words: &str) -> Goal {
        let goals = judge(&by_workload(runs));
        goals.into_iter().find(|goal| goal.goal.contains(words)).expect("such a goal")
    }

    #[test]
    fn ratios_decide_and_the_best_of_the_others_is_no_limit() {
        let rates = [("broker", 2_000.0), ("relay", 3_900.0), ("call", 9_000.0), (USUAL, 90.0), ("nats-memory", 800.0)];
        let mut runs: Vec<_> = rates.iter().map(|(target, rate)| run(target, 0, *rate)).collect();
        assert_eq!(judged(&runs, "20 times").holds, Some(true));
        let best = judged(&runs, "3 times the best of");
        assert_eq!((best.found.as_str(), best.holds), ("2.50 times that of nats-memory [2.50, 2.50]", Some(false)));
        runs.push(run("log-server", 0, 1_000.0));
        assert_eq!(judged(&runs, "3 times the best of").found, "2.00 times that of log-server [2.00, 2.00]");
        assert_eq!(judged(&runs, "that others make").found, best.found);
        assert_eq!(judged(&runs, "half of the relay's").holds, Some(true));
        // All use the same processor time: neither a tenth nor less.
        assert_eq!((judged(&runs, "a tenth").holds, judged(&runs, "time below").holds), (Some(false), Some(false)));
        assert_eq!(judged(&runs, "p99 at half").holds, None);
    }

    #[test]
    fn the_largest_backlog_decides_on_memory() {
        let backlog = |id: &str, waiting_bytes: f64, after_bytes: u64| SystemMeasurement {
            workload_id: id.into(),
            waiting_bytes: Some(waiting_bytes),
            rss_bytes: Some(1_000_000),
            after_bytes: Some(after_bytes),
            ..run("broker", 0, 1.0)
        };
        let runs = [backlog("backlog/10x100B", 900.0, 1), backlog("backlog/5000x100B", 160.0, 260_000)];
        assert_eq!((judged(&runs, "waiting").found.as_str(), judged(&runs, "waiting").holds), ("60.0 B", Some(true)));
        // 740,000 of 800,000 bytes are back.
        assert_eq!((judged(&runs, "returned").found.as_str(), judged(&runs, "returned").holds), ("92 %", Some(true)));
    }

    #[test]
    fn a_run_that_lost_something_is_told() {
        let mut runs = [run("broker", 0, 1.0)];
        assert_eq!(judged(&runs, "valid").holds, Some(true));
        runs[0].verdict = crate::measurement::Verdict::Violated;
        runs[0].findings.lost = 2;
        assert_eq!(judged(&runs, "valid").found, "closed/16B/1x1: 2 lost");
    }
}
