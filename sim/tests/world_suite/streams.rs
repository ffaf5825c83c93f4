//! Latency, order, backpressure and the ends of streams.

use std::io::ErrorKind;
use std::time::Duration;

use handoff_broker::{Listener, Runtime, Timestamp};
use handoff_scenarios::Stage;
use handoff_sim::world::{Delay, LinkOptions, SimulatedStage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connected, constant, echo_server, listen, played, random, round_trip, us, with_links};

#[test]
fn a_link_of_250_us_gives_a_round_trip_of_500_us() {
    let (answer, elapsed) = played(constant(), |stage| async move {
        let address = echo_server(&stage).await;
        let mut stream = stage.node("client").connect(address).await.expect("a connection");
        let before = stage.now();
        let answer = round_trip(&mut stream, b"hello").await;
        (answer, stage.now().since(before))
    });
    assert_eq!((answer.as_slice(), elapsed), (&b"hello"[..], us(500)));
}

#[test]
fn each_direction_has_its_own_delay() {
    let mut options = constant();
    for (from, to, delay_us) in [("client", "server", 100), ("server", "client", 3_000)] {
        let link = LinkOptions { delay: Delay::constant(delay_us), ..LinkOptions::default() };
        options.network.links.insert((from.into(), to.into()), link);
    }
    let times = played(options, |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        let start = stage.now();
        client.write_all(b"?").await.expect("open");
        server.read_u8().await.expect("open");
        let there = stage.now().since(start);
        server.write_all(b"!").await.expect("open");
        client.read_u8().await.expect("open");
        (there, stage.now().since(start))
    });
    assert_eq!(times, (us(100), us(3_100)));
}

#[test]
fn bandwidth_spreads_bytes_over_time() {
    let bandwidth = LinkOptions { bandwidth_bytes_per_s: Some(1_000_000), ..LinkOptions::default() };
    let times = played(with_links(bandwidth), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        let start = stage.now();
        client.write_all(&[0; 1_000]).await.expect("open");
        client.write_all(&[0; 500]).await.expect("open");
        server.read_exact(&mut [0; 1_000]).await.expect("open");
        let first = stage.now().since(start);
        server.read_exact(&mut [0; 500]).await.expect("open");
        (first, stage.now().since(start))
    });
    assert_eq!(times, (us(1_250), us(1_750)));
}

#[test]
fn segments_with_random_delays_do_not_overtake_each_other() {
    let (numbers, delays) = played(random(3), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        let clock = stage.node("client");
        stage.node("client").spawn(async move {
            for number in 0..500_u32 {
                client.write_u32(number).await.expect("open");
                clock.sleep(us(100)).await;
            }
        });
        let (mut numbers, mut delays) = (Vec::new(), Vec::new());
        let start = stage.now();
        while let Ok(number) = server.read_u32().await {
            numbers.push(number);
            delays.push(stage.now().since(start + us(100) * number));
        }
        (numbers, delays)
    });
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
    let (least, most) = (delays.iter().min().expect("500"), delays.iter().max().expect("500"));
    // A segment may have waited for the one before it, but never for longer than that one's delay.
    assert!(*least < us(500) && *most > us(800) && *most <= us(1_000), "{least:?} to {most:?}");
}

#[test]
fn a_writer_waits_while_the_window_is_full() {
    let window = LinkOptions { window_bytes: 1_000, ..LinkOptions::default() };
    let (written_alone, read) = played(with_links(window), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        let (progress, written) = tokio::sync::watch::channel(0);
        stage.node("client").spawn(async move {
            for _ in 0..50 {
                client.write_all(&[7; 100]).await.expect("open");
                progress.send_modify(|written| *written += 100);
            }
        });
        stage.sleep(Duration::from_secs(10)).await;
        let written_alone = *written.borrow();
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).await.expect("open");
        (written_alone, bytes.len())
    });
    assert_eq!((written_alone, read), (1_000, 5_000));
}

