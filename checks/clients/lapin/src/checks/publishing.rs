//! What a publisher is told.

use lapin::options::*;
use lapin::types::{AMQPValue, DecimalValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Confirmation};

use crate::session::{
    Consumer, Outcome, Session, number, publish, publish_mandatory, ready, refused, table, take, text,
};

pub async fn with_confirms(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let mut confirms = Vec::new();
    for number in 0..100 {
        let body = number.to_string();
        let options = BasicPublishOptions::default();
        let publish = channel.basic_publish(
            "".into(),
            queue.as_str().into(),
            options,
            body.as_bytes(),
            BasicProperties::default(),
        );
        confirms.push(publish.await?);
    }
    for confirm in confirms {
        assert_eq!(confirm.await?, Confirmation::Ack(None));
    }
    assert_eq!(ready(&channel, &queue).await?, 100);
    Ok(())
}

pub async fn returned(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.name();
    let confirmation = publish_mandatory(&channel, "", &queue, b"nowhere").await?;
    let message = confirmation.take_message().ok_or("it was not returned")?;
    assert_eq!((message.reply_code, message.reply_text.as_str()), (312, "NO_ROUTE"));
    assert_eq!((message.delivery.routing_key.as_str(), &message.delivery.data[..]), (queue.as_str(), &b"nowhere"[..]));
    let confirmation = publish(&channel, "", &queue, b"nowhere", BasicProperties::default()).await?;
    assert_eq!(confirmation, Confirmation::Ack(None));
    Ok(())
}

pub async fn refused_by_a_full_queue(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let arguments = table([("x-max-length", number(2)), ("x-overflow", text("reject-publish"))]);
    let queue = session.queue(&channel, arguments, &["0", "1"]).await?;
    assert!(
        publish(&channel, "", &queue, b"too many", BasicProperties::default()).await?.is_nack(),
        "it was confirmed"
    );
    assert_eq!(take(&channel, &queue).await?.data, b"0");
    assert!(publish(&channel, "", &queue, b"2", BasicProperties::default()).await?.is_ack(), "it was refused");
    assert_eq!(ready(&channel, &queue).await?, 2);
    Ok(())
}

pub async fn to_an_unknown_exchange(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let exchange = session.name();
    let publish = channel.basic_publish(
        exchange.as_str().into(),
        "".into(),
        BasicPublishOptions::default(),
        b"",
        BasicProperties::default(),
    );
    let text = format!("NOT_FOUND - no exchange '{exchange}' in vhost '/'");
    refused(publish.await?.await, 404, &text);
    Ok(())
}

pub async fn bodies_of_all_sizes(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let frame = 131_072 - 8;
    let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
    for size in [0, 1, frame - 1, frame, frame + 1, 2 * frame, 5_000_000] {
        let body: Vec<u8> = (0..=250_u8).cycle().take(size).collect();
        publish(&channel, "", &queue, &body, BasicProperties::default()).await?;
        publish(&channel, "", &queue, &body, BasicProperties::default()).await?;
        assert!(take(&channel, &queue).await?.data == body, "body of {size} bytes");
        let mut consumer = Consumer::start(&channel, &queue, options).await?;
        assert!(consumer.wait(1).await?.data == body, "delivered body of {size} bytes");
        channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
    }
    Ok(())
}

/// All types of fields that lapin can send.
fn headers() -> FieldTable {
    let decimal = DecimalValue { scale: 2, value: 314 };
    let mut list = FieldArray::default();
    list.push(text("a"));
    list.push(AMQPValue::Void);
    table([
        ("boolean", AMQPValue::Boolean(true)),
        ("byte", AMQPValue::ShortShortInt(-1)),
        ("unsigned byte", AMQPValue::ShortShortUInt(255)),
        ("short", AMQPValue::ShortInt(-300)),
        ("unsigned short", AMQPValue::ShortUInt(65_535)),
        ("int", number(-70_000)),
        ("unsigned int", AMQPValue::LongUInt(u32::MAX)),
        ("long", AMQPValue::LongLongInt(i64::MIN)),
        ("float", AMQPValue::Float(0.5)),
        ("double", AMQPValue::Double(0.1)),
        ("decimal", AMQPValue::DecimalValue(decimal)),
        ("text", text("Zoë ☃")),
        ("list", AMQPValue::FieldArray(list)),
        ("time", AMQPValue::Timestamp(981_173_106)),
        ("table", AMQPValue::FieldTable(table([("empty", AMQPValue::FieldTable(FieldTable::default()))]))),
        ("bytes", AMQPValue::ByteArray(vec![0, 255].into())),
        ("nothing", AMQPValue::Void),
    ])
}

pub async fn properties_and_headers(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let queue = session.queue(&channel, FieldTable::default(), &[]).await?;
    let full = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("gzip".into())
        .with_headers(headers())
        .with_delivery_mode(2)
        .with_priority(3)
        .with_correlation_id("c".repeat(255).as_str().into())
        .with_reply_to("r".into())
        .with_expiration("60000".into())
        .with_message_id("m".into())
        .with_timestamp(981_173_106)
        .with_type("t".into())
        .with_user_id("guest".into())
        .with_app_id("ä".into())
        .with_cluster_id("".into());
    for properties in [full, BasicProperties::default()] {
        publish(&channel, "", &queue, b"body", properties.clone()).await?;
        assert_eq!(take(&channel, &queue).await?.properties, properties);
    }
    Ok(())
}

pub async fn at_the_commit(session: Session) -> Outcome {
    let channel = session.plain_channel().await?;
    channel.tx_select().await?;
    let queue = session.queue(&channel, FieldTable::default(), &["0", "1", "2"]).await?;
    assert_eq!(ready(&channel, &queue).await?, 0, "before the commit");
    channel.tx_commit().await?;
    assert_eq!(ready(&channel, &queue).await?, 3, "after it");
    Ok(())
}

pub async fn not_after_a_rollback(session: Session) -> Outcome {
    let (channel, other) = (session.plain_channel().await?, session.channel().await?);
    channel.tx_select().await?;
    let queue = session.queue(&other, FieldTable::default(), &["0", "1"]).await?;
    let message =
        channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await?.ok_or("the queue is empty")?;
    message.ack(BasicAckOptions::default()).await?;
    publish(&channel, "", &queue, b"never", BasicProperties::default()).await?;
    channel.tx_rollback().await?;
    channel.tx_commit().await?;
    assert_eq!(ready(&other, &queue).await?, 1, "ready messages");
    channel.close(200, "done".into()).await?;
    assert_eq!(ready(&other, &queue).await?, 2, "ready messages without the channel");
    Ok(())
}

pub async fn immediately(session: Session) -> Outcome {
    let channel = session.channel().await?;
    let options = BasicPublishOptions { immediate: true, ..Default::default() };
    let publish = channel.basic_publish("".into(), "".into(), options, b"", BasicProperties::default());
    refused(publish.await?.await, 540, "NOT_IMPLEMENTED - immediate=true");
    Ok(())
}
