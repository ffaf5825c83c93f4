//! Exchanges beyond the plain ones: topics, headers, alternates, exchanges bound to exchanges, copies.

use super::*;
use crate::amqp::codec::{ArrayBuilder, PropertiesBuilder, TableBuilder, Value};

fn with(kinds: &[(&'static str, ExchangeKind)], queues: &[&str]) -> Driver {
    let mut driver = Driver::new();
    for (name, kind) in kinds {
        declare(&mut driver, name, ExchangeOptions { kind: *kind, ..ExchangeOptions::default() });
    }
    for queue in queues {
        driver.declare(queue, QueuePolicy::default());
    }
    driver
}

fn declare(driver: &mut Driver, name: &str, options: ExchangeOptions) {
    driver.run(Command::DeclareExchange { name, passive: false, options });
}

fn exists(driver: &mut Driver, name: &str) -> bool {
    let options = ExchangeOptions::default();
    driver.handle(Command::DeclareExchange { name, passive: true, options }).is_ok()
}

fn bind(driver: &mut Driver, queue: &str, exchange: &str, routing_key: &str) {
    bind_with(driver, queue, exchange, routing_key, &TableBuilder::new());
}

fn bind_with(driver: &mut Driver, queue: &str, exchange: &str, routing_key: &str, arguments: &TableBuilder) {
    let (connection, routing_key, arguments) = (A.connection, routing_key.as_bytes(), arguments.as_table());
    driver.run(Command::BindQueue { connection, queue, exchange, routing_key, arguments });
}

fn bind_exchange(driver: &mut Driver, destination: &str, source: &str, routing_key: &str) {
    let (routing_key, arguments) = (routing_key.as_bytes(), Table::default());
    driver.run(Command::BindExchange { destination, source, routing_key, arguments });
}

fn publish_with(driver: &mut Driver, exchange: &str, routing_key: &str, headers: &TableBuilder) -> Published {
    let properties = PropertiesBuilder::new().headers(headers.clone()).build();
    let message = driver.heads.message(exchange, routing_key, &properties, "");
    match driver.run(Command::Publish { channel: A, message }) {
        Reply::Published(published) => published,
        reply => panic!("{reply:?}"),
    }
}

fn taken(driver: &Driver, queues: &[&str]) -> Vec<u64> {
    queues.iter().map(|queue| driver.counts(queue).taken).collect()
}

#[test]
fn another_declaration_is_refused_in_rabbitmqs_words() {
    let kinds = [
        ("direct", ExchangeKind::Direct),
        ("fanout", ExchangeKind::Fanout),
        ("topic", ExchangeKind::Topic),
        ("headers", ExchangeKind::Headers),
    ];
    for (at, (name, kind)) in kinds.into_iter().enumerate() {
        let mut driver = with(&[("x", kind)], &[]);
        let (other_name, other_kind) = kinds[(at + 1) % kinds.len()];
        let options = ExchangeOptions { kind: other_kind, ..ExchangeOptions::default() };
        let refusal = driver.handle(Command::DeclareExchange { name: "x", passive: false, options });
        let (received, current) = (format!("'{other_name}'"), format!("'{name}'"));
        let expected =
            Refusal::Inequivalent { entity: "exchange", name: "x".into(), option: "type", received, current };
        assert_eq!(refusal, Err(expected));
    }
}

#[test]
fn a_topic_exchange_gives_a_queue_one_copy_however_many_patterns_match() {
    let mut driver = with(&[], &["a", "b"]);
    for pattern in ["jobs.*", "jobs.#", "#"] {
        bind(&mut driver, "a", "amq.topic", pattern);
    }
    bind(&mut driver, "b", "amq.topic", "*.new");
    assert_eq!(driver.publish_to("amq.topic", "jobs.new", ""), Published::Taken);
    assert_eq!(driver.publish_to("amq.topic", "other", ""), Published::Taken);
    assert_eq!(taken(&driver, &["a", "b"]), [2, 1]);
}

#[test]
fn a_headers_exchange_reads_the_message() {
    let mut driver = with(&[], &["a"]);
    let mut colour = TableBuilder::new();
    colour.insert("colour", Value::LongString(b"red"));
    bind_with(&mut driver, "a", "amq.headers", "ignored", &colour);
    assert_eq!(publish_with(&mut driver, "amq.headers", "", &colour), Published::Taken);
    assert_eq!(publish_with(&mut driver, "amq.headers", "", &TableBuilder::new()), Published::Unroutable);
    assert_eq!(driver.publish_to("amq.match", "", ""), Published::Unroutable);
}

#[test]
fn bindings_with_other_arguments_are_other_bindings() {
    let mut driver = with(&[], &["a"]);
    let mut arguments = TableBuilder::new();
    arguments.insert("x", Value::LongInt(1)).insert("y", Value::LongInt(2));
    let mut reordered = TableBuilder::new();
    reordered.insert("y", Value::LongInt(2)).insert("x", Value::LongInt(1));
    bind(&mut driver, "a", "amq.direct", "k");
    bind_with(&mut driver, "a", "amq.direct", "k", &arguments);
    bind_with(&mut driver, "a", "amq.direct", "k", &reordered);
    let mut unbind = |arguments: &TableBuilder| {
        let (connection, exchange, arguments) = (A.connection, "amq.direct", arguments.as_table());
        driver.run(Command::UnbindQueue { connection, queue: "a", exchange, routing_key: b"k", arguments });
        driver.publish_to("amq.direct", "k", "")
    };
    assert_eq!(unbind(&reordered), Published::Taken);
    assert_eq!(unbind(&TableBuilder::new()), Published::Unroutable);
}

#[test]
fn exchanges_bound_in_a_circle_give_each_queue_one_copy() {
    let mut driver = with(&[("x", ExchangeKind::Fanout), ("y", ExchangeKind::Topic)], &["a", "b"]);
    bind_exchange(&mut driver, "y", "x", "");
    bind_exchange(&mut driver, "x", "y", "#");
    bind_exchange(&mut driver, "x", "x", "");
    bind(&mut driver, "a", "x", "");
    bind(&mut driver, "a", "y", "k");
    bind(&mut driver, "b", "y", "k");
    assert_eq!(driver.publish_to("x", "k", ""), Published::Taken);
    assert_eq!(driver.publish_to("y", "other", ""), Published::Taken);
    assert_eq!(taken(&driver, &["a", "b"]), [2, 1]);
}

#[test]
fn what_an_exchange_knows_no_way_for_goes_to_its_alternate() {
    let mut driver = with(&[("unrouted", ExchangeKind::Fanout)], &["a", "b"]);
    let alternate = |name: &str| ExchangeOptions { alternate_exchange: Some(name.into()), ..Default::default() };
    declare(&mut driver, "x", alternate("unrouted"));
    declare(&mut driver, "lost", alternate("nowhere"));
    declare(&mut driver, "itself", alternate("itself"));
    bind(&mut driver, "a", "x", "k");
    bind(&mut driver, "b", "unrouted", "");
    assert_eq!(driver.publish_to("x", "k", ""), Published::Taken);
    assert_eq!(driver.publish_to("x", "other", ""), Published::Taken);
    assert_eq!(taken(&driver, &["a", "b"]), [1, 1]);
    assert_eq!(driver.publish_to("lost", "k", ""), Published::Unroutable);
    assert_eq!(driver.publish_to("itself", "k", ""), Published::Unroutable);
}

#[test]
fn an_exchange_of_any_kind_is_used_as_long_as_something_is_bound() {
    for kind in [ExchangeKind::Direct, ExchangeKind::Fanout, ExchangeKind::Topic, ExchangeKind::Headers] {
        let mut driver = with(&[("x", kind)], &["q"]);
        let delete = Command::DeleteExchange { name: "x", if_unused: true };
        bind(&mut driver, "q", "x", "key");
        let in_use = Refusal::InUse { entity: "exchange", name: "x".into() };
        assert_eq!(driver.handle(delete.clone()), Err(in_use), "{kind:?}");
        let (connection, queue, routing_key, arguments) = (A.connection, "q", b"key", Table::default());
        driver.run(Command::UnbindQueue { connection, queue, exchange: "x", routing_key, arguments });
        driver.run(delete);
        assert!(!exists(&mut driver, "x"), "{kind:?}");
    }
}

#[test]
fn a_chain_of_auto_delete_exchanges_goes_as_one() {
    let mut driver = with(&[], &["a"]);
    let names: Vec<String> = (0..10_000).map(|number| format!("x{number}")).collect();
    let auto_delete = ExchangeOptions { kind: ExchangeKind::Fanout, auto_delete: true, ..Default::default() };
    for name in &names {
        let declare = Command::DeclareExchange { name, passive: false, options: auto_delete.clone() };
        driver.broker.handle(driver.now, declare).unwrap();
    }
    for pair in names.windows(2) {
        let (routing_key, arguments) = (b"", Table::default());
        let bind = Command::BindExchange { destination: &pair[1], source: &pair[0], routing_key, arguments };
        driver.broker.handle(driver.now, bind).unwrap();
    }
    bind(&mut driver, "a", "x9999", "");
    assert_eq!(driver.publish_to("x0", "", ""), Published::Taken);
    driver.run(Command::DeleteQueue { connection: A.connection, name: "a", if_unused: false, if_empty: false });
    assert!(!exists(&mut driver, "x0") && !exists(&mut driver, "x9999"));
}

#[test]
fn copies_go_to_their_keys_and_blind_ones_are_not_told() {
    let mut driver = with(&[], &["a", "b", "c"]);
    let keys = |key: &[u8]| ArrayBuilder::new().push(Value::LongString(key)).push(Value::LongString(b"a")).clone();
    let (copies, blind) = (keys(b"b"), keys(b"c"));
    let mut headers = TableBuilder::new();
    headers.insert("CC", Value::Array(copies.as_array()));
    let told = headers.clone();
    headers.insert("BCC", Value::Array(blind.as_array()));
    assert_eq!(publish_with(&mut driver, "", "a", &headers), Published::Taken);
    assert_eq!(taken(&driver, &["a", "b", "c"]), [1, 1, 1]);
    let message = driver.get(A, "c").unwrap().message;
    assert_eq!(message.headers(), told.as_table());
    assert_eq!(publish_with(&mut driver, "", "a", &headers), Published::Taken);
    assert_eq!(taken(&driver, &["a", "b", "c"]), [2, 2, 2], "and so does the same once more");
    let message = driver.get(A, "c").unwrap().message;
    assert_eq!(message.headers(), told.as_table());
}

#[test]
fn messages_with_properties_of_their_own_go_their_own_ways() {
    let mut driver = with(&[("x", ExchangeKind::Headers)], &["a", "b"]);
    let colour = |colour: &str| {
        let mut headers = TableBuilder::new();
        headers.insert("colour", Value::LongString(colour.as_bytes()));
        headers
    };
    for (queue, name) in [("a", "red"), ("b", "blue")] {
        bind_with(&mut driver, queue, "x", "", &colour(name));
    }
    let head = Head::new("x", b"", None);
    for name in ["red", "blue", "blue", "red", "green"] {
        let properties = PropertiesBuilder::new().headers(colour(name)).build();
        let message = Message::with_own_properties(head.clone(), properties.len(), &properties);
        driver.run(Command::Publish { channel: A, message });
    }
    assert_eq!(taken(&driver, &["a", "b"]), [2, 2]);
}

#[test]
fn only_a_headers_exchange_looks_at_x_match() {
    let mut driver = with(&[], &["a"]);
    let mut arguments = TableBuilder::new();
    arguments.insert("x-match", Value::LongString(b"some"));
    let mut bind = |exchange| {
        let (connection, queue, routing_key) = (A.connection, "a", b"k");
        driver.handle(Command::BindQueue { connection, queue, exchange, routing_key, arguments: arguments.as_table() })
    };
    assert!(matches!(bind("amq.headers"), Err(Refusal::InvalidBinding(_))));
    assert_eq!(bind("amq.direct"), Ok(Reply::Done));
}

#[test]
fn a_headers_exchange_forgets_what_was_unbound() {
    let mut driver = with(&[], &["a", "b"]);
    let mut wanted = TableBuilder::new();
    wanted.insert("tenant", Value::LongString(b"blue"));
    bind_with(&mut driver, "a", "amq.headers", "", &wanted);
    bind_with(&mut driver, "b", "amq.headers", "", &wanted);
    for (queue, published) in [("a", Published::Taken), ("b", Published::Unroutable)] {
        let (connection, exchange, arguments) = (A.connection, "amq.headers", wanted.as_table());
        driver.run(Command::UnbindQueue { connection, queue, exchange, routing_key: b"", arguments });
        assert_eq!(publish_with(&mut driver, "amq.headers", "", &wanted), published);
    }
    assert_eq!(taken(&driver, &["a", "b"]), [0, 1]);
}

#[test]
fn whoever_only_asks_for_an_exchange_need_not_know_what_it_is() {
    let mut driver = with(&[("x", ExchangeKind::Fanout)], &[]);
    assert!(exists(&mut driver, "x") && exists(&mut driver, "amq.topic"));
    assert!(!exists(&mut driver, "y") && !exists(&mut driver, "amq.y"));
    let declare = Command::DeclareExchange { name: "x", passive: false, options: ExchangeOptions::default() };
    assert!(driver.handle(declare).is_err());
}
