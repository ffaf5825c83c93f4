//! Client and broker over real TCP on loopback: what an application sees.
#![allow(clippy::disallowed_methods, reason = "real sockets, without a client in between")]

use std::net::SocketAddr;
use std::time::Duration;

use handoff_broker::amqp::Settings;
use handoff_broker::client::{Certainty, Channel, ClientError, Connection, ConnectionOptions};
use handoff_broker::core::{Broker, Overflow, QueueOptions, QueuePolicy};
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime, TokioRuntime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct World {
    runtime: TokioRuntime,
    address: SocketAddr,
    server: Server<Broker>,
}

async fn start(options: ServerOptions) -> World {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_address().unwrap();
    let server = Server::new(Broker::new(), options);
    let serving = server.clone();
    runtime.spawn(async move { serving.serve(runtime, listener).await });
    World { runtime, address, server }
}

impl World {
    async fn connect(&self) -> Connection {
        Connection::open(&self.runtime, self.address, &ConnectionOptions::default()).await.unwrap()
    }

    async fn channel(&self) -> (Connection, Channel) {
        let connection = self.connect().await;
        let channel = connection.open_channel().await.unwrap();
        channel.select_confirms().await.unwrap();
        (connection, channel)
    }
}

fn dead_lettering(limit: u32) -> QueueOptions {
    let policy = QueuePolicy {
        delivery_limit: Some(limit),
        dead_letter_exchange: Some(String::new()),
        dead_letter_routing_key: Some(b"dead".to_vec()),
        ..QueuePolicy::default()
    };
    QueueOptions { policy, ..QueueOptions::default() }
}

async fn publish(channel: &Channel, queue: &str, body: &[u8]) -> Result<(), ClientError> {
    channel.publish("", queue.as_bytes(), &[0, 0], body)?.await
}

#[tokio::test]
async fn a_message_is_published_confirmed_delivered_and_acknowledged() {
    let world = start(ServerOptions::default()).await;
    let (_producing, producer) = world.channel().await;
    let (_consuming, consumer) = world.channel().await;
    producer.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    let mut deliveries = consumer.consume("jobs", "worker").await.unwrap();

    publish(&producer, "jobs", b"hello").await.unwrap();

    let delivery = deliveries.next().await.unwrap();
    assert_eq!(delivery.body, b"hello");
    assert!(!delivery.redelivered);
    consumer.acknowledge(delivery.delivery_tag, false).unwrap();
    // Answered after the acknowledgement, on the same channel: so that was taken.
    assert_eq!(consumer.purge_queue("jobs").await.unwrap(), 0);
    let counts = world.server.inspect(|broker| broker.queue_counts("jobs").unwrap());
    assert_eq!((counts.taken, counts.acknowledged, counts.ready, counts.unacknowledged), (1, 1, 0, 0));
}

#[tokio::test]
async fn what_a_vanished_consumer_held_goes_to_another_in_order_and_before_newer_messages() {
    let world = start(ServerOptions::default()).await;
    let (_producing, producer) = world.channel().await;
    producer.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    for body in [b"1", b"2", b"3"] {
        publish(&producer, "jobs", body).await.unwrap();
    }
    let (dying, first) = world.channel().await;
    first.set_prefetch(2).await.unwrap();
    let mut held = first.consume("jobs", "dying").await.unwrap();
    assert_eq!(held.next().await.unwrap().body, b"1");
    assert_eq!(held.next().await.unwrap().body, b"2");
    drop(dying);

    let (_living, second) = world.channel().await;
    let mut deliveries = second.consume("jobs", "living").await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let delivery = deliveries.next().await.unwrap();
        seen.push((delivery.body.clone(), delivery.delivery_count()));
    }
    // The death may be noticed after the second consumer came: then 3 was delivered first, and rightly so.
    seen.sort();
    assert_eq!(seen, [(b"1".to_vec(), 1), (b"2".to_vec(), 1), (b"3".to_vec(), 0)]);
}

