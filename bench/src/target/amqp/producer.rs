//! A producer: one write for each batch.

use futures_util::future::BoxFuture;
use handoff_broker::amqp::codec::{
    self, BASIC_CLASS_ID, ContentHeader, FRAME_END, FRAME_OVERHEAD_BYTES, FrameKind, Method,
};

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
    envelope: Envelope,
}

/// What comes before the body, written once for all messages whose bodies are of one size.
#[derive(Default)]
struct Envelope {
    body_bytes: Option<usize>,
    /// Whether the body is a single frame, whose start is a part of this.
    fits_a_frame: bool,
    bytes: Vec<u8>,
}

impl Envelope {
    /// Makes it fit bodies of this size.
    fn fit(&mut self, body_bytes: usize, frame_max: u32) {
        if self.body_bytes == Some(body_bytes) {
            return;
        }
        self.body_bytes = Some(body_bytes);
        self.bytes.clear();
        let publish =
            Method::BasicPublish { exchange: "", routing_key: QUEUE.as_bytes(), mandatory: false, immediate: false };
        publish.write(CHANNEL, &mut self.bytes);
        let header =
            ContentHeader { class_id: BASIC_CLASS_ID, body_size: body_bytes as u64, properties: &NO_PROPERTIES };
        header.write(CHANNEL, &mut self.bytes);
        self.fits_a_frame = body_bytes > 0 && body_bytes + FRAME_OVERHEAD_BYTES <= frame_max as usize;
        if self.fits_a_frame {
            codec::write_body_frame_start(CHANNEL, body_bytes as u32, &mut self.bytes);
        }
    }
}

impl AmqpProducer {
    pub fn new(link: Link) -> Self {
        AmqpProducer { link, confirms: Confirms::default(), envelope: Envelope::default() }
    }

    fn append(&mut self, body: &[u8]) {
        self.envelope.fit(body.len(), self.link.frame_max);
        let out = &mut self.link.wire.output;
        out.extend_from_slice(&self.envelope.bytes);
        if self.envelope.fits_a_frame {
            out.extend_from_slice(body);
            out.push(FRAME_END);
            return;
        }
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
