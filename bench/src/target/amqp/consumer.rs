//! A consumer: takes whatever has come in one go, and acknowledges or rejects all of it at once.

use futures_util::future::BoxFuture;
use handoff_broker::amqp::codec::{Frame, FrameKind, Method};

use super::CHANNEL;
use super::link::{Link, parse};
use super::mould::Mould;
use crate::target::{Consumer, TargetError};

/// A consumer that was started.
pub(super) struct AmqpConsumer {
    link: Link,
    incoming: Incoming,
    /// What the messages look like, once one came.
    mould: Option<Mould>,
    /// The last delivery that was acknowledged or rejected.
    settled: u64,
}

/// The delivery that is coming in.
#[derive(Default)]
struct Incoming {
    delivery_tag: u64,
    missing_bytes: usize,
    /// What has come of a body that takes several frames.
    body: Vec<u8>,
    /// The last delivery that came whole.
    whole: u64,
}

impl AmqpConsumer {
    pub fn new(link: Link) -> Self {
        AmqpConsumer { link, incoming: Incoming::default(), mould: None, settled: 0 }
    }

    /// Says of all that came and was not settled what becomes of it.
    async fn settle(&mut self, say: fn(u64) -> Method<'static>) -> Result<(), TargetError> {
        let delivery_tag = self.incoming.whole;
        if delivery_tag > self.settled {
            self.settled = delivery_tag;
            say(delivery_tag).write(CHANNEL, &mut self.link.wire.output);
        }
        self.link.wire.flush().await
    }

    /// Takes messages as long as they are like the one before.
    fn take_alike(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) {
        let AmqpConsumer { link, incoming, mould, .. } = self;
        let wire = &mut link.wire;
        if mould.as_ref().is_none_or(|mould| mould.cast(wire.input()).is_none()) {
            let Some(other) = Mould::of(wire.input()) else { return };
            *mould = Some(other);
        }
        let Some(mould) = mould else { return };
        while let Some(cast) = mould.cast(wire.input()) {
            incoming.delivery_tag = cast.delivery_tag.unwrap_or(incoming.delivery_tag + 1);
            incoming.finish(cast.body, take);
            let whole_bytes = cast.whole_bytes;
            wire.take(whole_bytes);
        }
    }

