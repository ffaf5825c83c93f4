//! A producer: one write for each batch.

use std::io::Write as _;

use futures_util::future::BoxFuture;

use super::link::Link;
use super::reply::Reply;
use crate::target::{Producer, TargetError};

/// How long a consumer may hold a job, in seconds: until its connection ends, in practice.
const TIME_TO_RUN_S: u32 = 86_400;

/// A producer.
pub(super) struct BeanstalkProducer {
    link: Link,
}

impl BeanstalkProducer {
    pub fn new(link: Link) -> Self {
        BeanstalkProducer { link }
    }
}

impl Producer for BeanstalkProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            let output = &mut self.link.wire.output;
            for body in bodies {
                // All have the same priority, and are there at once.
                write!(output, "put 0 0 {TIME_TO_RUN_S} {}\r\n", body.len())?;
                output.extend_from_slice(body);
                output.extend_from_slice(b"\r\n");
            }
            self.link.wire.flush().await
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            loop {
                let mut count = 0;
                self.link.take_replies(|reply| {
                    count += u64::from(reply == Reply::Inserted);
                    Ok(())
                })?;
                if count > 0 {
                    return Ok(count);
                }
                self.link.wire.fill().await?;
            }
        })
    }
}
