//! What breaks in a scenario, in the report's words.

use handoff_reports::model;
use handoff_scenarios::Scenario;
use handoff_scenarios::scenario::Fault;

/// The scenario's faults, in order of time.
pub fn faults(scenario: &Scenario) -> Vec<model::Fault> {
    let mut faults: Vec<model::Fault> = scenario.faults.iter().map(described).collect();
    faults.sort_by(|left, right| left.from_s.total_cmp(&right.from_s));
    faults
}

fn described(fault: &Fault) -> model::Fault {
    let (kind, target, what) = match fault {
        Fault::Crash { node, .. } => ("crash", node.clone(), format!("{} crashes", spoken(node))),
        Fault::Silence { node, .. } => ("silence", node.clone(), format!("{} falls silent", spoken(node))),
        Fault::Pause { node, .. } => ("pause", node.clone(), format!("{} stands still", spoken(node))),
        Fault::Deploy { node, .. } => ("deploy", node.clone(), format!("{} is deployed anew", spoken(node))),
        Fault::Slow { node, factor, .. } => ("slow", node.clone(), format!("{}: {factor} times as slow", spoken(node))),
        Fault::Replay { since_s, .. } => {
            ("replay", "broker".to_owned(), format!("everything since {since_s} s is to be done again"))
        }
        Fault::Poison { job: Some(job), .. } => ("poison", "jobs".to_owned(), format!("job {job} fails each time")),
        Fault::Poison { every, .. } => {
            ("poison", "jobs".to_owned(), format!("one job in {} fails each time", every.unwrap_or_default()))
        }
    };
    let (from_s, until_s) = fault.window_s().unwrap_or((0.0, None));
    model::Fault { kind: kind.to_owned(), target, what, from_s, until_s }
}

/// A fault with its time, as one says it.
pub fn sentence(fault: &model::Fault) -> String {
    match (fault.kind.as_str(), fault.until_s) {
        ("poison", _) => fault.what.clone(),
        ("replay", _) => format!("at {} s {}", fault.from_s, fault.what),
        (_, Some(until_s)) => format!("{}, from {} to {until_s} s", fault.what, fault.from_s),
        (_, None) => format!("{}, from {} s on", fault.what, fault.from_s),
    }
}

/// A node's name as one says it.
fn spoken(node: &str) -> String {
    match node {
        "broker" => "broker or log".to_owned(),
        "workers" => "all workers".to_owned(),
        node => node.replace('-', " "),
    }
}
