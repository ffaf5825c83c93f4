//! What a consumer gets, and how it gives it back.

use lapin::BasicProperties;
use lapin::options::*;
use lapin::types::FieldTable;

use crate::session::{Consumer, Outcome, Session, publish, ready, take};

const NUMBERED: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const NO_ACK: BasicConsumeOptions =
    BasicConsumeOptions { no_local: false, no_ack: true, exclusive: false, nowait: false };

fn acknowledging() -> BasicConsumeOptions {
    BasicConsumeOptions::default()
}

pub async fn up_to_the_prefetch(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &NUMBERED).await?;
    channel.basic_qos(3, BasicQosOptions::default()).await?;
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    for done in 0..8 {
        consumer.wait(3 + done).await?;
        assert_eq!(ready(&channel, &queue).await?, 7 - done as u32, "ready messages");
        consumer.deliveries[done].ack(BasicAckOptions::default()).await?;
    }
    assert_eq!(consumer.bodies(), NUMBERED);
    assert!(consumer.deliveries.iter().all(|delivery| !delivery.redelivered), "redelivered");
    Ok(())
}

pub async fn several_acknowledged_at_once(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &NUMBERED).await?;
    channel.basic_qos(4, BasicQosOptions::default()).await?;
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    let all = BasicAckOptions { multiple: true };
    consumer.wait(4).await?.ack(all).await?;
    consumer.wait(8).await?;
    assert_eq!(ready(&channel, &queue).await?, 2, "ready messages");
    channel.basic_ack(0, all).await?;
    consumer.wait(10).await?;
    channel.basic_ack(0, all).await?;
    assert_eq!(channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?, 0, "messages left");
    Ok(())
}

pub async fn in_turns(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let mut consumers = Vec::new();
    for _ in 0..3 {
        consumers.push(Consumer::start(&session.channel().await?, &queue, acknowledging()).await?);
    }
    for body in &NUMBERED[..9] {
        publish(&channel, "", &queue, body.as_bytes(), BasicProperties::default()).await?;
    }
    let mut bodies = Vec::new();
    for consumer in &mut consumers {
        consumer.wait(3).await?;
        bodies.extend(consumer.bodies());
    }
    bodies.sort();
    assert_eq!(bodies, NUMBERED[..9]);
    Ok(())
}

pub async fn until_cancelled(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &["0"]).await?;
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    consumer.wait(1).await?;
    channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
    publish(&channel, "", &queue, b"more", BasicProperties::default()).await?;
    assert_eq!(ready(&channel, &queue).await?, 1, "ready messages");
    consumer.deliveries[0].ack(BasicAckOptions::default()).await?;
    assert_eq!(ready(&channel, &queue).await?, 1, "ready messages after a late acknowledgement");
    Ok(())
}

pub async fn until_the_queue_goes(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    session.channel().await?.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    consumer.cancelled().await?;
    session.queue(&channel, FieldTable::default(), &["0"]).await?;
    Ok(())
}

pub async fn one_at_a_time(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &NUMBERED[..3]).await?;
    let first =
        channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.ok_or("the queue is empty")?;
    assert_eq!((&first.data[..], first.message_count, first.redelivered), (&b"0"[..], 2, false));
    assert_eq!(take(&channel, &queue).await?.data, b"1");
    first.nack(BasicNackOptions { requeue: true, multiple: false }).await?;
    let again = take(&channel, &queue).await?;
    assert_eq!((&again.data[..], again.message_count, again.redelivered), (&b"0"[..], 1, true));
    assert_eq!(take(&channel, &queue).await?.data, b"2");
    assert!(
        channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.is_none(),
        "one message too many"
    );
    Ok(())
}

pub async fn again_after_recover(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &NUMBERED[..3]).await?;
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    consumer.wait(3).await?;
    channel.basic_recover(BasicRecoverOptions { requeue: true }).await?;
    consumer.wait(6).await?;
    assert_eq!(consumer.bodies(), ["0", "1", "2", "0", "1", "2"]);
    let redelivered: Vec<bool> = consumer.deliveries.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(redelivered, [false, false, false, true, true, true]);
    Ok(())
}

pub async fn again_in_order(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &NUMBERED[..5]).await?;
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(
            channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.ok_or("the queue is empty")?,
        );
    }
    for place in [1, 2, 0] {
        taken[place].nack(BasicNackOptions { requeue: true, multiple: false }).await?;
    }
    let mut consumer = Consumer::start(&channel, &queue, acknowledging()).await?;
    consumer.wait(5).await?;
    assert_eq!(consumer.bodies(), NUMBERED[..5]);
    Ok(())
}

pub async fn replies(session: Session) -> Outcome {
    let (client, server) = (session.channel().await?, session.channel().await?);
    let queue = session.queue(&server, FieldTable::default(), &[]).await?;
    let mut replies = Consumer::start(&client, "amq.rabbitmq.reply-to", NO_ACK).await?;
    let mut requests = Consumer::start(&server, &queue, NO_ACK).await?;
    for number in 1..=2 {
        let asking = BasicProperties::default().with_reply_to("amq.rabbitmq.reply-to".into());
        publish(&client, "", &queue, b"question", asking).await?;
        let asked = requests.wait(number).await?.properties.reply_to().clone().ok_or("no address to reply to")?;
        publish(&server, "", asked.as_str(), b"answer", BasicProperties::default()).await?;
        assert_eq!(replies.wait(number).await?.data, b"answer");
    }
    Ok(())
}
