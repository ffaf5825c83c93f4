//! Testing your own consumer: an order is paid by charging a card, and a message may be delivered twice.
//!
//! The application is in `shop.rs` and `worker.rs`: ordinary code against handoff's client, generic over the runtime.
//! `bank.rs` stands for the company that books the charges. Here is the test: a thousand seeds with crashes, resets and
//! pauses. The naive worker charges somebody twice, and the test tells how; the idempotent one never does.
//!
//! ```sh
//! cargo run --release -p handoff-sim --example charge_card
//! ```
//!
//! The last line of what it prints plays the failure again. docs/testing-your-consumer.md explains it step by step.

mod bank;
mod shop;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use handoff_sim::harness::{Faults, Node, Test, TestError, World};

use bank::Bank;
use worker::Care;

/// The world in which both workers are tested.
fn furnish(world: &mut World, care: Care) {
    let bank = Bank::default();
    let orders = world.number("orders", 1..=10);
    world.client("shop", move |node: Node| shop::sell(node.runtime, node.broker, orders));
    for name in ["worker-1", "worker-2"] {
        let bank = bank.clone();
        world.service(name, move |node: Node| {
            let bank = bank.clone();
            async move {
                let log = |text: String| node.note(text);
                worker::work(node.runtime.clone(), node.broker, node.name(), &bank, care, log).await
            }
        });
    }
    let faults = Faults::new().crashes("shop", 1).crashes("worker-1", 2).connection_resets("worker-2", 1);
    world.faults(faults.pauses("worker-2", 1).within(Duration::from_millis(60)));
    let books = bank.clone();
    world.always("no order is charged twice", move || books.charged_twice().map_or(Ok(()), Err));
    world.eventually("every order is charged", move || bank.not_charged(orders).map_or(Ok(()), Err));
}

fn main() -> ExitCode {
    let test = |care| Test::new(&format!("{care:?} worker")).seeds(1_000).run(|world| furnish(world, care));
    let (naive, idempotent) = (test(Care::Naive), test(Care::Idempotent));
    for result in [&naive, &idempotent] {
        match result {
            Ok(passed) => println!("{passed}\n"),
            Err(TestError::Input(problem)) => {
                eprintln!("{problem}");
                return ExitCode::from(2);
            }
            Err(error) => println!("{error}\n"),
        }
    }
    // The naive one is here to fail.
    ExitCode::from(u8::from(idempotent.is_err()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_naive_worker_charges_somebody_twice() {
        let error = Test::new("naive").seeds(300).run(|world| furnish(world, Care::Naive)).expect_err("it is found");
        let TestError::Failed(failed) = error else { panic!("{error}") };
        assert!(failed.problem.contains("'no order is charged twice'"), "{failed}");
        let plan = failed.plan.to_string();
        assert!(plan.contains(":orders=1") || plan.contains(":orders=2"), "{failed}");
        assert!(failed.replay.starts_with(&format!("HANDOFF_SEED={plan} ")), "{failed}");
        assert!(failed.story.len() < 60, "{failed}");
    }

    #[test]
    fn the_idempotent_worker_charges_nobody_twice() {
        let passed = Test::new("idempotent").seeds(100).check(|world| furnish(world, Care::Idempotent));
        assert!(passed.faults_felt > 100, "{passed}");
    }
}
