//! A producer: one write for each batch.

use futures_util::future::BoxFuture;
use handoff_broker::amqp::codec::{self, BASIC_CLASS_ID, ContentHeader, FrameKind, Method};

use super::confirms::Confirms;
use super::link::{Link, parse};
use super::{CHANNEL, QUEUE};
use crate::target::{Producer, TargetError};

/// No property is set.
const NO_PROPERTIES: [u8; 2] = [0, 0];

/// A producer on a channel that is in confirm mode.
pub(super) struct AmqpProducer {
    link: Link,
    confirms: Confirms,
}

impl AmqpProducer {
    pub fn new(link: Link) -> Self {
        AmqpProducer { link, confirms: Confirms::default() }
    }

    fn append(&mut self, body: &[u8]) {
        let out = &mut self.link.wire.output;
        let publish =
            Method::BasicPublish { exchange: "", routing_key: QUEUE.as_bytes(), mandatory: false, immediate: false };
        publish.write(CHANNEL, out);
        let header =
            ContentHeader { class_id: BASIC_CLASS_ID, body_size: body.len() as u64, properties: &NO_PROPERTIES };
        header.write(CHANNEL, out);
        for payload in codec::body_payloads(body, self.link.frame_max) {
            codec::write_body_frame(CHANNEL, payload, out);
        }
    }

    /// Counts the confirms that have come.
    fn take_confirms(&mut self) -> Result<u64, TargetError> {
        let mut count = 0;
        let confirms = &mut self.confirms;
        self.link.take_frames(|frame| {
            if frame.kind == FrameKind::Method {
                match parse(frame)? {
                    Method::BasicAck { delivery_tag, multiple } => count += confirms.note(delivery_tag, multiple),
                    Method::BasicNack { .. } => {
                        return Err(TargetError::Refused("a publish was answered by a nack".into()));
                    }
                    _ => {}
                }
            }
            Ok(true)
        })?;
        Ok(count)
    }
}

impl Producer for AmqpProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            bodies.iter().for_each(|body| self.append(body));
            self.link.wire.flush().await
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            loop {
                let count = self.take_confirms()?;
                if count > 0 {
                    return Ok(count);
                }
                self.link.wire.fill().await?;
            }
        })
    }
}
