//! Partitions.

use std::io::ErrorKind;
use std::time::Duration;

use handoff_broker::{Listener, Runtime, Timestamp};
use handoff_scenarios::Stage;
use handoff_sim::world::Death;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connected, constant, echo_server, listen, played, us};

#[test]
fn what_is_in_flight_waits_for_the_heal_and_one_more_delay() {
    let (arrived, text, at) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        client.write_all(b"in flight, ").await.expect("open");
        stage.sleep(us(100)).await;
        stage.partition("server", "client");
        client.write_all(b"written later, ").await.expect("the window has room");
        let hour = stage.now() + Duration::from_secs(1_800);
        let arrived = stage.node("server").timeout_at(hour, server.read_u8()).await.is_some();
        stage.heal("client", "server");
        let start = stage.now();
        let mut text = [0; 26];
        server.read_exact(&mut text).await.expect("it is healed");
        (arrived, String::from_utf8(text.to_vec()), stage.now().since(start))
    });
    assert_eq!((arrived, text.as_deref(), at), (false, Ok("in flight, written later, "), us(250)));
}

#[test]
fn what_had_arrived_can_be_read_during_a_partition() {
    let byte = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        client.write_u8(7).await.expect("open");
        stage.sleep(us(250)).await;
        stage.partition("client", "server");
        server.read_u8().await.map_err(|error| error.kind())
    });
    assert_eq!(byte, Ok(7));
}

#[test]
fn a_one_way_partition_lets_the_other_direction_through() {
    let (there, back) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        stage.partition_one_way("client", "server");
        client.write_u8(1).await.expect("open");
        server.write_u8(2).await.expect("open");
        let back = client.read_u8().await.map_err(|error| error.kind());
        let minute = stage.now() + Duration::from_secs(60);
        (stage.node("server").timeout_at(minute, server.read_u8()).await.is_some(), back)
    });
    assert_eq!((there, back), (false, Ok(2)));
}

#[test]
fn the_end_of_a_stream_and_a_reset_are_held_too() {
    for (death, seen) in [(Death::Eof, Ok(0)), (Death::Reset, Err(ErrorKind::ConnectionReset))] {
        let (early, late) = played(constant(), move |stage| async move {
            let (mut client, _server) = connected(&stage).await;
            stage.partition("client", "server");
            stage.kill("server", death);
            let minute = stage.now() + Duration::from_secs(60);
            let early = stage.node("client").timeout_at(minute, client.read(&mut [0; 8])).await.is_some();
            stage.heal("client", "server");
            (early, client.read(&mut [0; 8]).await.map_err(|error| error.kind()))
        });
        assert_eq!((early, late), (false, seen), "{death}");
    }
}

#[test]
fn connecting_waits_for_the_heal() {
    for directions in [[("client", "server")], [("server", "client")]] {
        let (cut, healed) = played(constant(), move |stage| async move {
            let address = echo_server(&stage).await;
            for (from, to) in directions {
                stage.partition_one_way(from, to);
            }
            let client = stage.node("client");
            let minute = stage.now() + Duration::from_secs(60);
            let cut = client.timeout_at(minute, client.connect(address)).await.is_some();
            let (healer, clock) = (stage.clone(), stage.node("stage"));
            stage.node("stage").spawn(async move {
                clock.sleep(us(10_500)).await;
                healer.heal("client", "server");
            });
            (cut, client.connect(address).await.is_ok())
        });
        assert_eq!((cut, healed), (false, true), "{directions:?}");
    }
}

#[test]
fn an_answer_is_held_by_a_one_way_partition() {
    let (before, after) = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        let client = stage.node("client");
        let mut stream = client.connect(address).await.expect("a connection");
        stage.partition_one_way("server", "client");
        stream.write_u8(5).await.expect("open");
        let minute = stage.now() + Duration::from_secs(60);
        let before = client.timeout_at(minute, stream.read_u8()).await.is_some();
        stage.heal("client", "server");
        (before, stream.read_u8().await.map_err(|error| error.kind()))
    });
    assert_eq!((before, after), (false, Ok(5)));
}

#[test]
fn what_the_server_says_first_is_held_if_the_partition_is_older_than_the_connection() {
    let (connected_at, read_at) = played(constant(), |stage| async move {
        let (mut listener, address) = listen(&stage).await;
        stage.node("server").spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("the request gets through");
            stream.write_u8(1).await.expect("open");
            let _ = stream.read_u8().await;
        });
        stage.partition_one_way("server", "client");
        let (healer, clock) = (stage.clone(), stage.node("stage"));
        stage.node("stage").spawn(async move {
            clock.sleep(us(1_000_700)).await;
            healer.heal("client", "server");
        });
        let mut stream = stage.node("client").connect(address).await.expect("a connection");
        let connected_at = stage.now();
        stream.read_u8().await.expect("open");
        (connected_at, stage.now())
    });
    // The answer is lost at 500 us, sent again a second later, and gets through; the byte waits for the heal.
    assert_eq!((connected_at, read_at), (Timestamp::EPOCH + us(1_000_750), Timestamp::EPOCH + us(1_000_950)));
}
