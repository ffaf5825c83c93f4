//! Making a failing plan small: faults are left out or come earlier, numbers get lower, as long as it fails in the same
//! way.

use super::plan::{KeptFaults, Plan};
use super::play::{Played, play};
use super::report::Failure;
use super::world::World;

/// No plan is played more often than this to be shrunk.
const MOST_RUNS: u32 = 500;
/// By less than this no fault is moved.
const SHORTEST_STEP_US: u64 = 200;

/// The smallest plan found that fails as `plan` did when it was `played`, and how many were played for it.
pub(super) fn shrink(plan: Plan, played: Played, furnish: &impl Fn(&mut World)) -> (Plan, u32) {
    let (mut plan, mut played, mut runs) = (plan, played, 0);
    'smaller: loop {
        for candidate in candidates(&plan, &played) {
            if runs == MOST_RUNS {
                break 'smaller;
            }
            runs += 1;
            let Ok(smaller) = play(&candidate, furnish, false) else { continue };
            let is_same = |(one, other): (_, &Failure)| other.is_like(one);
            if smaller.failure.as_ref().zip(played.failure.as_ref()).is_some_and(is_same) {
                (plan, played) = (candidate, smaller);
                continue 'smaller;
            }
        }
        break;
    }
    (plan, runs)
}

/// Plans that are a little smaller, the boldest first.
fn candidates(plan: &Plan, played: &Played) -> Vec<Plan> {
    let mut candidates = fewer_faults(plan, played);
    candidates.extend(lower_numbers(plan, played));
    candidates.extend(earlier_faults(plan, played));
    candidates
}

fn fewer_faults(plan: &Plan, played: &Played) -> Vec<Plan> {
    let kept = kept_faults(plan, played);
    let mut fewer = Vec::new();
    if kept.len() > 1 {
        fewer.push(KeptFaults::new());
    }
    for place in kept.keys() {
        let mut rest = kept.clone();
        rest.remove(place);
        fewer.push(rest);
    }
    fewer.into_iter().map(|faults| Plan { faults: Some(faults), ..plan.clone() }).collect()
}

fn lower_numbers(plan: &Plan, played: &Played) -> Vec<Plan> {
    let mut candidates = Vec::new();
    for (name, (range, value)) in &played.numbers {
        let (lowest, value) = (*range.start(), *value);
        let lower = [lowest, lowest + (value - lowest) / 2, value.saturating_sub(1)];
        for lower in lower.into_iter().filter(|lower| (lowest..value).contains(lower)) {
            let mut smaller = plan.clone();
            smaller.numbers.insert(name.clone(), lower);
            candidates.push(smaller);
        }
    }
    candidates
}

/// With less work to do, a fault has to come earlier to matter.
fn earlier_faults(plan: &Plan, played: &Played) -> Vec<Plan> {
    let kept = kept_faults(plan, played);
    let mut candidates = Vec::new();
    for (place, at) in &played.faults {
        let at_us = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        for earlier_us in [2, 4, 8, 16, 32].map(|parts| at_us - at_us / parts) {
            if earlier_us + SHORTEST_STEP_US <= at_us {
                let mut faults = kept.clone();
                faults.insert(*place, Some(earlier_us));
                candidates.push(Plan { faults: Some(faults), ..plan.clone() });
            }
        }
    }
    candidates
}

/// The faults that strike, and when, if not as they were drawn.
fn kept_faults(plan: &Plan, played: &Played) -> KeptFaults {
    let at_us = |place: &usize| plan.faults.as_ref().and_then(|kept| kept.get(place).copied().flatten());
    played.faults.iter().map(|(place, _)| (*place, at_us(place))).collect()
}
