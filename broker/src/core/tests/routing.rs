//! Exchanges and bindings: to every queue that matches, once.

use super::*;

fn options(kind: ExchangeKind) -> ExchangeOptions {
    ExchangeOptions { kind, ..ExchangeOptions::default() }
}

fn with_queues(names: &[&str]) -> Driver {
    let mut driver = Driver::new();
    for name in names {
        driver.declare(name, QueuePolicy::default());
    }
    driver
}

fn declare(driver: &mut Driver, name: &str, options: ExchangeOptions) {
    driver.run(Command::DeclareExchange { name, passive: false, options });
}

fn bind(driver: &mut Driver, queue: &str, exchange: &str, routing_key: &str) {
    let (connection, routing_key) = (A.connection, routing_key.as_bytes());
    driver.run(Command::BindQueue { connection, queue, exchange, routing_key, arguments: Table::default() });
}

fn unbind(driver: &mut Driver, queue: &str, exchange: &str, routing_key: &str) {
    let (connection, routing_key) = (A.connection, routing_key.as_bytes());
    driver.run(Command::UnbindQueue { connection, queue, exchange, routing_key, arguments: Table::default() });
}

fn ready(driver: &Driver) -> Vec<(&str, u64)> {
    driver.broker.queues().map(|(name, counts)| (name, counts.ready)).collect()
}

#[test]
fn the_default_exchange_routes_by_the_name_of_the_queue() {
    let mut driver = with_queues(&["a", "b"]);
    assert_eq!(driver.publish("a", "1"), Published::Taken);
    assert_eq!(driver.publish("c", "2"), Published::Unroutable);
    let not_text = Message::new("", b"\xff", b"", b"");
    let reply = driver.run(Command::Publish { channel: A, message: not_text });
    assert_eq!(reply, Reply::Published(Published::Unroutable));
    assert_eq!(ready(&driver), [("a", 1), ("b", 0)]);
}

#[test]
fn a_direct_exchange_routes_by_the_key_to_every_queue_bound_with_it() {
    let mut driver = with_queues(&["a", "b", "c"]);
    declare(&mut driver, "x", options(ExchangeKind::Direct));
    for (queue, key) in [("a", "k"), ("b", "k"), ("c", "other")] {
        bind(&mut driver, queue, "x", key);
    }
    assert_eq!(driver.publish_to("x", "k", "1"), Published::Taken);
    assert_eq!(driver.publish_to("x", "a", "2"), Published::Unroutable);
    assert_eq!(ready(&driver), [("a", 1), ("b", 1), ("c", 0)]);
}

#[test]
fn a_fanout_exchange_routes_to_each_bound_queue_once() {
    let mut driver = with_queues(&["a", "b", "c"]);
    declare(&mut driver, "x", options(ExchangeKind::Fanout));
    for (queue, key) in [("a", "k"), ("a", "l"), ("b", "")] {
        bind(&mut driver, queue, "x", key);
    }
    assert_eq!(driver.publish_to("x", "whatever", "1"), Published::Taken);
    assert_eq!(ready(&driver), [("a", 1), ("b", 1), ("c", 0)]);
    unbind(&mut driver, "a", "x", "k");
    driver.publish_to("x", "", "2");
    assert_eq!(ready(&driver), [("a", 2), ("b", 2), ("c", 0)]);
    unbind(&mut driver, "a", "x", "l");
    driver.publish_to("x", "", "3");
    assert_eq!(ready(&driver), [("a", 2), ("b", 3), ("c", 0)]);
}

#[test]
fn binding_twice_is_binding_once() {
    let mut driver = with_queues(&["a"]);
    for exchange in ["amq.direct", "amq.fanout"] {
        bind(&mut driver, "a", exchange, "k");
        bind(&mut driver, "a", exchange, "k");
        driver.publish_to(exchange, "k", "1");
        unbind(&mut driver, "a", exchange, "k");
        unbind(&mut driver, "a", exchange, "k");
        assert_eq!(driver.publish_to(exchange, "k", "2"), Published::Unroutable);
    }
    assert_eq!(ready(&driver), [("a", 2)]);
}

