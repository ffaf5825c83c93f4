//! What is run, in which order.

use std::time::Duration;

use super::Settings;
use crate::drive::{Limits, Load, Pace};
use crate::workload::Workload;

/// Producers and consumers, 16 B, as fast as it goes: after one to one, the ways in which they can be unequal.
const CROWDS: [(usize, usize); 3] = [(8, 8), (1, 8), (8, 1)];
/// The body of a backlog's messages.
pub(super) const BACKLOG_BODY_BYTES: usize = 100;
/// What the one pair beside idle connections carries, a second.
const BESIDE_IDLE_PER_S: f64 = 1_000.0;
/// How often a consumer dies under churn.
const CHURN_EVERY: Duration = Duration::from_millis(100);

/// A part of the suite.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Each target under this workload, as often as asked.
    Measure(Workload),
    /// The knee of each target: the highest rate that it keeps up with.
    Knees,
    /// All targets at half of the slowest one's knee, where each of them is at ease.
    HalfOfSlowestKnee,
}

/// The parts of the suite, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan(Vec<Step>);

impl Plan {
    /// What these settings ask for. An empty plan says that `only` fits nothing.
    pub fn of(settings: &Settings) -> Plan {
        let steps = all(settings).into_iter();
        let wanted = steps.filter(|(step, is_telling)| match settings.only.as_str() {
            "" => *is_telling || !settings.is_quick,
            // Knees come first: half of the slowest cannot be had without.
            only => step.id().starts_with(only) || (*step == Step::Knees && "open/".starts_with(only)),
        });
        Plan(wanted.map(|(step, _)| step).collect())
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The short names of all steps that there are, for whoever named none of them.
    pub fn ids(settings: &Settings) -> Vec<String> {
        all(settings).iter().map(|(step, _)| step.id()).collect()
    }
}

impl Step {
    /// Its workload's short name, or what it begins with.
    pub fn id(&self) -> String {
        match self {
            Step::Measure(workload) => workload.id(),
            Step::Knees => "knee".to_owned(),
            Step::HalfOfSlowestKnee => "open/".to_owned(),
        }
    }
}

/// Every step, and whether a quick run has it.
fn all(settings: &Settings) -> Vec<(Step, bool)> {
    let closed = |body_bytes, producers, consumers| load(settings, body_bytes, (producers, consumers), Pace::Closed);
    let beside_idle = load(settings, 16, (1, 1), Pace::Open { rate_per_s: BESIDE_IDLE_PER_S });
    let carry =
        |body_bytes, producers, consumers| Step::Measure(Workload::Carry(closed(body_bytes, producers, consumers)));
    let backlog = |messages| Step::Measure(Workload::Backlog { messages, body_bytes: BACKLOG_BODY_BYTES });
    let mut steps = vec![(carry(16, 1, 1), true), (carry(1 << 10, 1, 1), false), (carry(64 << 10, 1, 1), true)];
    steps
        .extend(CROWDS.iter().map(|&(producers, consumers)| (carry(16, producers, consumers), producers == consumers)));
    steps.extend([
        (Step::Measure(Workload::PublishOnly(closed(16, 1, 1))), false),
        (Step::Measure(Workload::DrainOnly(closed(16, 1, 1))), false),
        (Step::Knees, true),
        (Step::HalfOfSlowestKnee, true),
        (Step::Measure(Workload::Churn { load: closed(16, 4, 4), every: CHURN_EVERY }), false),
        (Step::Measure(Workload::DeadLetter { load: closed(16, 1, 1), every: 1 }), false),
        (Step::Measure(Workload::Idle { connections: 1_000, load: beside_idle }), true),
        (backlog(100_000), true),
        (backlog(5_000_000), false),
    ]);
    steps
}

/// A load with these settings.
pub(super) fn load(settings: &Settings, body_bytes: usize, (producers, consumers): (usize, usize), pace: Pace) -> Load {
    let Settings { warm_up, measured, .. } = *settings;
    Load { producers, consumers, body_bytes, pace, warm_up, measured, limits: Limits::for_bodies(body_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(settings: &Settings) -> Vec<String> {
        Plan::of(settings).steps().iter().map(Step::id).collect()
    }

    #[test]
    fn the_comparison_of_latencies_comes_after_the_search_for_knees() {
        let ids = ids(&Settings::thorough());
        let place = |wanted: &str| ids.iter().position(|id| id == wanted).expect("it is there");
        assert!(place("closed/16B/1x1") < place("knee") && place("knee") < place("open/"));
        assert!(ids.contains(&"backlog/5000000x100B".to_owned()), "{ids:?}");
    }

    #[test]
    fn a_prefix_leaves_only_what_begins_with_it_even_if_a_quick_run_has_it_not() {
        let only = |only: &str| ids(&Settings { only: only.into(), ..Settings::quick() });
        assert_eq!(only("publish"), ["publish/16B/1x1"]);
        assert_eq!(only("closed/16B/1"), ["closed/16B/1x1", "closed/16B/1x8"]);
        assert_eq!(only("open"), ["knee", "open/"]);
        assert!(only("pigeon").is_empty());
    }

    #[test]
    fn a_quick_run_is_a_part_of_a_thorough_one() {
        let (quick, all) = (ids(&Settings::quick()), ids(&Settings::thorough()));
        assert!(quick.len() < all.len() && quick.iter().all(|id| all.contains(id)), "{quick:?}");
    }
}
