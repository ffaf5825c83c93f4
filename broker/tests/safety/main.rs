//! Safe under any client, over real TCP on loopback: floods, half-finished work, guessed passwords, too much of
//! everything. One connection's fault touches nobody else.
#![allow(clippy::disallowed_methods, reason = "real sockets, without a client in between")]

mod raw;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::access::{AccessControl, CheckPassword, Password, Permissions, User};
use handoff_broker::amqp::codec::{Method, PROTOCOL_HEADER, write_body_frame};
use handoff_broker::amqp::{ConnectionState, Settings};
use handoff_broker::client::{Channel, ClientError, Connection, ConnectionOptions};
use handoff_broker::core::{Broker, Limits, QueueOptions};
use handoff_broker::server::{MemoryWatermark, Server, ServerOptions};
use handoff_broker::{Listener, Runtime, TokioRuntime};

use raw::{RawClient, begin_publish, declare, publish, write_start_ok};

struct World {
    runtime: TokioRuntime,
    address: SocketAddr,
    server: Server<Broker>,
}

impl World {
    async fn start(options: ServerOptions, limits: Limits) -> World {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        let server = Server::hosting(options, |_| Some(Broker::new().limited_to(limits)));
        let serving = server.clone();
        runtime.spawn(async move { serving.serve(runtime, listener).await });
        World { runtime, address, server }
    }

    async fn with_memory(bytes: u64) -> World {
        let memory = MemoryWatermark::at(bytes);
        World::start(ServerOptions { memory, ..ServerOptions::default() }, Limits::default()).await
    }

    async fn with_settings(settings: Settings) -> World {
        World::start(ServerOptions { settings, ..ServerOptions::default() }, Limits::default()).await
    }

    async fn try_connect(&self, user: &str, password: &str, virtual_host: &str) -> Result<Connection, ClientError> {
        let options = ConnectionOptions {
            user: user.into(),
            password: password.into(),
            virtual_host: virtual_host.into(),
            ..ConnectionOptions::default()
        };
        Connection::open(&self.runtime, self.address, &options).await
    }

    async fn channel(&self) -> (Connection, Channel) {
        let connection = self.try_connect("guest", "guest", "/").await.unwrap();
        let channel = connection.open_channel().await.unwrap();
        channel.select_confirms().await.unwrap();
        (connection, channel)
    }
}

