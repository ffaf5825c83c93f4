//! A consumer of a list: moves messages, one by one and many in one go, to a list of its own, where they are until they
//! are acknowledged.
//!
//! Redis answers the commands of a connection one after the other, and those behind a blocking one wait until there is
//! something to move. So only the first of a batch waits; the others take what is there at that moment.

use futures_util::future::BoxFuture;
use redis::{Pipeline, Value};

use super::LIST;
use super::link::Link;
use crate::target::demand::Demand;
use crate::target::{Consumer, TargetError};

/// A consumer.
pub(super) struct ListConsumer {
    link: Link,
    /// Where its messages are until they are acknowledged.
    own_list: String,
    demand: Demand,
    /// Messages that came and are to be removed.
    held: usize,
}

impl ListConsumer {
    pub fn new(link: Link, own_list: String, prefetch: u16) -> Self {
        ListConsumer { link, own_list, demand: Demand::up_to(prefetch), held: 0 }
    }

    /// Removes what is held, and asks for more.
    async fn move_on(&mut self) {
        let mut pipeline = Pipeline::with_capacity(1 + self.demand.next());
        if self.held > 0 {
            pipeline.cmd("LTRIM").arg(&self.own_list).arg(self.held).arg(-1);
            self.held = 0;
        }
        pipeline.cmd("BLMOVE").arg(LIST).arg(&self.own_list).arg("LEFT").arg("RIGHT").arg(0);
        for _ in 1..self.demand.next() {
            pipeline.cmd("LMOVE").arg(LIST).arg(&self.own_list).arg("LEFT").arg("RIGHT");
        }
        self.link.send(pipeline).await;
    }
}

impl Consumer for ListConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            loop {
                if !self.link.is_waiting() {
                    self.move_on().await;
                }
                let values = self.link.answer().await?;
                let bodies = values.iter().filter_map(|value| match value {
                    Value::BulkString(body) => Some(body),
                    _ => None,
                });
                let count = bodies.map(|body| take(body)).count();
                self.demand.came(count);
                self.held += count;
                if count > 0 {
                    return Ok(());
                }
            }
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            if self.held > 0 {
                self.move_on().await;
            }
            Ok(())
        })
    }
}
