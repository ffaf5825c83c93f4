//! Every scenario of the catalogue can be played on every architecture and in every variant, and what small ones claim
//! holds for one seed. `handoff run --all --seeds 20` judges all of them over more.

use std::collections::BTreeMap;

use handoff_scenarios::claim::{self, Judgement, Outcomes, Subject};
use handoff_scenarios::{Architecture, Outcome, Scenario, scenario};
use handoff_sim::play;

const SEED: u64 = 1;
/// Scenarios with no more jobs than this in all runs together are played in full.
const SMALL: f64 = 2_500.0;
/// Of the others, so many seconds are played, as long as nothing breaks in them.
const SHORT_S: f64 = 0.25;

fn outcome(scenario: &Scenario, subject: &Subject) -> Outcome {
    let scenario = scenario.for_subject(subject).expect("one of the scenario's own");
    let played = play::play(&scenario, subject.architecture, SEED);
    Outcome::of(&played.unwrap_or_else(|error| panic!("{}, {subject}: {error}", scenario.name)).journal)
}

fn subjects(scenario: &Scenario) -> Vec<Subject> {
    scenario.subjects(&Architecture::ALL)
}

fn is_small(scenario: &Scenario) -> bool {
    scenario.load.expected_jobs() * subjects(scenario).len() as f64 <= SMALL
}

#[test]
fn what_small_scenarios_claim_holds() {
    let small: Vec<Scenario> = scenario::catalog().expect("a right catalogue").into_iter().filter(is_small).collect();
    assert!(small.len() >= 3, "too few are played in full");
    for scenario in small {
        let outcomes: Outcomes =
            subjects(&scenario).into_iter().map(|subject| (subject.clone(), outcome(&scenario, &subject))).collect();
        for claim in &scenario.claims {
            let verdict = claim::judge(claim, &[(SEED, outcomes.clone())]);
            assert_eq!(verdict.judgement, Judgement::Holds, "{}: {}", verdict.claim, verdict.message);
        }
    }
}

#[test]
fn the_beginning_of_every_scenario_is_played_on_every_architecture_and_in_every_variant() {
    let catalogue = scenario::catalog().expect("a right catalogue");
    let mut played = BTreeMap::<String, usize>::new();
    for mut scenario in catalogue.into_iter().filter(|scenario| !is_small(scenario)) {
        scenario.load.duration_s = SHORT_S;
        scenario.load.phases.clear();
        scenario.drain_limit_s = 5.0;
        for subject in subjects(&scenario) {
            let found = outcome(&scenario, &subject);
            assert!(found.arrived > 0 && found.lost == 0, "{}, {subject}: {found:?}", scenario.name);
            *played.entry(scenario.name.clone()).or_default() += 1;
        }
    }
    assert!(played.values().all(|subjects| *subjects >= 3), "{played:?}");
}