fn refusal(result: Result<Connection, ClientError>) -> String {
    match result {
        Ok(_) => panic!("let in"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_flood_into_a_queue_without_consumers_is_stopped_and_goes_on_when_it_is_drained() {
    let world = World::with_memory(1_000_000).await;
    let mut producer = RawClient::open(world.address).await;
    let (_other, consumer) = world.channel().await;
    consumer.declare_queue("flood", &QueueOptions::default()).await.unwrap();
    let mut message = Vec::new();
    publish("flood", &[7; 10_000], &mut message);

    // As much as the sockets take: far more than the broker does.
    let mut sent_bytes = 0;
    let flood = message.repeat(2_000);
    while sent_bytes < flood.len() {
        let written = producer.try_send(&flood[sent_bytes..]);
        sent_bytes += written;
        if written == 0 && world.server.snapshot().memory.is_blocking {
            break;
        }
        tokio::task::yield_now().await;
    }
    producer.expect("connection.blocked: low on memory").await;
    let snapshot = world.server.snapshot();
    let memory = snapshot.memory;
    assert!(memory.message_bytes + memory.buffer_bytes < 2_000_000, "{memory:?}");
    assert_eq!(snapshot.connections[0].state, ConnectionState::Blocked);

    // Others work: publishing included, until they have published. The backlog is drained.
    let mut deliveries = consumer.consume("flood", "drain").await.unwrap();
    let whole_messages = sent_bytes / message.len();
    for _ in 0..whole_messages {
        let delivery = deliveries.next().await.unwrap();
        assert_eq!(delivery.body.len(), 10_000);
        consumer.acknowledge(delivery.delivery_tag, false).unwrap();
    }
    producer.expect("connection.unblocked").await;
}

#[tokio::test]
async fn a_blocked_producer_that_leaves_is_noticed_when_it_is_read_again_and_costs_nobody_anything() {
    let world = World::with_memory(100_000).await;
    let mut producer = RawClient::open(world.address).await;
    let (_other, consumer) = world.channel().await;
    consumer.declare_queue("flood", &QueueOptions::default()).await.unwrap();
    producer.send(|out| publish("flood", &[7; 120_000], out)).await;
    producer.expect("connection.blocked: low on memory").await;
    drop(producer);

    assert_eq!(consumer.purge_queue("flood").await.unwrap(), 1);

    while world.server.snapshot().connections.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(!world.server.snapshot().memory.is_blocking);
}

#[tokio::test]
async fn bodies_that_are_begun_and_never_finished_are_bounded_for_one_connection_and_for_all() {
    let settings = Settings { max_message_bytes: 300_000, ..Settings::default() };
    let memory = MemoryWatermark::at(2_000_000);
    let world = World::start(ServerOptions { settings, memory, ..ServerOptions::default() }, Limits::default()).await;
    let begin = |channel: u16, out: &mut Vec<u8>| {
        begin_publish(channel, "q", 200_000, out);
        write_body_frame(channel, &[7; 100_000], out);
    };

    // One connection, many channels.
    let mut greedy = RawClient::open(world.address).await;
    greedy.send(|out| begin(1, out)).await;
    for channel in 2..=4 {
        greedy.send(|out| Method::ChannelOpen {}.write(channel, out)).await;
        greedy.expect("channel.open-ok").await;
        greedy.send(|out| begin(channel, out)).await;
    }
    greedy.expect("connection.close: RESOURCE_ERROR - unfinished messages hold more than 300000 bytes").await;
    drop(greedy);

    // Many connections: a quarter of the watermark is for them.
    let mut many = Vec::new();
    for _ in 0..6 {
        let mut client = RawClient::open(world.address).await;
        client.send(|out| begin(1, out)).await;
        many.push(client);
    }
    let (_other, channel) = world.channel().await;
    channel.declare_queue("q", &QueueOptions::default()).await.unwrap();
    channel.publish("", b"q", &[0, 0], b"whole").unwrap().await.unwrap();
    let mut refused = 0;
    for mut client in many {
        // Whoever was not refused finishes its message, and is answered.
        client.send(|out| write_body_frame(1, &[7; 100_000], out)).await;
        client.send(|out| Method::ChannelOpen {}.write(2, out)).await;
        match client.next().await.as_deref() {
            Some("channel.open-ok") => {}
            Some("connection.close: RESOURCE_ERROR - unfinished messages hold too much memory") => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 1, "five times 100 kB are half a megabyte");
}

#[tokio::test]
async fn a_million_queues_are_answered_with_a_limit() {
    let limits = Limits { queues: 50, ..Limits::default() };
    let world = World::start(ServerOptions::default(), limits).await;
    let mut greedy = RawClient::open(world.address).await;
    greedy.send(|out| (0..1_000).for_each(|number| declare(&format!("q{number}"), out))).await;
    for _ in 0..50 {
        greedy.expect("queue.declare-ok").await;
    }
    let refused =
        "channel.close: PRECONDITION_FAILED - cannot declare queue 'q50': queue limit in vhost '/' (50) is reached";
    greedy.expect(refused).await;
    assert_eq!(world.server.inspect(|broker| broker.queues().count()), 50);
}

#[tokio::test]
async fn who_asks_for_more_than_it_reads_is_not_answered_further() {
    let world = World::with_memory(u64::MAX).await;
    let (_other, channel) = world.channel().await;
    channel.declare_queue("large", &QueueOptions::default()).await.unwrap();
    for _ in 0..50 {
        channel.publish("", b"large", &[0, 0], &[7; 1_000_000]).unwrap().await.unwrap();
    }
    let mut deaf = RawClient::open(world.address).await;
    // All of it comes in one read, and its answers are fifty megabytes.
    deaf.send(|out| (0..50).for_each(|_| Method::BasicGet { queue: "large", no_ack: false }.write(1, out))).await;
    let unacknowledged = || world.server.inspect(|broker| broker.queue_counts("large").unwrap().unacknowledged);
    while unacknowledged() < 5 {
        tokio::task::yield_now().await;
    }
    // Others are served meanwhile, and each of their answers proves a turn of the server.
    for _ in 0..20 {
        channel.declare_queue("large", &QueueOptions::default()).await.unwrap();
    }
    assert!(unacknowledged() < 40, "{} were taken for somebody who does not read", unacknowledged());
    for _ in 0..50 {
        deaf.expect("basic.get-ok").await;
    }
    assert_eq!(unacknowledged(), 50);
}

struct Sesame;

impl CheckPassword for Sesame {
    fn is(&self, password: &[u8]) -> bool {
        password == b"sesame"
    }
}

/// `guest`, and `alice` with a checked password, who may open `/` and `other`.
fn alice(permissions: Permissions) -> Settings {
    let mut access = AccessControl::default();
    access.virtual_hosts.push("other".into());
    let permissions = ["/", "other"].map(|host| (host.to_owned(), permissions.clone()));
    let password = Password::Checked(Arc::new(Sesame));
    access.users.insert("alice".into(), User { password, loopback_only: false, permissions: permissions.into() });
    Settings { access: Arc::new(access), login_delay: Duration::ZERO, ..Settings::default() }
}

#[tokio::test]
async fn logins_are_checked_and_refused_without_saying_why() {
    let world = World::with_settings(alice(Permissions::everything())).await;
    world.try_connect("alice", "sesame", "/").await.unwrap();
    for (user, password) in [("alice", "guest"), ("alice", ""), ("nobody", "sesame"), ("", "")] {
        let text = refusal(world.try_connect(user, password, "/").await);
        let expected = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.";
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(world.server.snapshot().totals.logins_refused, 4);
    let text = refusal(world.try_connect("guest", "guest", "other").await);
    assert!(text.contains("NOT_ALLOWED - access to vhost 'other' refused for user 'guest'"), "{text}");
    let text = refusal(world.try_connect("guest", "guest", "nowhere").await);
    assert!(text.contains("NOT_ALLOWED - vhost nowhere not found"), "{text}");
}

#[tokio::test]
async fn a_guesser_waits_and_may_not_even_be_told() {
    let settings = Settings { login_delay: Duration::from_secs(3_600), ..Settings::default() };
    let world = World::with_settings(settings).await;
    let mut guesser = RawClient::connect(world.address).await;
    guesser
        .send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            write_start_ok(b"\0guest\0wrong", out);
        })
        .await;
    guesser.expect("connection.start").await;
    while world.server.snapshot().totals.logins_refused == 0 {
        tokio::task::yield_now().await;
    }
    // Whoever is right is served meanwhile.
    world.channel().await;
    world.server.shut_down();
    assert_eq!(guesser.next().await, None, "a shutdown ends the wait");
}

#[tokio::test]
async fn virtual_hosts_know_nothing_of_each_other() {
    let world = World::with_settings(alice(Permissions::everything())).await;
    let (_here, here) = world.channel().await;
    here.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    let connection = world.try_connect("alice", "sesame", "other").await.unwrap();
    let there = connection.open_channel().await.unwrap();

    let error = there.consume("jobs", "worker").await.unwrap_err();

    assert!(error.to_string().contains("NOT_FOUND - no queue 'jobs' in vhost 'other'"), "{error}");
    let there = connection.open_channel().await.unwrap();
    there.select_confirms().await.unwrap();
    there.declare_queue("jobs", &QueueOptions::default()).await.unwrap();
    there.publish("", b"jobs", &[0, 0], b"there").unwrap().await.unwrap();
    assert_eq!(here.purge_queue("jobs").await.unwrap(), 0);
    let snapshot = world.server.snapshot();
    let hosts = snapshot.virtual_hosts.iter().map(|host| (&*host.name, host.core.queues[0].counts.ready));
    assert_eq!(hosts.collect::<Vec<_>>(), [("/", 0), ("other", 1)]);
    let clients = snapshot.connections.iter().filter_map(|connection| connection.client.as_ref());
    let clients: Vec<_> = clients.map(|client| (&*client.user, &*client.virtual_host)).collect();
    assert_eq!(clients, [("guest", "/"), ("alice", "other")]);
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_published_and_cuts_off_who_does_not_answer() {
    let settings = Settings { close_timeout: Duration::from_millis(50), ..Settings::default() };
    let runtime = TokioRuntime::new();
    let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_address().unwrap();
    let server = Server::new(Broker::new(), ServerOptions { settings, ..ServerOptions::default() });
    let serving = server.clone();
    let served = tokio::spawn(async move { serving.serve(runtime, listener).await });
    let mut client = RawClient::open(address).await;
    client
        .send(|out| {
            declare("jobs", out);
            Method::ConfirmSelect { no_wait: false }.write(1, out);
            publish("jobs", b"last", out);
        })
        .await;
    client.expect("queue.declare-ok").await;

    server.shut_down();

    client.expect("basic.ack 1").await;
    client
        .expect("connection.close: CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'")
        .await;
    // It does not answer; the server ends all the same.
    served.await.unwrap();
    assert!(server.is_stopping());
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn who_talks_on_after_the_close_is_not_reset() {
    let world = World::with_settings(Settings::default()).await;
    let mut client = RawClient::open(world.address).await;
    client
        .send(|out| {
            Method::ConnectionClose { reply_code: 200, reply_text: "", class_id: 0, method_id: 0 }.write(0, out)
        })
        .await;
    client.expect("connection.close-ok").await;
    assert_eq!(client.next().await, None);

    // A reset would make one of them fail, and could have taken the answer away.
    for _ in 0..100 {
        client
            .send(|out| {
                Method::ChannelClose { reply_code: 200, reply_text: "", class_id: 0, method_id: 0 }.write(1, out)
            })
            .await;
        tokio::task::yield_now().await;
    }
}
