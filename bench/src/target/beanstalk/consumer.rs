//! A consumer: reserves several jobs in one go, and deletes or buries all that came in one go.
//!
//! beanstalkd answers the commands of a connection one after the other, and those behind a `reserve` wait until it has
//! a job. So only the first of a batch waits; the others take what is there at that moment.

use std::io::Write as _;

use futures_util::future::BoxFuture;

use super::link::Link;
use super::reply::Reply;
use crate::target::demand::Demand;
use crate::target::{Consumer, TargetError};

/// A consumer.
pub(super) struct BeanstalkConsumer {
    link: Link,
    demand: Demand,
    /// Reserves that were not answered.
    reserving: usize,
    /// Jobs that came since the last batch was asked for.
    came: usize,
    /// Jobs that came and are to be deleted or buried.
    held: Vec<u64>,
}

impl BeanstalkConsumer {
    pub fn new(link: Link, prefetch: u16) -> Self {
        BeanstalkConsumer { link, demand: Demand::up_to(prefetch), reserving: 0, came: 0, held: Vec::new() }
    }

    /// Asks for more, once everything that was asked for is answered.
    fn reserve(&mut self) {
        if self.reserving > 0 {
            return;
        }
        self.demand.came(std::mem::take(&mut self.came));
        self.reserving = self.demand.next();
        let output = &mut self.link.wire.output;
        output.extend_from_slice(b"reserve\r\n");
        (1..self.reserving).for_each(|_| output.extend_from_slice(b"reserve-with-timeout 0\r\n"));
    }

    /// Takes what has come; says whether there was a job.
    fn take(&mut self, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<bool, TargetError> {
        let before = self.came;
        let BeanstalkConsumer { link, reserving, came, held, .. } = self;
        link.take_replies(|reply| {
            match reply {
                Reply::Reserved { id, body } => {
                    *reserving = reserving.saturating_sub(1);
                    *came += 1;
                    held.push(id);
                    take(body);
                }
                Reply::None => *reserving = reserving.saturating_sub(1),
                Reply::NotFound => return Err(TargetError::died("a job that was held is gone")),
                _ => {}
            }
            Ok(())
        })?;
        Ok(self.came > before)
    }

    /// Sends a command for each job that is held: `before`, its number, `after`. Asks for more.
    async fn settle(&mut self, before: &str, after: &str) -> Result<(), TargetError> {
        for id in self.held.drain(..) {
            write!(self.link.wire.output, "{before}{id}{after}\r\n")?;
        }
        self.reserve();
        self.link.wire.flush().await
    }
}

impl Consumer for BeanstalkConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            loop {
                if self.take(take)? {
                    return Ok(());
                }
                self.reserve();
                self.link.wire.flush().await?;
                self.link.wire.fill().await?;
            }
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.settle("delete ", ""))
    }

    fn reject(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        // With the priority of all.
        Box::pin(self.settle("bury ", " 0"))
    }
}