#[tokio::test]
async fn a_message_beyond_its_delivery_limit_ends_in_the_dead_letter_queue() {
    let world = start(ServerOptions::default()).await;
    let (_connection, channel) = world.channel().await;
    channel.declare_queue("jobs", &dead_lettering(2)).await.unwrap();
    channel.declare_queue("dead", &QueueOptions::default()).await.unwrap();
    publish(&channel, "jobs", b"poison").await.unwrap();

    let mut deliveries = channel.consume("jobs", "worker").await.unwrap();
    let mut dead = channel.consume("dead", "undertaker").await.unwrap();
    for attempt in 0..3 {
        let delivery = deliveries.next().await.unwrap();
        assert_eq!(delivery.delivery_count(), attempt);
        channel.reject(delivery.delivery_tag, true).unwrap();
    }

    let letter = dead.next().await.unwrap();
    assert_eq!(letter.body, b"poison");
    assert_eq!(letter.deaths(), [("jobs".into(), "delivery_limit".into(), 1)]);
    assert_eq!(letter.delivery_count(), 0, "it is new in the queue it is in now");
}

#[tokio::test]
async fn a_full_queue_refuses_and_the_producer_learns_it() {
    let world = start(ServerOptions::default()).await;
    let (_connection, channel) = world.channel().await;
    let policy = QueuePolicy { max_length: Some(2), overflow: Overflow::RejectPublish, ..QueuePolicy::default() };
    channel.declare_queue("small", &QueueOptions { policy, ..QueueOptions::default() }).await.unwrap();

    let sent: Vec<_> = (0..3).map(|_| channel.publish("", b"small", &[0, 0], b"x").unwrap()).collect();
    let mut outcomes = Vec::new();
    for confirmation in sent {
        outcomes.push(confirmation.await.map_err(|error| error.certainty()));
    }

    assert_eq!(outcomes, [Ok(()), Ok(()), Err(Certainty::Failed)]);
}

#[tokio::test]
async fn an_unknown_queue_ends_the_channel_and_not_the_connection() {
    let world = start(ServerOptions::default()).await;
    let connection = world.connect().await;
    let channel = connection.open_channel().await.unwrap();

    let error = channel.consume("nowhere", "worker").await.unwrap_err();

    let ClientError::Refused { code, text } = error else { panic!("{error}") };
    assert_eq!((code, text.as_str()), (404, "NOT_FOUND - no queue 'nowhere' in vhost '/'"));
    assert_eq!(channel.purge_queue("nowhere").await.unwrap_err().certainty(), Certainty::Failed);
    let other = connection.open_channel().await.unwrap();
    other.declare_queue("somewhere", &QueueOptions::default()).await.unwrap();
}

