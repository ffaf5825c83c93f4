//! A producer: one pipeline for each batch.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use redis::Pipeline;

use super::link::Link;
use super::{LIST, STREAM, Structure};
use crate::target::{Producer, TargetError};

/// A producer.
pub(super) struct RedisProducer {
    link: Link,
    structure: Structure,
    /// How many messages each batch has that was not confirmed.
    batches: VecDeque<u64>,
}

impl RedisProducer {
    pub fn new(link: Link, structure: Structure) -> Self {
        RedisProducer { link, structure, batches: VecDeque::new() }
    }
}

impl Producer for RedisProducer {
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            self.link.send(pipeline(self.structure, bodies)).await;
            self.batches.push_back(bodies.len() as u64);
            Ok(())
        })
    }

    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>> {
        Box::pin(async move {
            self.link.answer().await?;
            Ok(self.batches.pop_front().unwrap_or_default())
        })
    }
}

/// A push takes many messages, an entry of a stream is added alone.
fn pipeline(structure: Structure, bodies: &[Vec<u8>]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(bodies.len());
    match structure {
        Structure::List => {
            pipeline.cmd("RPUSH").arg(LIST).arg(bodies);
        }
        Structure::Stream => {
            for body in bodies {
                pipeline.cmd("XADD").arg(STREAM).arg("*").arg("b").arg(body);
            }
        }
    }
    pipeline
}
