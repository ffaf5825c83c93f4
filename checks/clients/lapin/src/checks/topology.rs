//! Queues: what they are declared with, who may use them, how they end, and what is answered when not.

use lapin::BasicProperties;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};

use crate::session::{Consumer, Outcome, Session, number, publish, publish_mandatory, ready, refused, table, take};

pub async fn unknown_queue(session: Session) -> Outcome {
    let bystander = session.channel().await?;
    for _ in 0..20 {
        let (channel, queue) = (session.plain_channel().await?, session.name());
        let consumed = channel.basic_consume(
            queue.as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        refused(consumed.await, 404, &format!("NOT_FOUND - no queue '{queue}' in vhost '/'"));
    }
    session.queue(&bystander, FieldTable::default(), &["0"]).await?;
    Ok(())
}

pub async fn passive_declare(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &["0", "1", "2"]).await?;
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    Consumer::start(&channel, &queue, BasicConsumeOptions::default()).await?.wait(1).await?;
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    let told = channel.queue_declare(queue.as_str().into(), passive, FieldTable::default()).await?;
    assert_eq!((told.name().as_str(), told.message_count(), told.consumer_count()), (queue.as_str(), 2, 1));
    let missing = session.name();
    let told = channel.queue_declare(missing.as_str().into(), passive, FieldTable::default()).await;
    refused(told, 404, &format!("NOT_FOUND - no queue '{missing}' in vhost '/'"));
    Ok(())
}

pub async fn server_named(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let queue = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?;
        assert!(queue.name().as_str().starts_with("amq.gen-"), "the name is {}", queue.name());
        assert!(
            publish_mandatory(&channel, "", queue.name().as_str(), b"").await?.take_message().is_none(),
            "it was returned"
        );
        names.insert(queue.name().to_string());
    }
    assert_eq!(names.len(), 5, "different names");
    Ok(())
}

pub async fn purge_and_delete(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &["0", "1", "2", "3", "4"]).await?;
    let held =
        channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.ok_or("the queue is empty")?;
    assert_eq!(channel.queue_purge(queue.as_str().into(), QueuePurgeOptions::default()).await?, 4, "purged");
    held.nack(BasicNackOptions { requeue: true, multiple: false }).await?;
    assert_eq!(channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?, 1, "deleted");
    Ok(())
}

pub async fn exclusive(session: Session) -> Outcome {
    let (channel, queue) = (session.channel().await?, session.name());
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), exclusive, FieldTable::default()).await?;
    let text = format!("RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost '/'");
    let declared =
        session.channel().await?.queue_declare(queue.as_str().into(), exclusive, FieldTable::default()).await;
    refused(declared, 405, &text);
    Ok(())
}

pub async fn auto_delete(session: Session) -> Outcome {
    let (channel, queue) = (session.channel().await?, session.name());
    let auto_delete = QueueDeclareOptions { auto_delete: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), auto_delete, FieldTable::default()).await?;
    let first = Consumer::start(&channel, &queue, BasicConsumeOptions::default()).await?;
    let second = Consumer::start(&channel, &queue, BasicConsumeOptions::default()).await?;
    channel.basic_cancel(first.tag(), BasicCancelOptions::default()).await?;
    assert_eq!(ready(&channel, &queue).await?, 0, "ready messages");
    channel.basic_cancel(second.tag(), BasicCancelOptions::default()).await?;
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    refused(channel.queue_declare(queue.as_str().into(), passive, FieldTable::default()).await, 404, "NOT_FOUND");
    Ok(())
}

pub async fn redeclared(session: Session) -> Outcome {
    let five = table([("x-max-length", number(5))]);
    let queue = session.queue(&session.channel().await?, five.clone(), &[]).await?;
    let place = format!("for queue '{queue}' in vhost '/'");
    let durable = QueueDeclareOptions { durable: true, ..Default::default() };
    let declared = session.channel().await?.queue_declare(queue.as_str().into(), durable, five.clone()).await;
    refused(declared, 406, &format!("PRECONDITION_FAILED - inequivalent arg 'durable' {place}"));
    let (transient, six) = (QueueDeclareOptions::default(), table([("x-max-length", number(6))]));
    let declared = session.channel().await?.queue_declare(queue.as_str().into(), transient, six).await;
    refused(declared, 406, &format!("PRECONDITION_FAILED - inequivalent arg 'x-max-length' {place}"));
    // The same length as a number of another size is the same.
    let small = table([("x-max-length", AMQPValue::ShortShortInt(5))]);
    session.channel().await?.queue_declare(queue.as_str().into(), transient, small).await?;
    Ok(())
}

pub async fn priorities(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, table([("x-max-priority", number(5))]), &[]).await?;
    for (body, priority) in [("a", 0), ("b", 3), ("c", 5), ("d", 3), ("e", 9)] {
        publish(&channel, "", &queue, body.as_bytes(), BasicProperties::default().with_priority(priority)).await?;
    }
    for body in ["c", "e", "b", "d", "a"] {
        assert_eq!(take(&channel, &queue).await?.data, body.as_bytes());
    }
    Ok(())
}
