//! The seed alone decides what happens.

use std::env;
use std::process::Command;

use handoff_broker::Runtime;
use handoff_scenarios::Stage;
use handoff_sim::world::{Outcome, SimulatedStage, WorldOptions, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connected, echo_server, played, random, round_trip, us};

/// Six clients that talk to a server, which crashes once, behind a network with random delays and a partition.
fn reference_world(seed: u64) -> Outcome<usize> {
    run(WorldOptions { keep_trace: true, ..random(seed) }, |stage| async move {
        let address = echo_server(&stage).await;
        let (done, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..6_u8 {
            let (client, done) = (stage.node(&format!("client-{number}")), done.clone());
            stage.node(&format!("client-{number}")).spawn(async move {
                while let Ok(mut stream) = client.connect(address).await {
                    while stream.write_all(&[number; 10]).await.is_ok() && stream.read_exact(&mut [0; 10]).await.is_ok()
                    {
                        client.note(format_args!("answered at {}", client.now()));
                        let _ = done.send(number);
                    }
                }
            });
        }
        drop(done);
        disturb(&stage).await;
        let mut count = 0;
        while answers.recv().await.is_some() {
            count += 1;
        }
        count
    })
}

async fn disturb(stage: &SimulatedStage) {
    stage.sleep(us(5_000)).await;
    stage.partition("client-1", "server");
    stage.sleep(us(5_000)).await;
    stage.heal("client-1", "server");
    stage.sleep(us(5_000)).await;
    stage.crash("server");
}

#[test]
fn the_same_seed_gives_the_same_trace_in_one_process() {
    let (first, second) = (reference_world(1), reference_world(1));
    assert_eq!(first.value, second.value);
    assert_eq!(first.trace, second.trace);
    assert_eq!((first.hash, first.events, first.elapsed), (second.hash, second.events, second.elapsed));
    assert_eq!(first.events, first.trace.len() as u64);
}

#[test]
fn different_seeds_give_different_traces() {
    let mut hashes: Vec<u64> = (0..20).map(|seed| reference_world(seed).hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 20);
}

#[test]
fn delays_are_drawn_from_the_seed() {
    let mut delays: Vec<_> = (0..20)
        .map(|seed| {
            played(random(seed), |stage| async move {
                let (mut client, mut server) = connected(&stage).await;
                let start = stage.now();
                client.write_u8(1).await.expect("open");
                server.read_u8().await.expect("open");
                stage.now().since(start)
            })
        })
        .collect();
    delays.sort_unstable();
    delays.dedup();
    // Twenty draws from a thousand: fewer than fifteen different ones is less likely than one in a billion.
    assert!(delays.len() >= 15, "{delays:?}");
}

#[test]
fn the_hash_is_the_same_whether_or_not_the_text_is_kept() {
    let hash = |keep_trace| {
        let outcome = run(WorldOptions { keep_trace, ..random(4) }, |stage| async move {
            let address = echo_server(&stage).await;
            let mut stream = stage.node("client").connect(address).await.expect("a connection");
            round_trip(&mut stream, b"hello").await
        });
        (outcome.hash, outcome.trace.is_empty())
    };
    let ((with, kept), (without, none)) = (hash(true), hash(false));
    assert_eq!((with, kept, none), (without, false, true));
}

#[test]
fn the_hash_covers_what_is_said_and_what_is_sent() {
    let hash = |note: &'static str, bytes: &'static [u8]| {
        run(random(4), move |stage| async move {
            stage.note(note);
            let address = echo_server(&stage).await;
            let mut stream = stage.node("client").connect(address).await.expect("a connection");
            round_trip(&mut stream, bytes).await
        })
        .hash
    };
    assert_ne!(hash("one", b"hello"), hash("two", b"hello"));
    assert_ne!(hash("one", b"hello"), hash("one", b"hellp"));
}

#[test]
fn seeds_for_others_depend_on_the_label_and_on_the_worlds_seed() {
    let seed = |world: u64, label: &'static str| {
        let options = WorldOptions { seed: world, ..WorldOptions::default() };
        run(options, move |stage| async move { stage.random_seed(label) }).value.expect("it ends")
    };
    assert_eq!(seed(1, "arrivals"), seed(1, "arrivals"));
    assert_ne!(seed(1, "arrivals"), seed(1, "sizes"));
    assert_ne!(seed(1, "arrivals"), seed(2, "arrivals"));
}

/// Set in the process that [`the_same_seed_gives_the_same_hash_in_two_processes`] starts.
const SEED_VARIABLE: &str = "HANDOFF_TEST_WORLD_SEED";
const HASH_PREFIX: &str = "hash of the reference world: ";

#[test]
fn the_same_seed_gives_the_same_hash_in_two_processes() {
    if let Ok(seed) = env::var(SEED_VARIABLE) {
        let hash = reference_world(seed.parse().expect("a number")).hash;
        println!("\n{HASH_PREFIX}{hash:016x}");
        return;
    }
    let in_a_new_process = || {
        let name = "determinism::the_same_seed_gives_the_same_hash_in_two_processes";
        let mut command = Command::new(env::current_exe().expect("a path"));
        let output = command.args([name, "--exact", "--nocapture"]).env(SEED_VARIABLE, "9").output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
        let hash = text.lines().find_map(|line| line.strip_prefix(HASH_PREFIX)).expect("a hash");
        hash.to_owned()
    };
    let (first, second) = (in_a_new_process(), in_a_new_process());
    assert_eq!(first, second);
    assert_eq!(first, format!("{:016x}", reference_world(9).hash));
}
