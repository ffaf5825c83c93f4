//! Delays, and who may be named at the ends of a link.

use super::{Checked, MAX_SECONDS, distribution, ensure, quoted};
use crate::architecture::worker;
use crate::scenario::{Link, Scenario};

/// Who may stand at the end of a link besides single workers.
const ENDS: [&str; 4] = ["callers", "front", "broker", "workers"];

pub(super) fn network(scenario: &Scenario) -> Checked {
    const LIMIT_US: f64 = MAX_SECONDS * 1e6;
    distribution("network", "us", scenario.network.delay_us(), LIMIT_US)?;
    for (index, link) in scenario.network.links.iter().enumerate() {
        let section = format!("network.link[{index}]");
        distribution(&section, "us", link.delay_us(), LIMIT_US)?;
        ends(&section, link, scenario.work.workers)?;
    }
    Ok(())
}

fn ends(section: &str, link: &Link, workers: u32) -> Checked {
    let is_known =
        |end: &str| ENDS.contains(&end) || worker::number(end).is_some_and(|number| (1..=workers).contains(&number));
    let [one, other] = &link.between;
    let key = format!("{section}.between");
    for end in [one, other] {
        let expected = format_args!("callers, front, broker, workers or worker-1 to worker-{workers}");
        ensure(is_known(end), &key, expected, quoted(end))?;
    }
    ensure(one != other, &key, "two different nodes", quoted(one))
}
