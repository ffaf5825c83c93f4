//! The state machine of a connection, with a core behind it and another connection beside it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Timestamp;
use handoff_broker::amqp::codec::{
    BASIC_CLASS_ID, ContentHeader, FRAME_END, FrameKind, Method, PROTOCOL_HEADER, Table, parse_frame, write_body_frame,
};
use handoff_broker::amqp::{Connection, Output, Settings};
use handoff_broker::core::{Broker, ConnectionId, Machine};

/// The queue of the connection beside.
const QUEUE: &str = "bystander";
const MESSAGES: u64 = 2;

/// The first byte says how the others are meant: an even one, as the stream from its first byte on; an odd one, as
/// [`steps`] after a login.
///
/// Whatever comes, the broker is sound after it, what it answers is made of whole frames, and the other connection has
/// its messages. At the end nothing of the connection is left.
pub fn connection(bytes: &[u8]) {
    let Some((&mode, bytes)) = bytes.split_first() else { return };
    let mut world = World::new();
    let mut client = Client::new(&world, 2);
    if mode % 2 == 0 {
        client.send(&mut world, bytes);
    } else {
        client.log_in(&mut world);
        steps(bytes, &mut client, &mut world);
    }
    world.check();
    client.connection.end(world.now, &mut world.broker);
    world.settle();
    world.check();
    let left = world.broker.queues().map(|(_, counts)| counts.unacknowledged + counts.consumers).sum::<u64>();
    assert_eq!(left, 0, "something is held for a connection that ended");
}

/// Short records of a kind, a channel, a length, and so many bytes: a frame of that kind, whose length and end are
/// right. Kind 0 sends the bytes as they are, kind 255 lets time pass instead.
fn steps(mut bytes: &[u8], client: &mut Client, world: &mut World) {
    while let [kind, channel, length, rest @ ..] = bytes {
        let (payload, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        match kind {
            0 => client.send(world, payload),
            255 => client.wait(world, Duration::from_millis(100 * u64::from(*channel))),
            _ => client.send(world, &frame(*kind, (*channel).into(), payload)),
        }
        bytes = rest;
    }
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = channel.to_be_bytes();
    let mut frame = vec![kind, high, low];
    frame.extend_from_slice(&u32::try_from(payload.len()).expect("short").to_be_bytes());
    frame.extend_from_slice(payload);
    frame.push(FRAME_END);
    frame
}

/// A core, the time, and a client that has messages in a queue of its own.
struct World {
    now: Timestamp,
    broker: Broker,
    settings: Arc<Settings>,
}

impl World {
    fn new() -> World {
        let settings = Settings { heartbeat: Duration::from_secs(10), channel_max: 10, ..Settings::default() };
        let now = Timestamp::from_nanoseconds(1_000_000_000);
        let mut world = World { now, broker: Broker::new(), settings: Arc::new(settings) };
        let mut bystander = Client::new(&world, 1);
        bystander.log_in(&mut world);
        let mut setup = Vec::new();
        let (passive, durable, exclusive, auto_delete, no_wait) = (false, false, true, false, false);
        let arguments = Table::default();
        Method::QueueDeclare { queue: QUEUE, passive, durable, exclusive, auto_delete, no_wait, arguments }
            .write(1, &mut setup);
        for _ in 0..MESSAGES {
            let routing_key = QUEUE.as_bytes();
            Method::BasicPublish { exchange: "", routing_key, mandatory: false, immediate: false }.write(1, &mut setup);
            ContentHeader { class_id: BASIC_CLASS_ID, body_size: 1, properties: &[0, 0] }.write(1, &mut setup);
            write_body_frame(1, b"x", &mut setup);
        }
        bystander.send(&mut world, &setup);
        world
    }

    /// Carries out what the core wants done. Deliveries go nowhere: they are held until the connection ends.
    fn settle(&mut self) {
        while self.broker.next_effect().is_some() {}
    }

    fn check(&self) {
        self.broker.audit().expect("a sound broker");
        let counts = self.broker.queue_counts(QUEUE).expect("the other connection's queue");
        assert!(counts.ready >= MESSAGES && counts.ready == counts.taken, "the other's messages: {counts:?}");
    }
}

/// A connection, and what was sent on it and not taken yet.
struct Client {
    connection: Connection,
    output: Output,
    pending: Vec<u8>,
}

impl Client {
    fn new(world: &World, id: u64) -> Client {
        let connection = Connection::new(ConnectionId(id), Arc::clone(&world.settings), world.now);
        Client { connection, output: Output::new(world.settings.frame_max), pending: Vec::new() }
    }

    /// Logs in and opens channel 1.
    fn log_in(&mut self, world: &mut World) {
        let mut opening = PROTOCOL_HEADER.to_vec();
        let (client_properties, response) = (Table::default(), b"\0guest\0guest");
        Method::ConnectionStartOk { client_properties, mechanism: "PLAIN", response, locale: "en_US" }
            .write(0, &mut opening);
        Method::ConnectionTuneOk { channel_max: 10, frame_max: 4096, heartbeat: 10 }.write(0, &mut opening);
        Method::ConnectionOpen { virtual_host: "/" }.write(0, &mut opening);
        Method::ChannelOpen.write(1, &mut opening);
        self.send(world, &opening);
        assert!(self.pending.is_empty() && !self.connection.is_finished(), "the login works");
    }

    fn send(&mut self, world: &mut World, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        self.connection.heard(world.now);
        loop {
            let taken = self.connection.receive(world.now, &self.pending, &mut world.broker, &mut self.output);
            assert!(taken <= self.pending.len(), "more taken than there is");
            self.pending.drain(..taken);
            world.settle();
            let login = self.check_login(world);
            if !login && (taken == 0 || self.pending.is_empty()) {
                break;
            }
        }
        self.connection.flush(&mut self.output);
        self.read_answers();
    }

    /// What the shell does with a login; says whether there was one.
    fn check_login(&mut self, world: &World) -> bool {
        let Some(login) = self.connection.take_login() else { return false };
        let outcome = world.settings.access.log_in(&login, Ipv4Addr::LOCALHOST.into());
        self.connection.logged_in(world.now, outcome, &mut self.output);
        true
    }

    /// The time comes at which the core or the connection has something to do.
    fn wait(&mut self, world: &mut World, time: Duration) {
        world.now = world.now + time;
        if world.broker.deadline().is_some_and(|deadline| deadline <= world.now) {
            world.broker.expire(world.now);
        }
        world.settle();
        self.connection.expire(world.now, &mut world.broker, &mut self.output);
        world.settle();
        self.read_answers();
    }

    /// What the broker says is made of whole frames with methods that exist, or is its protocol header.
    fn read_answers(&mut self) {
        let mut bytes = Vec::new();
        self.output.take(&mut bytes);
        let mut rest = bytes.strip_suffix(&PROTOCOL_HEADER).unwrap_or(&bytes);
        while let Ok(Some((frame, taken))) = parse_frame(rest, u32::MAX) {
            if frame.kind == FrameKind::Method {
                Method::parse(frame.payload).expect("the broker writes methods that exist");
            }
            rest = &rest[taken..];
        }
        assert!(rest.is_empty(), "{rest:?} is no frame");
    }
}
