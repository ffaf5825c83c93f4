//! What rules an architecture out whatever its figures are: needs that it cannot meet by its nature.

use handoff_scenarios::Architecture;
use handoff_scenarios::Architecture::{Log, Queue, Sync};

use super::workload::{Needed, Workload};

/// From so many subscribers on, copying every message into a queue for each is no longer a small thing.
const MANY_SUBSCRIBERS: u32 = 5;

/// If a workload needs something, these architectures are out, because.
struct Rule {
    applies: fn(&Workload) -> bool,
    out: &'static [Architecture],
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        applies: |workload| workload.result == Needed::Now,
        out: &[Queue, Log],
        because: "the caller needs the outcome in its response, and would get 'accepted'; an answer over a second queue \
                  is a call again, with more parts",
    },
    Rule {
        applies: |workload| workload.replay.is_some(),
        out: &[Sync],
        because: "everything must be readable again, and a call leaves nothing behind",
    },
    Rule {
        applies: |workload| workload.replay.is_some(),
        out: &[Queue],
        because: "everything must be readable again, and a queue forgets a message once it is acknowledged",
    },
    Rule {
        applies: |workload| workload.subscribers > 1,
        out: &[Sync],
        because: "there are several independent readers, and a call would wait for the slowest of them and fail with \
                  any",
    },
    Rule {
        applies: |workload| workload.subscribers >= MANY_SUBSCRIBERS,
        out: &[Queue],
        because: "there are many independent readers, and each needs a queue of its own with a copy of every message; \
                  in a log a reader more is an offset more",
    },
];

/// Why `architecture` is out; empty if it is not.
pub(super) fn ruled_out(workload: &Workload, architecture: Architecture) -> Vec<String> {
    let applies = |rule: &&Rule| (rule.applies)(workload) && rule.out.contains(&architecture);
    RULES.iter().filter(applies).map(|rule| rule.because.to_owned()).collect()
}

/// What whoever chooses this architecture has to run and to watch.
pub(super) fn to_operate(architecture: Architecture) -> &'static str {
    match architecture {
        Sync => "nothing in between; a load balancer, and timeouts and retries in every caller",
        Queue => "a broker and its memory; a dead letter queue that somebody reads",
        Log => "a log and its disks; partitions, offsets and retention; dead letters by hand",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::workload::Traffic;
    use super::*;

    fn out(change: impl FnOnce(&mut Workload)) -> Vec<Architecture> {
        let work = Duration::from_millis(10);
        let mut workload = Workload::new(Traffic::Steady { rate_per_s: 10.0, work, work_p99: None }, 4);
        change(&mut workload);
        Architecture::ALL.into_iter().filter(|architecture| !ruled_out(&workload, *architecture).is_empty()).collect()
    }

    #[test]
    fn each_need_rules_out_who_cannot_meet_it() {
        assert_eq!(out(|_| {}), []);
        assert_eq!(out(|workload| workload.result = Needed::Now), [Queue, Log]);
        assert_eq!(out(|workload| workload.replay = Some(Duration::from_secs(1))), [Sync, Queue]);
        assert_eq!(out(|workload| workload.subscribers = 2), [Sync]);
        assert_eq!(out(|workload| workload.subscribers = 20), [Sync, Queue]);
    }

    #[test]
    fn who_needs_an_answer_now_and_everything_again_later_needs_two_systems() {
        let both = |workload: &mut Workload| {
            workload.result = Needed::Now;
            workload.replay = Some(Duration::from_secs(1));
        };
        assert_eq!(out(both), Architecture::ALL);
    }
}
