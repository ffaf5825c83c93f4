//! The programs: each does something small to a connection and says what it saw.

use std::io;
use std::pin::pin;

use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ground::Ground;

/// More than all buffers of an operating system together.
const LARGE: usize = 64 * 1024 * 1024;

macro_rules! programs {
    ($($name:ident),+ $(,)?) => {
        /// Runs the program of this name.
        pub async fn run<G: Ground>(program: &str, ground: G) -> String {
            match program {
                $(stringify!($name) => $name(&ground).await,)+
                other => panic!("no program is called {other}"),
            }
        }
    };
}

programs!(
    connect,
    refused,
    port_in_use,
    port_given_back,
    backlog_order,
    backlog_lost,
    early_data,
    many_writes,
    round_trip,
    window_full,
    last_words,
    end_again,
    half_close,
    finish_twice,
    write_after_finish,
    write_after_close,
    close_with_unread,
    blocked_by_leaver,
    reset,
    reset_again,
    reset_after_data,
    silence,
);

/// `ok`, or the kind of the error.
fn show<T>(result: &io::Result<T>) -> String {
    result.as_ref().map_or_else(|error| format!("{:?}", error.kind()), |_| "ok".into())
}

/// The number of bytes, or the kind of the error.
fn count(result: &io::Result<usize>) -> String {
    result.as_ref().map_or_else(|error| format!("{:?}", error.kind()), usize::to_string)
}

async fn read_text(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    format!("'{}' {}", String::from_utf8_lossy(&bytes), if end.is_ok() { "end".into() } else { show(&end) })
}

async fn connect<G: Ground>(ground: &G) -> String {
    let (listener, address) = ground.listen().await;
    let connected = ground.connect(address).await;
    drop(listener);
    show(&connected)
}

async fn refused<G: Ground>(ground: &G) -> String {
    let (listener, address) = ground.listen().await;
    drop(listener);
    show(&ground.connect(address).await)
}

async fn port_in_use<G: Ground>(ground: &G) -> String {
    let (_listener, address) = ground.listen().await;
    show(&ground.stage().node("server").listen(address).await)
}

async fn port_given_back<G: Ground>(ground: &G) -> String {
    let (listener, address) = ground.listen().await;
    drop(listener);
    show(&ground.stage().node("server").listen(address).await)
}

async fn backlog_order<G: Ground>(ground: &G) -> String {
    let (mut listener, address) = ground.listen().await;
    let mut answers = Vec::new();
    for word in [b"one", b"two"] {
        let mut client = ground.connect(address).await.expect("it listens");
        client.write_all(word).await.expect("open");
    }
    for _ in 0..2 {
        let (mut server, _) = listener.accept().await.expect("a connection");
        answers.push(read_text(&mut server).await);
    }
    answers.join(", ")
}

async fn backlog_lost<G: Ground>(ground: &G) -> String {
    let (listener, address) = ground.listen().await;
    let mut client = ground.connect(address).await.expect("it listens");
    drop(listener);
    count(&client.read(&mut [0; 8]).await)
}

async fn early_data<G: Ground>(ground: &G) -> String {
    let (mut listener, address) = ground.listen().await;
    let mut client = ground.connect(address).await.expect("it listens");
    let written = client.write(b"early").await;
    drop(client);
    let (mut server, _) = listener.accept().await.expect("a connection");
    format!("{}, {}", count(&written), read_text(&mut server).await)
}

async fn many_writes<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    for byte in b'a'..=b'z' {
        client.write_all(&[byte]).await.expect("open");
    }
    drop(client);
    read_text(&mut server).await
}

async fn round_trip<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    let clock = ground.stage().node("client");
    let start = clock.now();
    client.write_all(b"?").await.expect("open");
    server.read_u8().await.expect("open");
    server.write_all(b"!").await.expect("open");
    client.read_u8().await.expect("open");
    ground.show(clock.now().since(start))
}

