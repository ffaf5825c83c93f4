//! A producer: publishes that all ask for their acknowledgement at one inbox.

use async_nats::Message;
use futures_util::future::BoxFuture;

use super::SUBJECT;
use super::link::Link;
use crate::target::{Producer, TargetError};

/// How the acknowledgement of a publish begins. A refusal begins with `{"error":`.
const STORED: &[u8] = b"{\"stream\":";

/// A producer.
pub(super) struct NatsProducer {
    link: Link,
}

impl NatsProducer {
    pub fn new(link: Link) -> Self {
        NatsProducer { link }
    }
}

impl Producer for NatsProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let Link { client, inbox, .. } = &self.link;
            for body in bodies {
                let publish = client.publish_with_reply(SUBJECT, inbox.clone(), body.clone().into());
                publish.await.map_err(TargetError::died)?;
            }
            Ok(())
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            let mut count = 0;
            self.link.receive(|message| confirm(&message).map(|()| count += 1)).await?;
            Ok(count)
        })
    }
}

fn confirm(message: &Message) -> Result<(), TargetError> {
    if message.payload.starts_with(STORED) {
        return Ok(());
    }
    let status = message.status.map(|status| status.to_string()).unwrap_or_default();
    Err(TargetError::Refused(format!("{status} {}", String::from_utf8_lossy(&message.payload)).trim().to_owned()))
}