#[test]
fn bindings_die_with_their_queue_and_with_their_exchange() {
    let mut driver = with_queues(&["a", "b"]);
    declare(&mut driver, "x", options(ExchangeKind::Direct));
    bind(&mut driver, "a", "x", "k");
    bind(&mut driver, "b", "x", "k");
    driver.run(Command::DeleteQueue { connection: A.connection, name: "a", if_unused: false, if_empty: false });
    driver.declare("a", QueuePolicy::default());
    driver.publish_to("x", "k", "1");
    assert_eq!(ready(&driver), [("a", 0), ("b", 1)]);
    driver.run(Command::DeleteExchange { name: "x", if_unused: false });
    declare(&mut driver, "x", options(ExchangeKind::Direct));
    assert_eq!(driver.publish_to("x", "k", "2"), Published::Unroutable);
}

#[test]
fn an_auto_delete_exchange_goes_with_its_last_binding() {
    let mut driver = with_queues(&["a", "b"]);
    let auto_delete = ExchangeOptions { auto_delete: true, ..options(ExchangeKind::Fanout) };
    declare(&mut driver, "x", auto_delete.clone());
    bind(&mut driver, "a", "x", "");
    bind(&mut driver, "b", "x", "");
    unbind(&mut driver, "a", "x", "");
    let passive = Command::DeclareExchange { name: "x", passive: true, options: auto_delete };
    driver.run(passive.clone());
    driver.run(Command::DeleteQueue { connection: A.connection, name: "b", if_unused: false, if_empty: false });
    assert_eq!(driver.handle(passive), Err(Refusal::NoExchange("x".into())));
}

#[test]
fn an_exchange_in_use_is_not_deleted_if_unused() {
    let mut driver = with_queues(&["a"]);
    declare(&mut driver, "x", options(ExchangeKind::Direct));
    bind(&mut driver, "a", "x", "k");
    let delete = Command::DeleteExchange { name: "x", if_unused: true };
    let refusal = driver.handle(delete.clone());
    assert_eq!(refusal, Err(Refusal::InUse { entity: "exchange", name: "x".into() }));
    unbind(&mut driver, "a", "x", "k");
    driver.run(delete.clone());
    driver.run(delete);
}

#[test]
fn the_default_exchange_is_no_ones_to_change() {
    let mut driver = with_queues(&["a"]);
    let (connection, queue, exchange, routing_key) = (A.connection, "a", "", &b"a"[..]);
    for command in [
        Command::DeclareExchange { name: "", passive: false, options: options(ExchangeKind::Direct) },
        Command::DeleteExchange { name: "", if_unused: false },
        Command::BindQueue { connection, queue, exchange, routing_key, arguments: Table::default() },
        Command::UnbindQueue { connection, queue, exchange, routing_key, arguments: Table::default() },
    ] {
        assert_eq!(driver.handle(command), Err(Refusal::Protected("the default exchange".into())));
    }
}

#[test]
fn predeclared_exchanges_stay_and_reserved_names_are_not_given() {
    let mut driver = with_queues(&["a"]);
    let durable = ExchangeOptions { durable: true, ..options(ExchangeKind::Direct) };
    let declare = |name, options| Command::DeclareExchange { name, passive: false, options };
    driver.run(declare("amq.direct", durable.clone()));
    let reserved = Refusal::Reserved { entity: "exchange", name: "amq.mine".into() };
    assert_eq!(driver.handle(declare("amq.mine", durable)), Err(reserved));
    let delete = Command::DeleteExchange { name: "amq.fanout", if_unused: false };
    assert_eq!(driver.handle(delete), Err(Refusal::SystemExchange("amq.fanout".into())));
}

