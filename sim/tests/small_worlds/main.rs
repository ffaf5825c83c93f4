//! Small worlds in full: two producers, two consumers, three messages, a crash; every interleaving of what they do.
//!
//! After every step a naive queue says whether what the broker did was allowed and complete, and the broker audits
//! itself. `cargo test -p handoff-sim --test small_worlds -- --nocapture` prints what was visited; with `--release` and
//! `--ignored` it visits larger worlds.

mod clients;
mod explore;
mod oracle;

use clients::World;
use explore::{Search, Visited, Wrong};
use handoff_sim::defect::Defect;

/// A world in which one client crashes.
const fn world(prefetch: [u16; 2], refusals: u32) -> World {
    World { prefetch, crashes: 1, refusals }
}

fn visit(world: World) -> Visited {
    let visited = Search::new(world).run().unwrap_or_else(|wrong| panic!("{world:?}: {wrong:#?}"));
    let Visited { interleavings, states, steps, longest } = visited;
    println!(
        "{world:?}: {interleavings} interleavings of up to {longest} steps, {states} states, {steps} steps judged"
    );
    visited
}

#[test]
fn every_interleaving_with_prefetch_1() {
    assert_eq!(visit(world([1, 1], 0)).interleavings, 98_398);
}

#[test]
fn every_interleaving_with_prefetch_2() {
    assert_eq!(visit(world([2, 2], 0)).interleavings, 206_526);
}

#[test]
#[ignore = "minutes without --release"]
fn every_interleaving_with_a_refusal() {
    for (prefetch, interleavings) in [([1, 1], 1_370_520), ([2, 2], 3_424_410), ([1, 2], 2_638_761)] {
        assert_eq!(visit(world(prefetch, 1)).interleavings, interleavings);
    }
}

#[test]
fn merging_states_loses_no_interleaving() {
    let quiet = World { prefetch: [2, 1], crashes: 0, refusals: 1 };
    let (merged, unmerged) = (Search::new(quiet).run(), Search::new(quiet).unmerged().run());
    let count = |visited: Result<Visited, Wrong>| visited.map(|visited| visited.interleavings);
    assert_eq!(count(merged), count(unmerged));
}

/// Enough to reach the rarest of the defects, which show at every seventh delivery.
const MOST_STEPS: u64 = 5_000;

/// What is wrong with a broken broker, in the smallest world that shows it.
fn catch(defect: Defect) -> Option<Wrong> {
    let worlds = [(1, 0), (1, 2), (4, 2)].map(|(crashes, refusals)| World { prefetch: [2, 2], crashes, refusals });
    worlds.into_iter().find_map(|world| Search::new(world).with_defect(defect, MOST_STEPS).run().err())
}

/// Queues here have no length limit, no priorities, no times to live and no single active consumer.
const OUT_OF_REACH: [Defect; 5] = [
    Defect::IgnoresLength,
    Defect::IgnoresPriority,
    Defect::ExpiresEarly,
    Defect::NeverExpires,
    Defect::ServesStandbys,
];

#[test]
fn broken_brokers_are_caught() {
    for defect in Defect::ALL.iter().filter(|defect| !OUT_OF_REACH.contains(defect)) {
        let Wrong { steps, what } = catch(*defect).unwrap_or_else(|| panic!("{defect} is not caught"));
        println!("{defect}: {what} after {steps:?}");
    }
}