#[tokio::test]
async fn bodies_of_any_size_arrive_as_they_were() {
    let world = start(ServerOptions::default()).await;
    let (_connection, channel) = world.channel().await;
    channel.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    let mut deliveries = channel.consume("jobs", "worker").await.unwrap();
    // Around one frame's payload, around two, and many.
    for body_bytes in [0, 1, 131_063, 131_064, 131_065, 262_128, 3_000_000] {
        let body: Vec<u8> = (0..body_bytes).map(|at| (at % 251) as u8).collect();
        publish(&channel, "jobs", &body).await.unwrap();
        let delivery = deliveries.next().await.unwrap();
        assert!(delivery.body == body, "a body of {body_bytes} bytes");
        channel.acknowledge(delivery.delivery_tag, false).unwrap();
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_leaves_the_backlog_in_the_queue() {
    let world = start(ServerOptions::default()).await;
    let (_producing, producer) = world.channel().await;
    producer.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    let mut deaf = raw_consumer(world.address, "jobs").await;
    let body = vec![7; 64 * 1024];
    for _ in 0..1_000 {
        publish(&producer, "jobs", &body).await.unwrap();
    }
    let counts = world.server.inspect(|broker| broker.queue_counts("jobs").unwrap());
    assert!(counts.ready > 500, "64 MB went into a socket that nobody reads: {counts:?}");

    // It reads again: everything comes.
    let mut read_bytes = 0;
    let mut buffer = vec![0; 1 << 20];
    while read_bytes < 1_000 * body.len() {
        read_bytes += deaf.read(&mut buffer).await.unwrap();
    }
    let counts = world.server.inspect(|broker| broker.queue_counts("jobs").unwrap());
    assert_eq!((counts.ready, counts.unacknowledged), (0, 1_000));
}

/// A consumer without prefetch that reads only when told: bytes on a socket, no client in between.
async fn raw_consumer(address: SocketAddr, queue: &str) -> TcpStream {
    use handoff_broker::amqp::codec::{Method, PROTOCOL_HEADER, Table};
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut out = PROTOCOL_HEADER.to_vec();
    let arguments = Table::default();
    let response = b"\0guest\0guest";
    Method::ConnectionStartOk { client_properties: arguments, mechanism: "PLAIN", response, locale: "en_US" }
        .write(0, &mut out);
    Method::ConnectionTuneOk { channel_max: 0, frame_max: 0, heartbeat: 0 }.write(0, &mut out);
    Method::ConnectionOpen { virtual_host: "/" }.write(0, &mut out);
    Method::ChannelOpen {}.write(1, &mut out);
    let (no_local, no_ack, exclusive, no_wait) = (false, false, false, false);
    Method::BasicConsume { queue, consumer_tag: "deaf", no_local, no_ack, exclusive, no_wait, arguments }
        .write(1, &mut out);
    stream.write_all(&out).await.unwrap();
    // The answer to the last of these requests ends with the consumer's tag.
    let mut answers = Vec::new();
    while !answers.ends_with(b"\x04deaf\xCE") {
        answers.push(stream.read_u8().await.unwrap());
    }
    stream
}

#[tokio::test]
async fn garbage_ends_its_own_connection_and_nobody_elses() {
    let world = start(ServerOptions::default()).await;
    let (_connection, channel) = world.channel().await;
    channel.declare_queue("jobs", &QueueOptions::default()).await.unwrap();

    let mut garbage = TcpStream::connect(world.address).await.unwrap();
    garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    garbage.read_to_end(&mut answer).await.unwrap();

    assert_eq!(answer, b"AMQP\0\0\x09\x01");
    publish(&channel, "jobs", b"still here").await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_by_name() {
    let settings = Settings { login_delay: Duration::ZERO, ..Settings::default() };
    let world = start(ServerOptions { settings, ..ServerOptions::default() }).await;
    let options = ConnectionOptions { password: "wrong".into(), ..ConnectionOptions::default() };

    let Err(error) = Connection::open(&world.runtime, world.address, &options).await else { panic!("let in") };

    assert!(matches!(error, ClientError::Refused { code: 403, .. }), "{error}");
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let world = start(ServerOptions { max_connections: 1, ..ServerOptions::default() }).await;
    let _first = world.connect().await;

    let second = Connection::open(&world.runtime, world.address, &ConnectionOptions::default()).await;

    assert!(second.is_err());
}

#[tokio::test]
async fn a_handshake_that_is_not_finished_is_given_up() {
    let settings = Settings { handshake_timeout: Duration::from_millis(50), ..Settings::default() };
    let world = start(ServerOptions { settings, ..ServerOptions::default() }).await;
    let mut half_open = TcpStream::connect(world.address).await.unwrap();
    half_open.write_all(b"AMQP").await.unwrap();

    // Ends by itself; without the limit this would never return.
    let mut answer = Vec::new();
    half_open.read_to_end(&mut answer).await.unwrap();

    assert!(answer.is_empty());
}

#[tokio::test]
async fn shutting_down_tells_the_clients_and_ends() {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_address().unwrap();
    let server = Server::new(Broker::new(), ServerOptions::default());
    let serving = server.clone();
    let served = tokio::spawn(async move { serving.serve(runtime, listener).await });
    let connection = Connection::open(&runtime, address, &ConnectionOptions::default()).await.unwrap();

    server.shut_down();
    served.await.unwrap();

    let Err(error) = connection.open_channel().await else { panic!("still open") };
    assert!(error.to_string().contains("320"), "{error}");
}
