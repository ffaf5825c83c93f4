//! Many seeds at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use handoff_sim::chaos::{Failure, Shard, Sweep, SweepOptions, sweep};
use handoff_sim::check::Anomaly;
use handoff_sim::defect::Defect;
use handoff_sim::fault::Profile;

fn small(seeds: u64) -> SweepOptions {
    let jobs = NonZeroUsize::new(2).expect("two is not zero");
    SweepOptions { seeds, jobs, profile: Profile::Small, ..SweepOptions::default() }
}

fn swept(options: &SweepOptions) -> Sweep {
    sweep(options, |_| {})
}

#[test]
fn a_sweep_of_the_broker_holds() {
    let sweep = swept(&small(250));
    assert!(sweep.holds(), "{sweep}");
    assert_eq!(sweep.seeds, 250);
    let never: Vec<_> = sweep.sometimes.iter().filter(|(_, count)| **count == 0).collect();
    assert_eq!(never, [], "{sweep}");
}

#[test]
fn a_sweep_of_large_plans_holds() {
    let sweep = swept(&SweepOptions { profile: Profile::Default, from: 10_000, ..small(30) });
    assert!(sweep.holds(), "{sweep}");
}

#[test]
fn shards_share_the_seeds() {
    let (played, whole) = (AtomicU64::new(0), swept(&small(7)));
    let mut messages = 0;
    for index in 1..=3 {
        let shard: Shard = format!("{index}/3").parse().expect("a shard");
        let part = sweep(&SweepOptions { shard, ..small(7) }, |progress| {
            played.fetch_add(1, Ordering::Relaxed);
            assert!((1..=progress.seeds).contains(&progress.done));
        });
        messages += part.messages;
    }
    assert_eq!(played.into_inner(), 7);
    assert_eq!(messages, whole.messages);
}

#[test]
fn a_shard_is_one_of_so_many() {
    for text in ["0/3", "4/3", "1", "a/b", "1/0", ""] {
        let error = text.parse::<Shard>().expect_err("no shard");
        assert_eq!(error, format!("expected I/N with I from 1 to N, such as 2/8, found '{text}'"));
    }
    assert_eq!("2/8".parse::<Shard>().expect("a shard").to_string(), "2/8");
}

#[test]
fn what_a_sweep_finds_does_not_depend_on_the_number_of_jobs() {
    let options = SweepOptions { defect: Some(Defect::LosesOnCrash), ..small(20) };
    let (one, two) = (swept(&SweepOptions { jobs: NonZeroUsize::MIN, ..options.clone() }), swept(&options));
    let of = |sweep: &Sweep| {
        let found = sweep.found.iter().map(|found| (found.failure, found.seeds.clone(), found.plan.clone()));
        found.collect::<Vec<_>>()
    };
    assert_eq!(of(&one), of(&two));
    assert_eq!(one.found[0].failure, Failure::Violated(Anomaly::Lost));
    assert_eq!(one.network_events, two.network_events);
}
