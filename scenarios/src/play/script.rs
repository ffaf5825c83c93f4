//! The scenario's faults as a script: what to do to which worker, in order of time.

use std::time::Duration;

use crate::architecture::worker;
use crate::scenario::Fault;

/// Something that is done to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Its node is crashed.
    Crash(u32),
    /// Its node is started again.
    Restart(u32),
}

/// What to do when, counted from the start of the load. Faults of jobs are not here: the jobs themselves have them.
pub(super) fn script(faults: &[Fault]) -> Vec<(Duration, Action)> {
    let mut script = Vec::new();
    for fault in faults {
        let Fault::Crash { node, at_s, restart_after_s } = fault else {
            continue;
        };
        let Some(worker) = worker::number(node) else {
            continue;
        };
        let crash = Duration::from_secs_f64(*at_s);
        script.push((crash, Action::Crash(worker)));
        if let Some(restart_after_s) = restart_after_s {
            script.push((crash + Duration::from_secs_f64(*restart_after_s), Action::Restart(worker)));
        }
    }
    script.sort_by_key(|(offset, _)| *offset);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crashes_and_restarts_come_in_order_of_time() {
        let crash = |node: &str, at_s, restart_after_s| Fault::Crash { node: node.to_owned(), at_s, restart_after_s };
        let faults = [
            crash("worker-2", 5.0, Some(3.0)),
            Fault::Poison { job: Some(1), every: None },
            crash("worker-1", 6.0, None),
        ];
        let expected = [
            (Duration::from_secs(5), Action::Crash(2)),
            (Duration::from_secs(6), Action::Crash(1)),
            (Duration::from_secs(8), Action::Restart(2)),
        ];
        assert_eq!(script(&faults), expected);
    }
}
