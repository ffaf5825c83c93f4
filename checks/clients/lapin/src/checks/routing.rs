//! Every type of exchange, exchanges bound to exchanges, and alternates.

use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ExchangeKind};

use crate::session::{Outcome, Session, number, publish, publish_mandatory, ready, refused, table, take, text};

async fn declare(session: &Session, channel: &Channel, kind: ExchangeKind, arguments: FieldTable) -> Outcome<String> {
    let exchange = session.name();
    channel.exchange_declare(exchange.as_str().into(), kind, ExchangeDeclareOptions::default(), arguments).await?;
    Ok(exchange)
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str, arguments: FieldTable) -> Outcome {
    let options = QueueBindOptions::default();
    Ok(channel.queue_bind(queue.into(), exchange.into(), key.into(), options, arguments).await?)
}

/// The bodies of all that is ready.
async fn take_all(channel: &Channel, queue: &str) -> Outcome<Vec<String>> {
    let mut bodies = Vec::new();
    for _ in 0..ready(channel, queue).await? {
        bodies.push(String::from_utf8(take(channel, queue).await?.data.clone())?);
    }
    Ok(bodies)
}

pub async fn direct(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let exchange = declare(&session, &channel, ExchangeKind::Direct, FieldTable::default()).await?;
    let red = session.queue(&channel, FieldTable::default(), &[]).await?;
    let blue = session.queue(&channel, FieldTable::default(), &[]).await?;
    for (queue, key) in [(&red, "red"), (&red, "both"), (&red, "both"), (&blue, "blue"), (&blue, "both")] {
        bind(&channel, queue, &exchange, key, FieldTable::default()).await?;
    }
    for key in ["red", "blue", "both"] {
        publish(&channel, &exchange, key, key.as_bytes(), BasicProperties::default()).await?;
    }
    assert_eq!((ready(&channel, &red).await?, ready(&channel, &blue).await?), (2, 2));
    channel.queue_unbind(red.as_str().into(), exchange.as_str().into(), "red".into(), FieldTable::default()).await?;
    let returned = publish_mandatory(&channel, &exchange, "red", b"").await?.take_message();
    assert!(returned.is_some(), "an unbound key is still routed");
    Ok(())
}

pub async fn fanout(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let exchange = declare(&session, &channel, ExchangeKind::Fanout, FieldTable::default()).await?;
    let mut queues = Vec::new();
    for _ in 0..3 {
        let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
        bind(&channel, &queue, &exchange, "", FieldTable::default()).await?;
        queues.push(queue);
    }
    publish(&channel, &exchange, "any key", b"", BasicProperties::default()).await?;
    channel.queue_unbind(queues[0].as_str().into(), exchange.as_str().into(), "".into(), FieldTable::default()).await?;
    publish(&channel, &exchange, "", b"", BasicProperties::default()).await?;
    let mut counts = Vec::new();
    for queue in &queues {
        counts.push(ready(&channel, queue).await?);
    }
    assert_eq!(counts, [1, 2, 2], "ready messages");
    Ok(())
}

pub async fn topic(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let all = ["", "a", "a.b", "a.b.c", "a.", "*"];
    for (pattern, keys) in [
        ("a.*", &["a.b", "a."][..]),
        ("a.#", &["a", "a.b", "a.b.c", "a."]),
        ("*.b", &["a.b"]),
        ("#", &all),
        ("#.c", &["a.b.c"]),
        ("*", &["a", "*"]),
        ("", &[""]),
    ] {
        let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
        bind(&channel, &queue, "amq.topic", pattern, FieldTable::default()).await?;
        for key in all {
            publish(&channel, "amq.topic", key, key.as_bytes(), BasicProperties::default()).await?;
        }
        assert_eq!(take_all(&channel, &queue).await?, keys, "keys that {pattern} takes");
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    Ok(())
}

pub async fn headers(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let messages = [
        ("both", table([("a", text("1")), ("b", number(2))])),
        ("one", table([("a", text("1"))])),
        ("other", table([("a", text("2")), ("x-c", text("3"))])),
        ("none", FieldTable::default()),
    ];
    for (arguments, expected) in [
        (table([("x-match", text("all")), ("a", text("1")), ("b", number(2))]), &["both"][..]),
        (table([("x-match", text("any")), ("a", text("1")), ("b", number(2))]), &["both", "one"]),
        (table([("a", AMQPValue::Void)]), &["both", "one", "other"]),
        (table([("x-match", text("any")), ("x-c", text("3"))]), &[]),
        (table([("x-match", text("any-with-x")), ("x-c", text("3"))]), &["other"]),
        (table([("x-match", text("all"))]), &["both", "one", "other", "none"]),
    ] {
        let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
        bind(&channel, &queue, "amq.headers", "", arguments.clone()).await?;
        for (body, headers) in &messages {
            let properties = BasicProperties::default().with_headers(headers.clone());
            publish(&channel, "amq.headers", "", body.as_bytes(), properties).await?;
        }
        assert_eq!(take_all(&channel, &queue).await?, expected, "messages that {arguments:?} takes");
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let arguments = table([("x-match", text("some"))]);
    let bound = channel.queue_bind(
        queue.as_str().into(),
        "amq.match".into(),
        "".into(),
        QueueBindOptions::default(),
        arguments,
    );
    refused(bound.await, 406, "PRECONDITION_FAILED - Invalid x-match field value");
    Ok(())
}

pub async fn exchange_to_exchange(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let source = declare(&session, &channel, ExchangeKind::Topic, FieldTable::default()).await?;
    let destination = declare(&session, &channel, ExchangeKind::Fanout, FieldTable::default()).await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let (from, to) = (source.as_str(), destination.as_str());
    let options = ExchangeBindOptions::default();
    channel.exchange_bind(to.into(), from.into(), "a.#".into(), options, FieldTable::default()).await?;
    channel.exchange_bind(from.into(), to.into(), "".into(), options, FieldTable::default()).await?;
    bind(&channel, &queue, to, "", FieldTable::default()).await?;
    publish(&channel, from, "a.b", b"", BasicProperties::default()).await?;
    assert_eq!(ready(&channel, &queue).await?, 1);
    let options = ExchangeUnbindOptions::default();
    channel.exchange_unbind(to.into(), from.into(), "a.#".into(), options, FieldTable::default()).await?;
    publish(&channel, from, "a.b", b"", BasicProperties::default()).await?;
    assert_eq!(ready(&channel, &queue).await?, 1, "after unbinding");
    Ok(())
}

pub async fn alternate(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let alternate = declare(&session, &channel, ExchangeKind::Fanout, FieldTable::default()).await?;
    let arguments = table([("alternate-exchange", text(&alternate))]);
    let exchange = declare(&session, &channel, ExchangeKind::Direct, arguments).await?;
    let routed = session.queue(&channel, FieldTable::default(), &[]).await?;
    let unrouted = session.queue(&channel, FieldTable::default(), &[]).await?;
    bind(&channel, &routed, &exchange, "known", FieldTable::default()).await?;
    bind(&channel, &unrouted, &alternate, "", FieldTable::default()).await?;
    for key in ["known", "unknown"] {
        publish(&channel, &exchange, key, b"", BasicProperties::default()).await?;
    }
    assert_eq!((ready(&channel, &routed).await?, ready(&channel, &unrouted).await?), (1, 1));
    let again = channel.exchange_declare(
        exchange.as_str().into(),
        ExchangeKind::Direct,
        ExchangeDeclareOptions::default(),
        FieldTable::default(),
    );
    refused(again.await, 406, "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange'");
    Ok(())
}
