//! What is played: a seed, and what of its world is left out or made smaller.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A seed, and how its world is made smaller. Its text is what `HANDOFF_SEED` takes: `17` is the world of seed 17 as it
/// was drawn, `17:orders=1:faults=0,3@4500` the same with the number `orders` set to 1 and only two of its faults, the
/// second at 4,500 us instead of when it was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Numbers that are not as they were drawn.
    pub(super) numbers: BTreeMap<String, u64>,
    /// The faults that are kept, by their place in the order in which they were drawn, and when they strike if not as
    /// they were drawn, in microseconds; `None`: all.
    pub(super) faults: Option<KeptFaults>,
}

pub(super) type KeptFaults = BTreeMap<usize, Option<u64>>;

/// A text that is no plan. Says what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "expected a seed such as 17, or one with parts such as 17:orders=1:faults=0,3@4500 or 17:faults=none, found '{0}'"
)]
pub struct PlanError(String);

/// The key of the faults among the parts of a plan. No number is called so.
pub(super) const FAULTS: &str = "faults";
const NONE: &str = "none";

impl Plan {
    /// The world of `seed` as it is drawn.
    pub fn of(seed: u64) -> Self {
        Plan { seed, ..Plan::default() }
    }

    /// Whether anything is left out or made smaller.
    pub(super) fn is_whole(&self) -> bool {
        self.numbers.is_empty() && self.faults.is_none()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.seed)?;
        for (name, value) in &self.numbers {
            write!(formatter, ":{name}={value}")?;
        }
        let Some(faults) = &self.faults else { return Ok(()) };
        let show = |(place, at_us): (&usize, &Option<u64>)| match at_us {
            Some(at_us) => format!("{place}@{at_us}"),
            None => place.to_string(),
        };
        let kept: Vec<String> = faults.iter().map(show).collect();
        write!(formatter, ":{FAULTS}={}", if kept.is_empty() { NONE.into() } else { kept.join(",") })
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        parse(text).ok_or_else(|| PlanError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Plan> {
    let mut parts = text.split(':');
    let mut plan = Plan::of(parts.next()?.parse().ok()?);
    for part in parts {
        match part.split_once('=')? {
            (FAULTS, NONE) => plan.faults = Some(KeptFaults::new()),
            (FAULTS, kept) => plan.faults = Some(kept.split(',').map(parse_fault).collect::<Option<_>>()?),
            (name, value) => drop(plan.numbers.insert(name.to_owned(), value.parse().ok()?)),
        }
    }
    Some(plan)
}

fn parse_fault(text: &str) -> Option<(usize, Option<u64>)> {
    match text.split_once('@') {
        Some((place, at_us)) => Some((place.parse().ok()?, Some(at_us.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_written() {
        for text in ["0", "17", "17:orders=1", "17:orders=1:faults=0,3@45", "18446744073709551615:faults=none"] {
            assert_eq!(text.parse::<Plan>().map(|plan| plan.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_plan_is_named() {
        for text in
            ["", "x", "-1", "17:", "17:orders", "17:orders=few", "17:faults=", "17:faults=1,", "17:faults=1@", "17 "]
        {
            assert_eq!(text.parse::<Plan>(), Err(PlanError(text.to_owned())));
        }
    }
}
