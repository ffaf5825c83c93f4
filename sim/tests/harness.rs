//! The harness for tests of one's own: what it finds, what it says, and that it says the same each time.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handoff_broker::Runtime;
use handoff_broker::client::{Channel, ClientError, Connection, ConnectionOptions};
use handoff_broker::core::QueueOptions;
use handoff_sim::harness::{Failed, Faults, Node, Plan, Test, TestError, World};

/// An open channel, and what keeps it open.
async fn open(node: &Node) -> Result<(Connection, Channel), ClientError> {
    let options = ConnectionOptions { heartbeat_s: Some(1), ..ConnectionOptions::default() };
    let connection = Connection::open(&node.runtime, node.broker, &options).await?;
    let channel = connection.open_channel().await?;
    channel.declare_queue("work", &QueueOptions::default()).await?;
    Ok((connection, channel))
}

async fn publish(node: Node, count: u64) -> Result<(), ClientError> {
    let (_connection, channel) = open(&node).await?;
    channel.select_confirms().await?;
    for number in 0..count {
        channel.publish("", b"work", b"\0\0", number.to_string().as_bytes())?.await?;
    }
    Ok(())
}

/// Takes 1 ms for each message.
async fn consume(node: Node, done: Arc<Mutex<Vec<String>>>) -> Result<(), ClientError> {
    let (_connection, channel) = open(&node).await?;
    let mut deliveries = channel.consume("work", "consumer").await?;
    while let Some(delivery) = deliveries.next().await {
        done.lock().expect("no panic").push(String::from_utf8_lossy(&delivery.body).into_owned());
        node.runtime.sleep(Duration::from_millis(1)).await;
        channel.acknowledge(delivery.delivery_tag, false)?;
    }
    Ok(())
}

/// A consumer that must do nothing twice, and may.
fn furnish(world: &mut World) {
    let done = Arc::new(Mutex::new(Vec::new()));
    let count = world.number("messages", 1..=9);
    world.client("producer", move |node| publish(node, count));
    let doing = done.clone();
    world.service("consumer", move |node| consume(node, doing.clone()));
    world.faults(Faults::new().crashes("consumer", 3).partitions("consumer", 1).within(Duration::from_millis(20)));
    world.eventually("nothing is done twice", move || {
        let done = done.lock().expect("no panic");
        let again = done.iter().enumerate().find(|(index, text)| done[..*index].contains(text));
        again.map_or(Ok(()), |(_, text)| Err(format!("{text} is")))
    });
}

fn failed(result: Result<impl std::fmt::Display, TestError>) -> Failed {
    match result {
        Ok(passed) => panic!("{passed}"),
        Err(TestError::Failed(failed)) => *failed,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_failure_is_found_made_small_and_plays_again_to_the_letter() {
    let test = Test::new("twice").seeds(100);
    let first = failed(test.run(furnish));
    let plan = first.plan.to_string();
    assert!(plan.contains(":messages=1:faults="), "{first}");
    assert!(first.problem.starts_with("'nothing is done twice' does not hold"), "{first}");
    let again = failed(test.replay(&first.plan, furnish));
    assert_eq!((again.problem, again.story, again.plan), (first.problem, first.story, first.plan));
}

#[test]
fn without_its_faults_the_same_seed_holds() {
    let first = failed(Test::new("twice").seeds(100).run(furnish));
    let calm: Plan = format!("{}:faults=none", first.seed).parse().expect("a plan");
    let passed = Test::new("twice").replay(&calm, furnish).expect("it holds");
    assert!(passed.faults == 0 && passed.story.iter().any(|line| line.ends_with("producer: is done")), "{passed}");
}

#[test]
fn work_that_is_never_done_is_a_failure() {
    let failed = failed(Test::new("idle").seeds(1).run(|world| {
        world.client("producer", |node| publish(node, 1));
    }));
    assert!(failed.problem.contains("queue 'work' has 1 ready"), "{failed}");
}

#[test]
fn a_panic_of_the_application_is_a_failure() {
    let failed = failed(Test::new("panics").seeds(1).run(|world| {
        world.service("consumer", |_| async { if true { panic!("out of cards") } else { Ok::<(), String>(()) } });
    }));
    assert_eq!(failed.problem, "panic on consumer at 0.000000s: out of cards");
}

#[test]
fn a_broker_that_restarts_has_lost_what_was_queued() {
    let failed = failed(Test::new("restart").seeds(50).run(|world| {
        let done = Arc::new(Mutex::new(Vec::new()));
        world.client("producer", |node| publish(node, 5));
        let doing = done.clone();
        world.service("consumer", move |node: Node| {
            let doing = doing.clone();
            async move {
                node.runtime.sleep(Duration::from_millis(40)).await;
                consume(node, doing).await
            }
        });
        world.faults(Faults::new().broker_restarts(1).within(Duration::from_millis(40)));
        world.eventually("all is done", move || {
            let mut done = done.lock().expect("no panic").clone();
            done.sort_unstable();
            done.dedup();
            if done.len() == 5 { Ok(()) } else { Err(format!("{done:?} is")) }
        });
    }));
    assert!(failed.problem.starts_with("'all is done' does not hold"), "{failed}");
}

#[test]
fn a_test_whose_faults_change_nothing_proves_nothing() {
    let result = Test::new("late").seeds(5).run(|world| {
        world.client("producer", |_| async { Ok::<(), String>(()) });
        world.faults(Faults::new().crashes("producer", 2).pauses("producer", 2));
    });
    assert!(matches!(result, Err(TestError::Inert { faults: 1.., .. })), "{result:?}");
}

#[test]
fn what_cannot_be_played_is_one_line() {
    let error = |furnish: fn(&mut World)| Test::new("test").run(furnish).expect_err("not possible").to_string();
    let stranger = error(|world| world.faults(Faults::new().crashes("nobody", 1)));
    assert_eq!(stranger, "test: a fault for 'nobody', but no node is called so");
    let twins = error(|world| {
        world.client("a", |_| pending::<Result<(), String>>());
        world.client("a", |_| pending::<Result<(), String>>());
    });
    assert_eq!(twins, "test: a second node is called 'a'");
    let broker = error(|world| world.service("broker", |_| pending::<Result<(), String>>()));
    assert_eq!(broker, "test: a second node is called 'broker'");
}
