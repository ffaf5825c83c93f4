//! What is compared: ours, and what bench/targets starts.

use crate::system::{SystemName, SystemNameError};

/// What everybody else is measured against.
pub const BASE: &str = "broker";
/// The names of ours, in the order of every table.
const OURS: [&str; 4] = [BASE, "relay", "log-server", "call"];
/// A name and a URL on each line.
const ADDRESSES: &str = include_str!("../../targets/addresses");

/// A target that may be up.
#[derive(Debug)]
pub struct Candidate {
    /// What tables and documents call it.
    pub name: String,
    /// What it is; an error if this build cannot drive it.
    pub system: Result<SystemName, SystemNameError>,
    /// Whether it is started by whoever measures.
    pub is_own: bool,
}

/// All that may be compared.
pub fn candidates() -> Vec<Candidate> {
    let ours = OURS.iter().map(|name| candidate(name, name, true)).filter(|own| own.system.is_ok());
    let others = ADDRESSES.lines().filter_map(|line| line.split_once(' '));
    ours.chain(others.map(|(name, url)| candidate(name, url.trim(), false))).collect()
}

fn candidate(name: &str, system: &str, is_own: bool) -> Candidate {
    Candidate { name: name.to_owned(), system: system.parse(), is_own }
}

/// Only these systems, and the broker that they are measured against. Those that are no candidates are called by their
/// URLs.
pub fn chosen(systems: &[SystemName]) -> Vec<Candidate> {
    let is_meant = |candidate: &Candidate, system: &SystemName| candidate.system.as_ref() == Ok(system);
    let known = candidates().into_iter();
    let mut chosen: Vec<Candidate> =
        known.filter(|one| one.name == BASE || systems.iter().any(|system| is_meant(one, system))).collect();
    for system in systems {
        if !chosen.iter().any(|one| is_meant(one, system)) {
            chosen.push(Candidate { name: system.to_string(), system: Ok(system.clone()), is_own: false });
        }
    }
    chosen
}

/// The system of a candidate with this name; `None` if there is none of this name.
pub fn system_named(name: &str) -> Option<Result<SystemName, SystemNameError>> {
    candidates().into_iter().find(|candidate| candidate.name == name).map(|candidate| candidate.system)
}

/// Whether nothing stands between producer and consumer that could be called a broker: what shows the limit of the
/// machine, and no competitor.
pub fn is_limit(target: &str) -> bool {
    matches!(target, "relay" | "call")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn who_is_chosen_is_measured_against_the_broker() {
        let system = |text: &str| text.parse::<SystemName>().expect("a system");
        let names = |systems: &[SystemName]| chosen(systems).into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(&[system("relay")]), ["broker", "relay"]);
        let classic = system_named("rabbitmq-classic").expect("it is a candidate").expect("it is in every build");
        let elsewhere = system("amqp://me:secret@10.0.0.1");
        assert_eq!(names(&[elsewhere, classic]), ["broker", "rabbitmq-classic", "amqp://10.0.0.1"]);
        assert!(system_named("pigeon").is_none());
    }

    #[test]
    fn every_candidate_has_a_name_of_its_own_and_ours_come_first() {
        let candidates = candidates();
        let names: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
        assert_eq!(names.len(), candidates.len());
        assert_eq!(candidates[0].name, BASE);
        let lines = ADDRESSES.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        assert_eq!(candidates.iter().filter(|candidate| !candidate.is_own).count(), lines.count());
    }
}
