//! Worlds that end badly, and what is left of them.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::{Listener, Runtime, Timestamp};
use handoff_scenarios::Stage;
use handoff_sim::world::{Delay, LinkOptions, OptionsError, WorldError, WorldOptions, run};
use tokio::io::AsyncReadExt;

use crate::support::{connected, listen, us, with_links};

#[test]
fn a_world_in_which_nothing_can_happen_any_more_is_a_deadlock() {
    let outcome = run(WorldOptions::default(), |stage| async move {
        let (mut client, _server) = connected(&stage).await;
        client.read_u8().await.map_err(|error| error.kind())
    });
    assert_eq!(outcome.value, Err(WorldError::Deadlock { at: Timestamp::EPOCH + us(500) }));
    assert!(outcome.events > 0);
}

#[test]
fn a_panic_on_a_node_is_the_result_of_the_run() {
    let outcome: handoff_sim::world::Outcome<()> = run(WorldOptions::default(), |stage| async move {
        let clock = stage.node("broker");
        stage.node("broker").spawn(async move {
            clock.sleep(us(3)).await;
            panic!("queue {} is on fire", 7);
        });
        pending().await
    });
    let (node, message) = ("broker".into(), "queue 7 is on fire".into());
    assert_eq!(outcome.value, Err(WorldError::Panicked { node, at: Timestamp::EPOCH + us(3), message }));
}

#[test]
fn a_panic_of_the_stage_is_the_result_of_the_run() {
    let outcome = run(WorldOptions::default(), |_| async move { panic!("no") });
    let outcome: Result<(), _> = outcome.value;
    let (node, message) = ("stage".into(), "no".into());
    assert_eq!(outcome, Err(WorldError::Panicked { node, at: Timestamp::EPOCH, message }));
}

#[test]
fn the_time_limit_ends_a_world() {
    let options = WorldOptions { time_limit: Duration::from_secs(5), ..WorldOptions::default() };
    let outcome = run(options, |stage| async move {
        loop {
            stage.sleep(Duration::from_secs(2)).await;
        }
    });
    let outcome: Result<(), _> = outcome.value;
    assert_eq!(outcome, Err(WorldError::TimeLimit { at: Timestamp::EPOCH + Duration::from_secs(5) }));
}

#[test]
fn impossible_options_are_refused() {
    let delays = [
        (Delay::Uniform { minimum_us: 2, maximum_us: 1 }, "minimum_us 2 is above maximum_us 1"),
        (Delay::LogNormal { median_us: 1, sigma: f64::NAN }, "sigma must be a number greater than 0, not NaN"),
        (Delay::Pareto { minimum_us: 1, shape: 0.0 }, "shape must be a number greater than 0, not 0"),
    ];
    let delays = delays.map(|(delay, message)| (LinkOptions { delay, ..LinkOptions::default() }, message));
    let no_window = LinkOptions { window_bytes: 0, ..LinkOptions::default() };
    let others = [(no_window, "window_bytes must be a number greater than 0, not 0")];
    for (link, message) in delays.into_iter().chain(others) {
        let outcome = run(with_links(link), |_| async {});
        assert_eq!(outcome.value.map_err(|error| error.to_string()), Err(message.to_owned()));
    }
    let (base, spike) = (Box::new(Delay::constant(1)), Box::new(Delay::constant(1)));
    let delay = Delay::Spikes { base, spike, probability: 1.5 };
    let outcome = run(with_links(LinkOptions { delay, ..LinkOptions::default() }), |_| async {});
    let error = OptionsError::NotAProbability { name: "probability", value: "1.5".into() };
    assert_eq!(outcome.value, Err(WorldError::Options(error)));
}

#[test]
fn a_world_that_is_over_holds_nothing() {
    for ending in ["value", "deadlock", "panic"] {
        let token = Arc::new(());
        let held = token.clone();
        let outcome = run(WorldOptions::default(), move |stage| async move {
            let (mut listener, address) = listen(&stage).await;
            let server_token = held.clone();
            stage.node("server").spawn(async move {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.read_u8().await;
                drop(server_token);
            });
            let _stream = stage.node("client").connect(address).await.expect("a connection");
            match ending {
                "value" => {}
                "deadlock" => pending().await,
                _ => panic!("as asked"),
            }
            drop(held);
        });
        assert_eq!(outcome.value.is_ok(), ending == "value");
        assert_eq!(Arc::strong_count(&token), 1, "after a {ending}");
    }
}
