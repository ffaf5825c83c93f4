//! A message arrives as it was published, whatever was published before it: what is kept from one message to the next
//! never shows.

use handoff_broker::amqp::Settings;
use handoff_broker::amqp::codec::{
    BASIC_CLASS_ID, ContentHeader, Method, PropertiesBuilder, Table, body_payloads, write_body_frame,
};
use handoff_broker::core::{ChannelId, Command, ConnectionId, Machine, Message, Reply};

use crate::session::{Session, declare};

/// What a publisher says.
#[derive(Clone, Debug)]
struct Published {
    routing_key: &'static str,
    properties: Vec<u8>,
    body: Vec<u8>,
}

impl Published {
    fn write(&self, out: &mut Vec<u8>) {
        let Published { routing_key, properties, body } = self;
        let routing_key = routing_key.as_bytes();
        Method::BasicPublish { exchange: "", routing_key, mandatory: true, immediate: false }.write(1, out);
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: body.len() as u64, properties }.write(1, out);
        body_payloads(body, 4096).for_each(|payload| write_body_frame(1, payload, out));
    }
}

fn properties(app_id: &str) -> Vec<u8> {
    PropertiesBuilder::new().delivery_mode(2).app_id(app_id).build()
}

/// Takes the next message of a queue.
fn take(session: &mut Session, queue: &str) -> Message {
    let channel = ChannelId { connection: ConnectionId(1), number: 1 };
    match session.broker.handle(session.now, Command::Get { channel, queue, no_ack: true }) {
        Ok(Reply::Got(Some((delivery, _)))) => delivery.message,
        other => panic!("expected a message in {queue}, got {other:?}"),
    }
}

#[test]
fn a_message_arrives_as_it_was_published_whatever_came_before_it() {
    let mut published = Vec::new();
    for routing_key in ["a", "b"] {
        for app_id in ["one", "two", "a longer one"] {
            for body_bytes in [0, 5, 1024, 1025, 10_000] {
                let body = vec![body_bytes as u8; body_bytes];
                published.push(Published { routing_key, properties: properties(app_id), body });
            }
        }
    }
    let mut session = Session::open();
    session.send(|out| ["a", "b"].into_iter().for_each(|queue| declare(queue, Table::default(), out)));
    let pairs = published.iter().flat_map(|first| published.iter().map(move |second| [first, second]));
    for publish in pairs.flatten() {
        assert_eq!(session.send(|out| publish.write(out)), [""; 0]);
        let message = take(&mut session, publish.routing_key);
        assert_eq!((message.exchange(), message.routing_key()), ("", publish.routing_key.as_bytes()));
        assert!(message.properties() == publish.properties && message.body() == publish.body, "{publish:?}");
    }
}

#[test]
fn the_same_publish_is_mandatory_as_often_as_it_is_said_and_returned_when_there_is_no_queue() {
    let mut session = Session::open();
    session.send(|out| declare("a", Table::default(), out));
    let publish = Published { routing_key: "a", properties: properties("one"), body: b"x".to_vec() };
    assert_eq!(session.send(|out| (0..3).for_each(|_| publish.write(out))), [""; 0]);
    session
        .send(|out| Method::QueueDelete { queue: "a", if_unused: false, if_empty: false, no_wait: true }.write(1, out));
    assert_eq!(session.send(|out| publish.write(out)), ["basic.return", "Header", "Body"]);
    session.send(|out| declare("a", Table::default(), out));
    assert_eq!(session.send(|out| publish.write(out)), [""; 0]);
}

#[test]
fn the_same_publish_where_a_body_has_to_come_is_out_of_place() {
    let mut session = Session::open();
    session.send(|out| declare("a", Table::default(), out));
    let publish = Published { routing_key: "a", properties: properties("one"), body: b"x".to_vec() };
    session.send(|out| publish.write(out));
    let again = |out: &mut Vec<u8>| {
        let (exchange, routing_key) = ("", &b"a"[..]);
        Method::BasicPublish { exchange, routing_key, mandatory: true, immediate: false }.write(1, out);
    };
    assert_eq!(session.send(|out| [again, again].into_iter().for_each(|write| write(out))), ["connection.close 505"]);
}

