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
    fn every_candidate_has_a_name_of_its_own_and_ours_come_first() {
        let candidates = candidates();
        let names: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
        assert_eq!(names.len(), candidates.len());
        assert_eq!(candidates[0].name, BASE);
        let lines = ADDRESSES.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        assert_eq!(candidates.iter().filter(|candidate| !candidate.is_own).count(), lines.count());
    }
}