#[test]
fn exchanges_that_are_not_there_and_internal_ones_take_no_messages() {
    let mut driver = with_queues(&["a"]);
    declare(&mut driver, "x", ExchangeOptions { internal: true, ..options(ExchangeKind::Fanout) });
    bind(&mut driver, "a", "x", "");
    let publish = |exchange| Command::Publish { channel: A, message: Message::new(exchange, b"a", b"", b"") };
    assert_eq!(driver.handle(publish("y")), Err(Refusal::NoExchange("y".into())));
    assert_eq!(driver.handle(publish("x")), Err(Refusal::InternalExchange("x".into())));
    assert_eq!(ready(&driver), [("a", 0)]);
}

#[test]
fn unbinding_what_is_not_there_is_no_error_but_anothers_queue_is_left_alone() {
    let mut driver = with_queues(&["a"]);
    let options = QueueOptions { exclusive: true, ..QueueOptions::default() };
    driver.run(Command::DeclareQueue { connection: B.connection, name: "theirs", passive: false, options });
    let mut unbind = |queue, exchange| {
        let (connection, routing_key, arguments) = (A.connection, b"k", Table::default());
        driver.handle(Command::UnbindQueue { connection, queue, exchange, routing_key, arguments })
    };
    assert_eq!(unbind("a", "nowhere"), Ok(Reply::Done));
    assert_eq!(unbind("nobody", "amq.direct"), Ok(Reply::Done));
    assert_eq!(unbind("theirs", "amq.direct"), Err(Refusal::Locked("theirs".into())));
    assert_eq!(unbind("theirs", "nowhere"), Err(Refusal::Locked("theirs".into())));
}

#[test]
fn a_message_like_the_last_one_goes_another_way_once_there_is_one() {
    let mut driver = with_queues(&["a", "b"]);
    declare(&mut driver, "x", options(ExchangeKind::Direct));
    declare(&mut driver, "y", options(ExchangeKind::Fanout));
    let taken = |driver: &Driver| ["a", "b"].map(|queue| driver.counts(queue).taken);
    let publish = |driver: &mut Driver| driver.publish_to("x", "k", "");
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Unroutable, [0, 0]));
    bind(&mut driver, "a", "x", "k");
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Taken, [1, 0]));
    let (source, destination, arguments) = ("x", "y", Table::default());
    driver.run(Command::BindExchange { destination, source, routing_key: b"k", arguments });
    bind(&mut driver, "b", "y", "");
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Taken, [2, 1]));
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Taken, [3, 2]));
    driver.run(Command::UnbindExchange { destination, source, routing_key: b"k", arguments });
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Taken, [4, 2]));
    unbind(&mut driver, "a", "x", "k");
    assert_eq!((publish(&mut driver), taken(&driver)), (Published::Unroutable, [4, 2]));
    assert_eq!(driver.broker.snapshot().totals.unroutable, 2);
    driver.run(Command::DeleteExchange { name: "x", if_unused: false });
    let message = driver.heads.message("x", "k", b"\0\0", "");
    assert_eq!(driver.handle(Command::Publish { channel: A, message }), Err(Refusal::NoExchange("x".into())));
}

#[test]
fn a_message_like_the_last_one_goes_to_a_queue_that_came_back_and_not_to_one_that_went() {
    let mut driver = with_queues(&["a"]);
    assert_eq!(driver.publish("a", "1"), Published::Taken);
    let delete = Command::DeleteQueue { connection: A.connection, name: "a", if_unused: false, if_empty: false };
    driver.run(delete.clone());
    assert_eq!(driver.publish("a", "2"), Published::Unroutable);
    driver.declare("a", QueuePolicy::default());
    assert_eq!(driver.publish("a", "3"), Published::Taken);
    assert_eq!(driver.empty("a"), ["3"]);
}

#[test]
fn a_message_like_the_last_one_is_held_once_the_channel_has_transactions() {
    let mut driver = with_queues(&["a"]);
    assert_eq!(driver.publish("a", "1"), Published::Taken);
    driver.run(Command::SelectTransactions { channel: A });
    assert_eq!(driver.publish("a", "2"), Published::Held);
    assert_eq!(driver.broker.queue_counts("a").unwrap().ready, 1);
}
