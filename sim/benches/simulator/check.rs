//! All invariants over histories of up to a million events.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use handoff_sim::check;

use crate::{growth, is_measured};

pub fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checker");
    group.sample_size(10);
    for events in if is_measured() { [10_000, 100_000, 1_000_000].as_slice() } else { &[1_000] } {
        let history = growth::run(&growth::plan(events / EVENTS_PER_MESSAGE)).history;
        let events = history.events.len() as u64;
        group.throughput(Throughput::Elements(events));
        group.bench_function(BenchmarkId::new("history", events), |bencher| {
            bencher.iter(|| assert!(check::check(black_box(&history)).anomalies().is_empty()));
        });
    }
    group.finish();
}

/// About.
const EVENTS_PER_MESSAGE: u64 = 10;