async fn window_full<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    let (sent, mut received) = (vec![7; LARGE], vec![0; LARGE]);
    let mut writing = pin!(client.write_all(&sent));
    let alone = if ground.wait(&mut writing).await.is_some() { "is written" } else { "waits" };
    let (written, read) = tokio::join!(writing, server.read_exact(&mut received));
    format!("{alone}, then {} and {}", show(&written), if sent == received { "intact".into() } else { show(&read) })
}

async fn last_words<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    server.write_all(b"bye").await.expect("open");
    drop(server);
    read_text(&mut client).await
}

async fn end_again<G: Ground>(ground: &G) -> String {
    let (mut client, server) = ground.connected().await;
    drop(server);
    let first = client.read(&mut [0; 8]).await;
    format!("{}, {}", count(&first), count(&client.read(&mut [0; 8]).await))
}

async fn half_close<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    client.write_all(b"question").await.expect("open");
    client.shutdown().await.expect("open");
    let question = read_text(&mut server).await;
    let answered = server.write_all(b"answer").await;
    drop(server);
    format!("{question}, {}, {}", show(&answered), read_text(&mut client).await)
}

async fn finish_twice<G: Ground>(ground: &G) -> String {
    let (mut client, _server) = ground.connected().await;
    let first = client.shutdown().await;
    format!("{}, {}", show(&first), show(&client.shutdown().await))
}

async fn write_after_finish<G: Ground>(ground: &G) -> String {
    let (mut client, _server) = ground.connected().await;
    client.shutdown().await.expect("open");
    count(&client.write(b"more").await)
}

/// The client knows that the peer is gone, and writes until that fails.
async fn write_after_close<G: Ground>(ground: &G) -> String {
    let (mut client, server) = ground.connected().await;
    drop(server);
    let end = client.read(&mut [0; 8]).await;
    let first = client.write(b"x").await;
    let mut last = client.write(b"x").await;
    while last.is_ok() {
        last = client.write(b"x").await;
    }
    format!("{}, {}, in the end {}", count(&end), count(&first), count(&last))
}

/// The server has the client's bytes, does not read them all, and closes.
async fn close_with_unread<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    client.write_all(b"not all of this is read").await.expect("open");
    server.read_u8().await.expect("open");
    drop(server);
    count(&client.read(&mut [0; 8]).await)
}

async fn blocked_by_leaver<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    let sent = vec![7; LARGE];
    let mut writing = pin!(client.write_all(&sent));
    let alone = if ground.wait(&mut writing).await.is_some() { "is written" } else { "waits" };
    server.read_u8().await.expect("open");
    drop(server);
    format!("{alone}, then {}", show(&writing.await))
}

async fn reset<G: Ground>(ground: &G) -> String {
    let (mut client, server) = ground.connected().await;
    ground.reset(server);
    count(&client.read(&mut [0; 8]).await)
}

async fn reset_again<G: Ground>(ground: &G) -> String {
    let (mut client, server) = ground.connected().await;
    ground.reset(server);
    let first = client.read(&mut [0; 8]).await;
    let again = client.read(&mut [0; 8]).await;
    format!("{}, {}, {}", count(&first), count(&again), count(&client.write(b"x").await))
}

/// Some of what was sent before the reset has arrived and was not read yet.
async fn reset_after_data<G: Ground>(ground: &G) -> String {
    let (mut client, mut server) = ground.connected().await;
    server.write_all(b"arrived").await.expect("open");
    client.read_u8().await.expect("open");
    ground.reset(server);
    read_text(&mut client).await
}

/// On loopback no machine can vanish: a peer that holds its socket and says nothing looks the same.
async fn silence<G: Ground>(ground: &G) -> String {
    let (mut client, _server) = ground.connected().await;
    let written = client.write(b"anybody there?").await;
    let read = ground.wait(client.read(&mut [0; 8])).await;
    format!("{}, {}", count(&written), read.map_or("waits".into(), |read| count(&read)))
}
