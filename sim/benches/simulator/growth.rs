//! What a run costs when it is longer: the same mix of messages and faults, 1, 10 and 100 times.

use criterion::{BenchmarkId, Criterion, Throughput};
use handoff_sim::chaos::{PlayOptions, Run, play};
use handoff_sim::fault::Plan;

use crate::is_measured;

/// The messages of the smallest plan: those of the default profile in the mean.
const MESSAGES: u64 = 200;

/// Without its messages and faults.
const PLAN: &str = r#"
version = 1
seed = 1
heartbeat_s = 1
link = { delay = { uniform = { minimum_us = 50, maximum_us = 500 } }, window_bytes = 65536 }
queue = [
    { name = "queue-0", delivery_limit = 2, dead_letter_queue = "dead" },
    { name = "queue-1" },
    { name = "dead" },
]
"#;

pub fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator/growth");
    group.sample_size(10);
    for factor in if is_measured() { [1, 10, 100].as_slice() } else { &[1] } {
        let plan = plan(factor * MESSAGES);
        group.throughput(Throughput::Elements(plan.messages() as u64));
        group.bench_function(BenchmarkId::from_parameter(plan.messages()), |bencher| bencher.iter(|| run(&plan)));
    }
    group.finish();
}

/// Plays a plan, which holds.
pub fn run(plan: &Plan) -> Run {
    let run = play(plan, PlayOptions::default());
    assert_eq!(run.failure(), None, "{}", run.report);
    run
}

/// A plan of four producers and four consumers, with a crash for every fifty messages.
pub fn plan(messages: u64) -> Plan {
    let mut text = PLAN.to_owned();
    for number in 0..4 {
        let queue = number % 2;
        text += &format!("[[producer]]\nname = 'producer-{number}'\nqueue = 'queue-{queue}'\nin_flight = 20\n");
        text += &format!("resends = true\nmessage = [{}]\n", (0..messages / 4).map(message).collect::<String>());
        text += &format!("[[consumer]]\nname = 'consumer-{number}'\nqueue = 'queue-{queue}'\n");
        text += "prefetch = 10\nservice_us = 100\n";
    }
    for number in 0..messages / 50 {
        let (role, node) = (if number % 2 == 0 { "producer" } else { "consumer" }, number / 2 % 4);
        let at_us = 2_000 + 10_000 * number;
        text += &format!("[[fault]]\nnode = '{role}-{node}'\nat_us = {at_us}\nduration_us = 1000\nkind = 'crash'\n");
    }
    Plan::parse(&text, "growth").expect("a plan")
}

fn message(number: u64) -> String {
    let handling = match number % 20 {
        7 => "{ requeue = { times = 1 } }",
        13 => "'reject'",
        19 => "'poison'",
        _ => "'ack'",
    };
    format!("{{ gap_us = 800, size_bytes = 100, handling = {handling} }}, ")
}
