//! Connecting, listening and being refused.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::{Listener, Runtime, Timestamp};
use handoff_scenarios::Stage;
use handoff_sim::world::{NetworkOptions, WorldOptions};
use tokio::io::AsyncReadExt;

use crate::support::{constant, echo_server, listen, played, round_trip, us};

#[test]
fn connecting_takes_one_round_trip() {
    let elapsed = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        stage.node("client").connect(address).await.expect("a connection");
        stage.now()
    });
    assert_eq!(elapsed, Timestamp::EPOCH + us(500));
}

#[test]
fn nobody_listening_refuses_after_one_round_trip() {
    let (error, at) = played(constant(), |stage| async move {
        stage.node("server");
        let address = SocketAddr::new(stage.listen_address("server").ip(), 5672);
        let error = stage.node("client").connect(address).await.expect_err("nobody listens");
        (error.kind(), stage.now())
    });
    assert_eq!((error, at), (ErrorKind::ConnectionRefused, Timestamp::EPOCH + us(500)));
}

#[test]
fn an_address_of_no_node_is_unreachable() {
    let error = played(constant(), |stage| async move {
        let address = SocketAddr::from(([10, 9, 9, 9], 5672));
        stage.node("client").connect(address).await.map(drop).map_err(|error| error.kind())
    });
    assert_eq!(error, Err(ErrorKind::HostUnreachable));
}

#[test]
fn each_node_has_an_address_of_its_own_and_keeps_it() {
    let addresses = played(constant(), |stage| async move {
        let before = ["a", "b"].map(|name| stage.listen_address(name));
        stage.node("a");
        stage.crash("a");
        stage.node("a");
        (before, ["a", "b"].map(|name| stage.listen_address(name)))
    });
    let expected = [1, 2].map(|last| SocketAddr::from(([10, 0, 0, last], 0)));
    assert_eq!(addresses, (expected, expected));
}

#[test]
fn a_port_is_taken_until_its_listener_is_dropped() {
    let results = played(constant(), |stage| async move {
        let server = stage.node("server");
        let (listener, address) = listen(&stage).await;
        let taken = server.listen(address).await.map(drop).map_err(|error| error.kind());
        drop(listener);
        let free = server.listen(address).await.map(drop).map_err(|error| error.kind());
        let foreign = SocketAddr::from(([127, 0, 0, 1], 0));
        let elsewhere = server.listen(foreign).await.map(drop).map_err(|error| error.kind());
        [taken, free, elsewhere]
    });
    assert_eq!(results, [Err(ErrorKind::AddrInUse), Ok(()), Err(ErrorKind::AddrNotAvailable)]);
}

#[test]
fn an_accepted_connection_knows_its_peer() {
    let (from, client) = played(constant(), |stage| async move {
        let (mut listener, address) = listen(&stage).await;
        let client = stage.node("client");
        let (asked, accepted) = tokio::join!(client.connect(address), listener.accept());
        asked.expect("a connection");
        (accepted.expect("a connection").1, stage.listen_address("client"))
    });
    assert_eq!(from.ip(), client.ip());
    assert_ne!(from.port(), 0);
}

#[test]
fn a_full_backlog_leaves_requests_unanswered_until_there_is_room() {
    let network = NetworkOptions { backlog: 2, ..NetworkOptions::default() };
    let (in_time, late) = played(WorldOptions { network, ..constant() }, |stage| async move {
        let (mut listener, address) = listen(&stage).await;
        let client = stage.node("client");
        let _two = (client.connect(address).await, client.connect(address).await);
        let deadline = stage.now() + Duration::from_secs(5);
        let in_time = client.timeout_at(deadline, client.connect(address)).await.is_some();
        let _accepted = listener.accept().await.expect("a connection");
        let late = client.connect(address).await.is_ok();
        (in_time, late)
    });
    assert_eq!((in_time, late), (false, true));
}

#[test]
fn a_dropped_listener_closes_what_it_had_not_accepted() {
    let read = played(constant(), |stage| async move {
        let (listener, address) = listen(&stage).await;
        let mut stream = stage.node("client").connect(address).await.expect("a place in the backlog");
        drop(listener);
        stream.read(&mut [0; 8]).await.map_err(|error| error.kind())
    });
    assert_eq!(read, Ok(0));
}

#[test]
fn a_connection_request_that_is_given_up_closes_the_connection() {
    let read = played(constant(), |stage| async move {
        let (mut listener, address) = listen(&stage).await;
        let client = stage.node("client");
        // The request arrives after 250 us, the answer would after 500.
        let given_up = client.timeout_at(Timestamp::EPOCH + us(300), client.connect(address)).await;
        assert!(given_up.is_none());
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.read(&mut [0; 8]).await.map_err(|error| error.kind())
    });
    assert_eq!(read, Ok(0));
}

#[test]
fn a_node_talks_to_itself_over_the_loopback() {
    let elapsed = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        let mut stream = stage.node("server").connect(address).await.expect("a connection");
        let before = stage.now();
        round_trip(&mut stream, b"hello").await;
        stage.now().since(before)
    });
    assert_eq!(elapsed, us(20));
}