#[test]
fn a_half_close_ends_one_direction_only() {
    let (request, answer, error) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        client.write_all(b"question").await.expect("open");
        client.shutdown().await.expect("open");
        let error = client.write_all(b"more").await.expect_err("nothing after the end");
        let (mut request, mut answer) = (String::new(), String::new());
        server.read_to_string(&mut request).await.expect("open");
        server.write_all(b"answer").await.expect("the other direction is open");
        drop(server);
        client.read_to_string(&mut answer).await.expect("open");
        (request, answer, error.kind())
    });
    assert_eq!((request.as_str(), answer.as_str(), error), ("question", "answer", ErrorKind::BrokenPipe));
}

#[test]
fn a_dropped_stream_ends_after_the_data_in_flight_and_fails_the_peers_writes() {
    let (text, at, early, late) = played(constant(), |stage| async move {
        let (mut client, mut server) = connected(&stage).await;
        let start = stage.now();
        server.write_all(b"last words").await.expect("open");
        drop(server);
        let early = client.write(b"x").await.map_err(|error| error.kind());
        let mut text = String::new();
        client.read_to_string(&mut text).await.expect("a clean end");
        let late = client.write(b"x").await.map_err(|error| error.kind());
        (text, stage.now().since(start), early, late)
    });
    assert_eq!((text.as_str(), at), ("last words", us(250)));
    // The client cannot know before the news has reached it.
    assert_eq!((early, late), (Ok(1), Err(ErrorKind::BrokenPipe)));
}

#[test]
fn a_writer_that_waits_for_room_learns_that_the_peer_is_gone() {
    let (error, at) = played(constant(), |stage| async move {
        let (mut client, server) = connected(&stage).await;
        let (clock, start) = (stage.clone(), stage.now());
        stage.node("server").spawn(async move {
            clock.sleep(us(1_000)).await;
            drop(server);
        });
        let error = client.write_all(&[0; 1_000_000]).await.expect_err("the peer leaves without reading");
        (error.kind(), stage.now().since(start))
    });
    assert_eq!((error, at), (ErrorKind::BrokenPipe, us(1_250)));
}

/// Copies everything between the first connection that it accepts and `target`.
async fn proxy(stage: &SimulatedStage, target: std::net::SocketAddr) -> std::net::SocketAddr {
    let node = stage.node("proxy");
    let mut listener = node.listen(stage.listen_address("proxy")).await.expect("a free port");
    let address = listener.local_address().expect("an address");
    stage.node("proxy").spawn(async move {
        let (mut inbound, _) = listener.accept().await.expect("a connection");
        let mut outbound = node.connect(target).await.expect("a connection");
        tokio::io::copy_bidirectional(&mut inbound, &mut outbound).await.expect("both ends are there");
    });
    address
}

#[test]
fn a_megabyte_passes_through_a_proxy_and_back_unchanged() {
    let intact = played(random(11), |stage| async move {
        let echo = echo_server(&stage).await;
        let address = proxy(&stage, echo).await;
        let stream = stage.node("client").connect(address).await.expect("a connection");
        let (mut reader, mut writer) = tokio::io::split(stream);
        let sent: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        let to_send = sent.clone();
        stage.node("client").spawn(async move {
            writer.write_all(&to_send).await.expect("open");
            writer.shutdown().await.expect("open");
        });
        let mut echoed = Vec::new();
        reader.read_to_end(&mut echoed).await.expect("a clean end");
        echoed == sent
    });
    assert!(intact);
}

#[test]
fn reads_return_what_has_arrived_over_the_borders_of_segments() {
    let counts = played(constant(), |stage| async move {
        let (mut listener, address) = listen(&stage).await;
        let mut client = stage.node("client").connect(address).await.expect("a connection");
        for segment in [&b"ab"[..], b"cde", b"f"] {
            client.write_all(segment).await.expect("open");
        }
        let (mut server, _) = listener.accept().await.expect("a connection");
        let mut counts = Vec::new();
        for size in [4, 8] {
            counts.push(server.read(&mut vec![0; size]).await.expect("open"));
        }
        (counts, stage.now())
    });
    assert_eq!(counts, (vec![4, 2], Timestamp::EPOCH + us(750)));
}
