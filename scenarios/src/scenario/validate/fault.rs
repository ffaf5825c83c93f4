//! Faults must hit something that exists and runs.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Checked, MAX_SECONDS, above_zero, ensure, given, not_negative, quoted, within};
use crate::architecture::worker;
use crate::scenario::{Fault, Scenario};

/// Which nodes a fault may name besides workers.
const BROKER: &str = "broker";
const ALL_WORKERS: &str = "workers";

pub(super) fn faults(scenario: &Scenario) -> Checked {
    let mut busy = BusyTimes::default();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let key = |name: &str| format!("fault[{index}].{name}");
        let at = |at_s: f64| not_negative(key("at_s"), at_s, scenario.load.duration_s);
        let node = |node: &str, others: &str| node_name(key("node"), node, scenario.work.workers, others);
        match fault {
            Fault::Crash { node: name, at_s, restart_after_s } => {
                node(name, BROKER)?;
                at(*at_s)?;
                given(*restart_after_s, |after_s| above_zero(key("restart_after_s"), after_s, MAX_SECONDS))?;
                busy.take(key("at_s"), name, *at_s, *restart_after_s)?;
            }
            Fault::Silence { node: name, at_s, restart_after_s } => {
                node(name, "")?;
                at(*at_s)?;
                given(*restart_after_s, |after_s| above_zero(key("restart_after_s"), after_s, MAX_SECONDS))?;
                busy.take(key("at_s"), name, *at_s, *restart_after_s)?;
            }
            Fault::Deploy { node: name, at_s, restart_after_s } => {
                node(name, "")?;
                at(*at_s)?;
                above_zero(key("restart_after_s"), *restart_after_s, MAX_SECONDS)?;
                busy.take(key("at_s"), name, *at_s, Some(*restart_after_s))?;
            }
            Fault::Pause { node: name, at_s, duration_s } => {
                node(name, "")?;
                at(*at_s)?;
                above_zero(key("duration_s"), *duration_s, MAX_SECONDS)?;
                busy.take(key("at_s"), name, *at_s, Some(*duration_s))?;
            }
            Fault::Slow { node: name, at_s, duration_s, factor } => {
                node(name, ALL_WORKERS)?;
                at(*at_s)?;
                above_zero(key("duration_s"), *duration_s, MAX_SECONDS)?;
                above_zero(key("factor"), *factor, 1e6)?;
            }
            Fault::Replay { at_s, since_s } => {
                at(*at_s)?;
                not_negative(key("since_s"), *since_s, *at_s)?;
            }
            Fault::Poison { job, every } => {
                let one = job.is_some() != every.is_some();
                let got = if job.is_some() { "both" } else { "neither" };
                ensure(one, format_args!("fault[{index}]"), "one of job and every", got)?;
                given(*every, |every| within(key("every"), every, 1..=u64::MAX))?;
            }
        }
    }
    Ok(())
}

/// When each node is down, stopping or standing still.
#[derive(Default)]
struct BusyTimes<'a>(BTreeMap<&'a str, Vec<(f64, f64)>>);

impl<'a> BusyTimes<'a> {
    fn take(&mut self, key: impl Display, node: &'a str, at_s: f64, duration_s: Option<f64>) -> Checked {
        let until_s = duration_s.map_or(f64::INFINITY, |duration_s| at_s + duration_s);
        let times = self.0.entry(node).or_default();
        let overlaps = times.iter().any(|(from, until)| at_s <= *until && *from <= until_s);
        ensure(!overlaps, key, format_args!("a time at which {node} runs"), at_s)?;
        times.push((at_s, until_s));
        Ok(())
    }
}

/// A worker's name, or `other`, unless that is empty.
fn node_name(key: impl Display, node: &str, workers: u32, other: &str) -> Checked {
    let known = worker::number(node).is_some_and(|number| number <= workers) || !other.is_empty() && node == other;
    let or_other = if other.is_empty() { String::new() } else { format!(" or {other}") };
    ensure(known, key, format_args!("worker-1 to worker-{workers}{or_other}"), quoted(node))
}
