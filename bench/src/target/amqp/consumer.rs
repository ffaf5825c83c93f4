//! A consumer: takes whatever has come in one go, and acknowledges or rejects all of it at once.

use futures_util::future::BoxFuture;
use handoff_broker::amqp::codec::{ContentHeader, FrameKind, Method};

use super::CHANNEL;
use super::link::{Link, parse};
use crate::target::{Consumer, TargetError};

/// A consumer that was started.
pub(super) struct AmqpConsumer {
    link: Link,
    incoming: Incoming,
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
        AmqpConsumer { link, incoming: Incoming::default(), settled: 0 }
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

    fn take(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<(), TargetError> {
        let incoming = &mut self.incoming;
        self.link.take_frames(|frame| {
            match frame.kind {
                FrameKind::Method => match parse(frame)? {
                    Method::BasicDeliver { delivery_tag, .. } => incoming.delivery_tag = delivery_tag,
                    // What a relay carries is what the producer sent.
                    Method::BasicPublish { .. } => incoming.delivery_tag += 1,
                    Method::BasicCancel { .. } => return Err(TargetError::died("the consumer was cancelled")),
                    _ => {}
                },
                FrameKind::Header => {
                    let header = ContentHeader::parse(frame.payload).map_err(TargetError::died)?;
                    incoming.header(header.body_size as usize, take);
                }
                FrameKind::Body => incoming.body(frame.payload, take),
                FrameKind::Heartbeat => {}
            }
            Ok(true)
        })
    }
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
