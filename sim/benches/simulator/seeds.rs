//! Whole seeds, as `handoff explore` plays them.

use criterion::{Criterion, Throughput};
use handoff_sim::chaos::{PlayOptions, play};
use handoff_sim::fault::{Profile, plan_for};

pub fn seeds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator/seeds");
    group.throughput(Throughput::Elements(1));
    for profile in Profile::ALL {
        let mut seed = 0;
        group.bench_function(profile.name(), |bencher| {
            bencher.iter(|| {
                let run = play(&plan_for(seed, profile), PlayOptions::default());
                assert_eq!(run.failure(), None, "seed {seed}");
                seed += 1;
            });
        });
    }
    group.finish();
}
