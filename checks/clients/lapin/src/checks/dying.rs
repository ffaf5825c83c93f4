//! Dead letters of every cause.

use lapin::BasicProperties;
use lapin::message::BasicGetMessage;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};

use crate::session::{Consumer, Outcome, Session, number, publish, ready, table, take, text, wait_ready};

/// The first entry of `x-death`.
fn death(message: &BasicGetMessage) -> FieldTable {
    let headers = message.properties.headers().as_ref().expect("headers");
    match headers.inner().get("x-death") {
        Some(AMQPValue::FieldArray(deaths)) => match deaths.as_slice() {
            [AMQPValue::FieldTable(death), ..] => death.clone(),
            other => panic!("x-death is {other:?}"),
        },
        other => panic!("x-death is {other:?}"),
    }
}

/// The dead letter must be this body, and say where, why and how often it died.
fn is_dead_letter(message: &BasicGetMessage, body: &[u8], queue: &str, reason: &str) {
    let death = death(message);
    let field = |name| death.inner().get(name).cloned();
    assert_eq!(message.data, body);
    assert_eq!(field("queue"), Some(text(queue)));
    assert_eq!(field("reason"), Some(text(reason)));
    assert_eq!(field("count"), Some(AMQPValue::LongLongInt(1)));
    assert_eq!(field("exchange"), Some(text("")));
    assert!(matches!(field("time"), Some(AMQPValue::Timestamp(_))), "x-death without its time");
}

pub async fn rejected(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let (queue, dead) = session.graveyard(&channel, FieldTable::default()).await?;
    for nack in [true, false] {
        publish(&channel, "", &queue, b"unwanted", BasicProperties::default()).await?;
        let message =
            channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.ok_or("the queue is empty")?;
        match nack {
            true => message.nack(BasicNackOptions::default()).await?,
            false => message.reject(BasicRejectOptions::default()).await?,
        };
        wait_ready(&channel, &dead, 1).await?;
        is_dead_letter(&take(&channel, &dead).await?, b"unwanted", &queue, "rejected");
    }
    assert_eq!(ready(&channel, &queue).await?, 0, "ready messages");
    Ok(())
}

pub async fn expired(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let (queue, dead) = session.graveyard(&channel, table([("x-message-ttl", number(100))])).await?;
    for body in [b"0", b"1", b"2"] {
        publish(&channel, "", &queue, body, BasicProperties::default()).await?;
    }
    wait_ready(&channel, &dead, 3).await?;
    for body in [b"0", b"1", b"2"] {
        is_dead_letter(&take(&channel, &dead).await?, body, &queue, "expired");
    }
    Ok(())
}

pub async fn expired_by_itself(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let (queue, dead) = session.graveyard(&channel, FieldTable::default()).await?;
    publish(&channel, "", &queue, b"short-lived", BasicProperties::default().with_expiration("100".into())).await?;
    wait_ready(&channel, &dead, 1).await?;
    let message = take(&channel, &dead).await?;
    is_dead_letter(&message, b"short-lived", &queue, "expired");
    assert_eq!(*message.properties.expiration(), None);
    assert_eq!(death(&message).inner().get("original-expiration"), Some(&text("100")));
    Ok(())
}

pub async fn dropped(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let (queue, dead) = session.graveyard(&channel, table([("x-max-length", number(2))])).await?;
    for body in [b"0", b"1", b"2"] {
        publish(&channel, "", &queue, body, BasicProperties::default()).await?;
    }
    wait_ready(&channel, &dead, 1).await?;
    is_dead_letter(&take(&channel, &dead).await?, b"0", &queue, "maxlen");
    assert_eq!(ready(&channel, &queue).await?, 2, "ready messages");
    Ok(())
}

pub async fn poisonous(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let (dead, queue) = (session.queue(&channel, FieldTable::default(), &[]).await?, session.name());
    // RabbitMQ keeps delivery limits in quorum queues only.
    let arguments = table([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", number(2)),
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(&dead)),
    ]);
    let durable = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), durable, arguments).await?;
    for body in ["poison", "good"] {
        publish(&channel, "", &queue, body.as_bytes(), BasicProperties::default()).await?;
    }
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let mut consumer = Consumer::start(&channel, &queue, BasicConsumeOptions::default()).await?;
    for requeues in 0..3 {
        let delivery = consumer.wait(1 + requeues).await?;
        assert_eq!((&delivery.data[..], delivery.redelivered), (&b"poison"[..], requeues > 0));
        assert_eq!(ready(&channel, &dead).await?, 0, "dead letters before the limit");
        delivery.nack(BasicNackOptions { requeue: true, multiple: false }).await?;
    }
    assert_eq!(consumer.wait(4).await?.data, b"good");
    wait_ready(&channel, &dead, 1).await?;
    is_dead_letter(&take(&channel, &dead).await?, b"poison", &queue, "delivery_limit");
    Ok(())
}