    /// Takes every message that has come whole.
    fn take(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<(), TargetError> {
        loop {
            self.take_alike(take);
            let before = self.incoming.whole;
            self.take_one(take)?;
            if self.incoming.whole == before {
                return Ok(());
            }
        }
    }

    /// Takes frames until a message came whole, or no more have come.
    fn take_one(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<(), TargetError> {
        let incoming = &mut self.incoming;
        let before = incoming.whole;
        self.link.take_frames(|frame| {
            match frame.kind {
                FrameKind::Method => match Announced::by(frame)? {
                    Some(Announced::Delivery { delivery_tag }) => incoming.delivery_tag = delivery_tag,
                    // What a relay carries is what the producer sent.
                    Some(Announced::Publish) => incoming.delivery_tag += 1,
                    None => {}
                },
                FrameKind::Header => incoming.header(body_bytes(frame)?, take),
                FrameKind::Body => incoming.body(frame.payload, take),
                FrameKind::Heartbeat => {}
            }
            Ok(incoming.whole == before)
        })
    }
}

/// What a method says about the message that follows it.
pub(super) enum Announced {
    Delivery { delivery_tag: u64 },
    Publish,
}

impl Announced {
    /// Reads no more of a delivery than its tag: all of it would cost more than some brokers take for a message.
    pub fn by(frame: &Frame<'_>) -> Result<Option<Self>, TargetError> {
        match frame.payload {
            // The consumer's tag, with its length before it; then the delivery's.
            [0, 60, 0, 60, length, rest @ ..] => {
                let delivery_tag = rest.get(usize::from(*length)..).and_then(|rest| rest.first_chunk());
                let delivery_tag = *delivery_tag.ok_or_else(|| TargetError::died("a delivery has no tag"))?;
                Ok(Some(Announced::Delivery { delivery_tag: u64::from_be_bytes(delivery_tag) }))
            }
            [0, 60, 0, 40, ..] => Ok(Some(Announced::Publish)),
            _ => match parse(frame)? {
                Method::BasicCancel { .. } => Err(TargetError::died("the consumer was cancelled")),
                _ => Ok(None),
            },
        }
    }
}

/// The size of the body that a header announces: it stands behind the class and the weight.
pub(super) fn body_bytes(frame: &Frame<'_>) -> Result<usize, TargetError> {
    let size = frame.payload.get(4..).and_then(|rest| rest.first_chunk());
    let size = *size.ok_or_else(|| TargetError::died("a header has no body size"))?;
    Ok(u64::from_be_bytes(size) as usize)
}

impl Incoming {
    fn header(&mut self, body_bytes: usize, take: &mut (dyn FnMut(&[u8]) + Send)) {
        self.missing_bytes = body_bytes;
        self.body.clear();
        if body_bytes == 0 {
            self.finish(&[], take);
        }
    }

    fn body(&mut self, payload: &[u8], take: &mut (dyn FnMut(&[u8]) + Send)) {
        self.missing_bytes = self.missing_bytes.saturating_sub(payload.len());
        if self.missing_bytes == 0 && self.body.is_empty() {
            return self.finish(payload, take);
        }
        self.body.extend_from_slice(payload);
        if self.missing_bytes == 0 {
            let body = std::mem::take(&mut self.body);
            self.finish(&body, take);
        }
    }

    fn finish(&mut self, body: &[u8], take: &mut (dyn FnMut(&[u8]) + Send)) {
        self.whole = self.delivery_tag;
        take(body);
    }
}

impl Consumer for AmqpConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let before = self.incoming.whole;
            loop {
                self.take(take)?;
                if self.incoming.whole > before {
                    return Ok(());
                }
                self.link.wire.fill().await?;
            }
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.settle(|delivery_tag| Method::BasicAck { delivery_tag, multiple: true }))
    }

    fn reject(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.settle(|delivery_tag| Method::BasicNack { delivery_tag, multiple: true, requeue: false }))
    }
}

#[cfg(test)]
mod tests {
    use handoff_broker::amqp::codec::{BASIC_CLASS_ID, ContentHeader, FRAME_START_BYTES};

    use super::*;

    fn method(payload: &[u8]) -> Result<Option<u64>, TargetError> {
        let announced = Announced::by(&Frame { kind: FrameKind::Method, channel: CHANNEL, payload })?;
        Ok(announced.map(|it| match it {
            Announced::Delivery { delivery_tag } => delivery_tag,
            Announced::Publish => 0,
        }))
    }

    #[test]
    fn a_delivery_has_the_tag_that_the_codec_wrote() {
        let deliver = Method::BasicDeliver {
            consumer_tag: "a longer tag",
            delivery_tag: 0x0102_0304_0506_0708,
            redelivered: true,
            exchange: "x",
            routing_key: b"key",
        };
        let mut written = Vec::new();
        deliver.write(CHANNEL, &mut written);
        let payload = &written[FRAME_START_BYTES..];
        assert_eq!(method(payload).expect("a delivery"), Some(0x0102_0304_0506_0708));
        for cut in 4..25 {
            assert!(method(&payload[..cut]).is_err(), "{cut} bytes of it");
        }
    }

    #[test]
    fn a_header_has_the_size_that_the_codec_wrote() {
        let mut written = Vec::new();
        let header = ContentHeader { class_id: BASIC_CLASS_ID, body_size: 70_000, properties: &[0, 0] };
        header.write(CHANNEL, &mut written);
        let frame = |payload| Frame { kind: FrameKind::Header, channel: CHANNEL, payload };
        assert_eq!(body_bytes(&frame(&written[FRAME_START_BYTES..])).expect("a size"), 70_000);
        assert!(body_bytes(&frame(&written[FRAME_START_BYTES..FRAME_START_BYTES + 11])).is_err());
    }
}
