//! No false alarms: whatever a correct broker and a rough network do is accepted, with the broker's events and without.

use handoff_broker::core::{Broker, Overflow, QueuePolicy};
use handoff_sim::check::{Verdict, check};
use handoff_sim::history::{History, What};
use proptest::prelude::*;

use super::network::{Plan, run};

/// What clients alone have seen.
pub fn without_broker(mut history: History) -> History {
    history.events.retain(|event| !matches!(event.what, What::Broker { .. }));
    history
}

fn plans() -> impl Strategy<Value = Plan> {
    let limits = (
        prop_oneof![Just(None), (0_u32..4).prop_map(Some)],
        prop_oneof![Just(None), (0_u64..12).prop_map(Some)],
        any::<bool>(),
    );
    (any::<u64>(), 50_u32..1_000, limits, 0_u16..4, any::<[bool; 4]>()).prop_map(
        |(seed, steps, limits, prefetch, flags)| {
            let calm = Plan::calm(seed, steps);
            let (delivery_limit, max_length, refuses) = limits;
            let [is_faulty, sends_again, restarts, drops_letters] = flags;
            let mut policy = QueuePolicy {
                delivery_limit,
                max_length,
                overflow: if refuses { Overflow::RejectPublish } else { Overflow::DropHead },
                ..calm.policy.clone()
            };
            if drops_letters {
                (policy.dead_letter_exchange, policy.dead_letter_routing_key) = (None, None);
            }
            Plan { policy, prefetch, is_faulty, sends_again, restarts: restarts && is_faulty, ..calm }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_correct_broker_is_never_accused(plan in plans()) {
        let history = run(plan, Broker::new);
        let report = check(&history);
        prop_assert_eq!(report.overall(), &Verdict::Valid, "{}", report);
        let report = check(&without_broker(history));
        prop_assert!(report.anomalies().is_empty(), "{}", report);
    }
}

#[test]
fn clients_alone_can_tell_everything_of_a_calm_run() {
    for seed in 0..10 {
        let report = check(&without_broker(run(Plan::calm(seed, 1_000), Broker::new)));
        assert_eq!(*report.overall(), Verdict::Valid, "seed {seed}: {report}");
    }
}

#[test]
fn the_same_plan_gives_the_same_history() {
    let plan = || Plan { is_faulty: true, ..Plan::calm(7, 1_000) };
    assert_eq!(run(plan(), Broker::new), run(plan(), Broker::new));
}