#[test]
fn what_one_message_may_say_is_asked_again_of_one_that_says_something_else() {
    let mut session = Session::open();
    session.send(|out| declare("a", Table::default(), out));
    let of =
        |properties: PropertiesBuilder| Published { routing_key: "a", properties: properties.build(), body: vec![1] };
    let (guest, stranger) = (PropertiesBuilder::new().user_id("guest"), PropertiesBuilder::new().user_id("stranger"));
    assert_eq!(session.send(|out| (0..2).for_each(|_| of(guest.clone()).write(out))), [""; 0]);
    assert_eq!(session.send(|out| of(stranger).write(out)), ["channel.close 406"]);
    let mut session = Session::open();
    session.send(|out| declare("a", Table::default(), out));
    assert_eq!(session.send(|out| of(PropertiesBuilder::new().expiration("10")).write(out)), [""; 0]);
    assert_eq!(session.send(|out| of(PropertiesBuilder::new().expiration("20")).write(out)), [""; 0]);
    assert_eq!(session.send(|out| of(PropertiesBuilder::new().expiration("x")).write(out)), ["channel.close 406"]);
}

#[test]
fn messages_of_one_read_arrive_as_if_each_had_come_alone() {
    let mut kinds = Vec::new();
    for routing_key in ["a", "b"] {
        for app_id in ["one", "two"] {
            for body_bytes in [0, 5, 6, 4088, 4089] {
                kinds.push(Published { routing_key, properties: properties(app_id), body: vec![7; body_bytes] });
            }
        }
    }
    let mut published = Vec::new();
    for first in &kinds {
        for second in &kinds {
            published.extend([first, first, first, second, second, second, first].map(Clone::clone));
        }
    }
    let mut bytes = Vec::new();
    published.iter().for_each(|publish| publish.write(&mut bytes));
    for piece_bytes in [bytes.len(), 1_000, 61] {
        let mut session = Session::open();
        session.send(|out| ["a", "b"].into_iter().for_each(|queue| declare(queue, Table::default(), out)));
        for piece in bytes.chunks(piece_bytes) {
            assert_eq!(session.send_bytes(piece), [""; 0]);
        }
        for publish in &published {
            let message = take(&mut session, publish.routing_key);
            assert!(message.properties() == publish.properties && message.body() == publish.body, "{publish:?}");
        }
    }
}

#[test]
fn what_comes_behind_messages_waits_for_what_they_cause() {
    let mut session = Session::open();
    session.send(|out| {
        declare("a", Table::default(), out);
        let (queue, consumer_tag, arguments) = ("a", "worker", Table::default());
        let (no_local, no_ack, exclusive, no_wait) = (false, false, false, true);
        Method::BasicConsume { queue, consumer_tag, no_local, no_ack, exclusive, no_wait, arguments }.write(1, out);
    });
    let publish = Published { routing_key: "a", properties: properties("one"), body: b"x".to_vec() };
    session.send(|out| {
        (0..5).for_each(|_| publish.write(out));
        Method::QueuePurge { queue: "a", no_wait: true }.write(1, out);
    });
    let counts = session.broker.queue_counts("a").expect("it was declared");
    assert_eq!((counts.unacknowledged, counts.ready, counts.removed), (5, 0, 0));
}

#[test]
fn a_message_that_is_too_large_is_found_so_behind_others_like_it() {
    let settings = || Settings { max_message_bytes: 100, ..Settings::default() };
    let of = |body_bytes| Published { routing_key: "a", properties: properties("one"), body: vec![7; body_bytes] };
    let mut session = Session::with(settings()).log_in(b"\0guest\0guest");
    session.send(|out| declare("a", Table::default(), out));
    assert_eq!(session.send(|out| (0..5).for_each(|_| of(100).write(out))), [""; 0]);
    assert_eq!(session.send(|out| of(101).write(out))[..], ["channel.close 406"]);

    let mut session = Session::open();
    session.send(|out| declare("a", Table::default(), out));
    let answers = session.send(|out| {
        (0..5).for_each(|_| of(4088).write(out));
        let properties = &properties("one");
        let (exchange, routing_key) = ("", &b"a"[..]);
        Method::BasicPublish { exchange, routing_key, mandatory: true, immediate: false }.write(1, out);
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: 4097, properties }.write(1, out);
        write_body_frame(1, &[7; 4097], out);
    });
    assert_eq!(answers, ["connection.close 501"], "a frame that is larger than negotiated");
}
