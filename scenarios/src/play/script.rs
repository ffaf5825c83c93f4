//! The scenario's faults as a script: what to do to whom, in order of time.

use std::time::Duration;

use crate::architecture::worker;
use crate::scenario::Fault;

/// Something that is done to a worker, to all of them, or to what stands between them and the front end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// The worker's node is crashed.
    Crash(u32),
    /// The worker's node dies, and nobody is told.
    Silence(u32),
    /// The worker's node is started again.
    Restart(u32),
    /// The worker is asked to stop.
    Stop(u32),
    /// The worker that was asked to stop is started again.
    Redeploy(u32),
    /// The worker stands still.
    Pause(u32),
    /// The worker goes on.
    Resume(u32),
    /// Work takes a worker, or with `None` each of them, so many times as long.
    SetSlowness(Option<u32>, f64),
    /// What stands in between is crashed.
    CrashBroker,
    /// It is started again.
    RestartBroker,
    /// What was handed over since, counted from the start of the load, is to be worked on again.
    Replay(Duration),
}

/// What to do when, counted from the start of the load. Faults of jobs are not here: the jobs themselves have them.
pub(super) fn script(faults: &[Fault]) -> Vec<(Duration, Action)> {
    let mut script: Vec<_> = faults.iter().flat_map(actions).collect();
    script.sort_by_key(|(offset, _)| *offset);
    script
}

fn actions(fault: &Fault) -> Vec<(Duration, Action)> {
    let seconds = Duration::from_secs_f64;
    let then = |at_s: &f64, after_s: Option<f64>, first: Action, second: Action| {
        let at = seconds(*at_s);
        let later = after_s.map(|after_s| (at + seconds(after_s), second));
        std::iter::once((at, first)).chain(later).collect()
    };
    match fault {
        Fault::Crash { node, at_s, restart_after_s } => match worker::number(node) {
            Some(worker) => then(at_s, *restart_after_s, Action::Crash(worker), Action::Restart(worker)),
            None => then(at_s, *restart_after_s, Action::CrashBroker, Action::RestartBroker),
        },
        Fault::Slow { node, at_s, duration_s, factor } => {
            let worker = worker::number(node);
            let slow = |factor| Action::SetSlowness(worker, factor);
            then(at_s, Some(*duration_s), slow(*factor), slow(1.0))
        }
        Fault::Replay { at_s, since_s } => vec![(seconds(*at_s), Action::Replay(seconds(*since_s)))],
        Fault::Poison { .. } => Vec::new(),
        Fault::Silence { node, at_s, restart_after_s } => worker::number(node).map_or_else(Vec::new, |worker| {
            then(at_s, *restart_after_s, Action::Silence(worker), Action::Restart(worker))
        }),
        Fault::Pause { node, at_s, duration_s } => worker::number(node).map_or_else(Vec::new, |worker| {
            then(at_s, Some(*duration_s), Action::Pause(worker), Action::Resume(worker))
        }),
        Fault::Deploy { node, at_s, restart_after_s } => worker::number(node).map_or_else(Vec::new, |worker| {
            then(at_s, Some(*restart_after_s), Action::Stop(worker), Action::Redeploy(worker))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_comes_in_order_of_time() {
        let crash = |node: &str, at_s, restart_after_s| Fault::Crash { node: node.to_owned(), at_s, restart_after_s };
        let slow = |node: &str| Fault::Slow { node: node.to_owned(), at_s: 7.0, duration_s: 5.0, factor: 3.0 };
        let faults = [
            crash("worker-2", 5.0, Some(3.0)),
            Fault::Poison { job: Some(1), every: None },
            crash("worker-1", 6.0, None),
            crash("broker", 9.0, Some(1.0)),
            slow("workers"),
        ];
        let expected = [
            (5, Action::Crash(2)),
            (6, Action::Crash(1)),
            (7, Action::SetSlowness(None, 3.0)),
            (8, Action::Restart(2)),
            (9, Action::CrashBroker),
            (10, Action::RestartBroker),
            (12, Action::SetSlowness(None, 1.0)),
        ];
        assert_eq!(script(&faults), expected.map(|(second, action)| (Duration::from_secs(second), action)));
    }
}
