//! How a service leaves.

use handoff_broker::core::QueueOptions;

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

/// A client whose task does not run any more is a client that does not answer.
fn connect_and_fall_silent(address: std::net::SocketAddr) -> (tokio::runtime::Runtime, impl Drop) {
    struct Kept<T>(#[allow(dead_code, reason = "held open")] T);
    impl<T> Drop for Kept<T> {
        fn drop(&mut self) {}
    }
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connection = tokio.block_on(guest(address));
    (tokio, Kept(connection))
}

#[test]
fn a_client_that_does_not_answer_holds_it_up_for_a_limited_time() {
    let mut service = Service::start(&["--shutdown-timeout", "1"]);
    let silent = connect_and_fall_silent(service.address(""));
    service.signal("TERM");
    let (status, log) = service.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("left"), "{log}");
    drop(silent);
}

#[test]
fn who_asks_twice_is_obeyed_at_once() {
    let mut service = Service::start(&["--shutdown-timeout", "3600"]);
    let silent = connect_and_fall_silent(service.address(""));
    service.signal("INT");
    service.log_line("leaving");
    service.signal("INT");
    let (status, log) = service.wait();
    assert!(status.success() && log.contains("asked twice"), "{log}");
    drop(silent);
}
