//! Crashes, restarts, and the three ways in which a peer can be gone.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use handoff_sim::world::Death;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connected, constant, echo_server, listen, played, round_trip, us};

#[test]
fn a_crash_ends_streams_after_what_was_sent() {
    let (text, at) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        server.write_all(b"already sent").await.expect("open");
        stage.sleep(us(100)).await;
        let start = stage.now();
        stage.crash("server");
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("a clean end");
        (text, stage.now().since(start))
    });
    assert_eq!((text.as_str(), at), ("already sent", us(250)));
}

#[test]
fn a_crash_drops_every_task_of_its_node_and_of_no_other() {
    let held = played(constant(), |stage| async move {
        let token = Arc::new(());
        for name in ["a", "a", "b"] {
            let token = token.clone();
            stage.node(name).spawn(async move {
                std::future::pending::<()>().await;
                drop(token);
            });
        }
        stage.sleep(us(1)).await;
        let before = Arc::strong_count(&token);
        stage.crash("a");
        stage.crash("a");
        stage.crash("nobody");
        stage.sleep(us(1)).await;
        (before, Arc::strong_count(&token))
    });
    assert_eq!(held, (4, 2));
}

#[test]
fn a_new_life_listens_where_the_former_did_and_gets_nothing_that_was_meant_for_it() {
    let (received, old_read, answer) = played(constant(), |stage| async move {
        let (listener, address) = listen(&stage).await;
        let mut former = stage.node("client").connect(address).await.expect("a connection");
        former.write_all(b"for the former life").await.expect("open");
        stage.crash("server");
        let mut new_listener = stage.node("server").listen(address).await.expect("the port is free again");
        drop(listener);
        former.write_all(b"still for the former life").await.expect("the news is on its way");
        let mut client = stage.node("client").connect(address).await.expect("a connection");
        let (mut server, _) = new_listener.accept().await.expect("a connection");
        client.write_all(b"new").await.expect("open");
        client.shutdown().await.expect("open");
        let (mut received, mut answer) = (String::new(), String::new());
        server.read_to_string(&mut received).await.expect("open");
        server.write_all(b"welcome").await.expect("open");
        drop(server);
        client.read_to_string(&mut answer).await.expect("open");
        (received, former.read(&mut [0; 8]).await.map_err(|error| error.kind()), answer)
    });
    assert_eq!((received.as_str(), old_read, answer.as_str()), ("new", Ok(0), "welcome"));
}

#[test]
fn a_dead_node_refuses_until_it_lives_again() {
    let (dead, alive) = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        stage.crash("server");
        let client = stage.node("client");
        let dead = client.connect(address).await.map(drop).map_err(|error| error.kind());
        let _listener = stage.node("server").listen(address).await.expect("the port is free again");
        (dead, client.connect(address).await.is_ok())
    });
    assert_eq!((dead, alive), (Err(ErrorKind::ConnectionRefused), true));
}

#[test]
fn connections_not_yet_accepted_end_too() {
    let read = played(constant(), |stage| async move {
        let (_listener, address) = listen(&stage).await;
        let mut client = stage.node("client").connect(address).await.expect("a place in the backlog");
        stage.crash("server");
        client.read(&mut [0; 8]).await.map_err(|error| error.kind())
    });
    assert_eq!(read, Ok(0));
}

#[test]
fn the_runtime_and_the_streams_of_a_former_life_are_of_no_use() {
    let errors = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        let former = stage.node("client");
        let mut stream = former.connect(address).await.expect("a connection");
        stage.crash("client");
        stage.node("client");
        let connect = former.connect(address).await.map(drop);
        let listen = former.listen(stage.listen_address("client")).await.map(drop);
        let read = stream.read(&mut [0; 8]).await.map(drop);
        let write = stream.write(b"x").await.map(drop);
        [connect, listen, read, write].map(|result| result.map_err(|error| error.kind()))
    });
    let (down, aborted) = (Err(ErrorKind::NetworkDown), Err(ErrorKind::ConnectionAborted));
    assert_eq!(errors, [down, down, aborted, aborted]);
}

#[test]
fn a_reset_destroys_what_is_in_flight_and_keeps_what_has_arrived() {
    let (text, error, at) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        server.write_all(b"arrived").await.expect("open");
        stage.sleep(us(250)).await;
        server.write_all(b" in flight").await.expect("open");
        let start = stage.now();
        stage.kill("server", Death::Reset);
        let mut bytes = Vec::new();
        let error = client.read_to_end(&mut bytes).await.expect_err("a reset");
        let write = client.write(b"x").await.expect_err("a reset");
        assert_eq!(write.kind(), ErrorKind::ConnectionReset);
        (String::from_utf8(bytes), error.kind(), stage.now().since(start))
    });
    assert_eq!((text.as_deref(), error, at), (Ok("arrived"), ErrorKind::ConnectionReset, us(250)));
}

#[test]
fn a_silent_death_is_never_noticed() {
    let (text, read, written) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        server.write_all(b"sent before").await.expect("open");
        stage.kill("server", Death::Silence);
        let runtime = stage.node("client");
        let mut text = [0; 11];
        client.read_exact(&mut text).await.expect("it was on its way");
        stage.node("server");
        let hour = Duration::from_secs(1_800);
        let read = runtime.timeout_at(stage.now() + hour, client.read(&mut [0; 8])).await.is_some();
        let mut written = 0;
        while let Some(count) = runtime.timeout_at(stage.now() + us(1), client.write(&[0; 1_000])).await {
            written += count.expect("no error either");
        }
        (text, read, written)
    });
    assert_eq!((&text, read, written), (b"sent before", false, 64 * 1024));
}

#[test]
fn a_silent_node_answers_again_in_its_new_life() {
    let (silent, answer) = played(constant(), |stage| async move {
        let (listener, address) = listen(&stage).await;
        stage.kill("server", Death::Silence);
        drop(listener);
        let client = stage.node("client");
        let minute = stage.now() + Duration::from_secs(60);
        let silent = client.timeout_at(minute, client.connect(address)).await.is_none();
        let mut listener = stage.node("server").listen(address).await.expect("the port is free again");
        stage.node("server").spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let byte = stream.read_u8().await.expect("open");
            stream.write_u8(byte + 1).await.expect("open");
        });
        let mut stream = client.connect(address).await.expect("a connection");
        (silent, round_trip(&mut stream, &[1]).await)
    });
    assert_eq!((silent, answer), (true, vec![2]));
}
