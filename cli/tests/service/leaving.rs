//! How a service leaves.

use std::net::SocketAddr;

use handoff_broker::client::Connection;
use handoff_broker::core::QueueOptions;
use tokio::runtime::Runtime;

use super::process::{Service, guest};

#[tokio::test]
async fn on_sigterm_what_was_sent_is_answered_and_everybody_is_asked_to_close() {
    let mut service = Service::start(&[]);
    let connection = guest(service.address("")).await;
    let channel = connection.open_channel().await.expect("a channel");
    channel.select_confirms().await.expect("confirms");
    channel.declare_queue("jobs", &QueueOptions::default()).await.expect("a queue");
    let confirmation = channel.publish("", b"jobs", &[0, 0], b"hello").expect("it is sent");
    confirmation.await.expect("it is taken");

    service.signal("TERM");
    let error = loop {
        // Every answer proves that the broker is still here; the one that does not come says why.
        if let Err(error) = channel.declare_queue("jobs", &QueueOptions::default()).await {
            break error;
        }
    };
    assert!(error.to_string().contains("320"), "{error}");
    let (status, log) = service.wait();
    assert!(status.success(), "{log}");
    let closed = log.lines().find(|line| line.contains("connection closed")).expect("a line for the connection");
    assert!(closed.contains("CONNECTION_FORCED") && closed.contains(r#""user":"guest""#), "{closed}");
    assert!(log.trim_end().ends_with('}') && log.contains(r#""message":"left""#), "{log}");
}

/// A client whose task does not run any more: it does not answer, and does not go away as long as this is held.
fn silent_client(address: SocketAddr) -> (Connection, Runtime) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    (tokio.block_on(guest(address)), tokio)
}

#[test]
fn a_client_that_does_not_answer_holds_it_up_for_a_limited_time() {
    let mut service = Service::start(&["--shutdown-timeout", "1"]);
    let _silent = silent_client(service.address(""));
    service.signal("TERM");
    let (status, log) = service.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("left"), "{log}");
}

#[test]
fn who_asks_twice_is_obeyed_at_once() {
    let mut service = Service::start(&["--shutdown-timeout", "3600"]);
    let _silent = silent_client(service.address(""));
    service.signal("INT");
    service.log_line("leaving");
    service.signal("INT");
    let (status, log) = service.wait();
    assert!(status.success() && log.contains("asked twice"), "{log}");
}

#[tokio::test]
async fn a_hangup_does_not_end_it() {
    let mut service = Service::start(&[]);
    let address = service.address("");
    service.signal("HUP");
    service.log_line("no certificate");
    guest(address).await;
}
