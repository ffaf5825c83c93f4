//! A consumer: pulls messages into an inbox of its own, and acknowledges each.

use async_nats::Subject;
use futures_util::future::BoxFuture;

use super::NEXT;
use super::link::Link;
use crate::target::{Consumer, TargetError};

/// An acknowledgement, sent to the subject that a message names.
const ACKNOWLEDGEMENT: &[u8] = b"+ACK";

/// A consumer.
pub(super) struct NatsConsumer {
    link: Link,
    prefetch: usize,
    /// Messages that were asked for and have not come.
    pulled: usize,
    /// Where the acknowledgements of those that came go.
    held: Vec<Subject>,
}

impl NatsConsumer {
    pub fn new(link: Link, prefetch: u16) -> Self {
        NatsConsumer { link, prefetch: usize::from(prefetch).max(1), pulled: 0, held: Vec::new() }
    }

    /// Asks for as many as make the prefetch, once half of it is missing: a question for each message would cost more
    /// than the message. Without a time limit, a question is open until it is answered.
    async fn pull(&mut self) -> Result<(), TargetError> {
        let has = self.pulled + self.held.len();
        if has > self.prefetch / 2 {
            return Ok(());
        }
        let missing = self.prefetch - has;
        let question = format!("{{\"batch\":{missing}}}");
        let Link { client, inbox, .. } = &self.link;
        let asking = client.publish_with_reply(NEXT, inbox.clone(), question.into());
        asking.await.map_err(TargetError::died)?;
        self.pulled += missing;
        Ok(())
    }
}

impl Consumer for NatsConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            self.pull().await?;
            let NatsConsumer { link, pulled, held, .. } = self;
            link.receive(|message| {
                if let Some(status) = message.status {
                    let description = message.description.unwrap_or_default();
                    return Err(TargetError::Refused(format!("{status} {description}")));
                }
                *pulled = pulled.saturating_sub(1);
                held.extend(message.reply);
                take(&message.payload);
                Ok(())
            })
            .await
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            for reply in self.held.drain(..) {
                let acknowledging = self.link.client.publish(reply, ACKNOWLEDGEMENT.into());
                acknowledging.await.map_err(TargetError::died)?;
            }
            self.pull().await
        })
    }
}
