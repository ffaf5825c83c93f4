//! The byte relay as a target: producer and consumer say what they would say to a broker, and hear each other.

use std::net::SocketAddr;

use futures_util::future::BoxFuture;

use super::consumer::AmqpConsumer;
use super::link::Link;
use super::producer::AmqpProducer;
use crate::target::{About, Consumer, Producer, Target, TargetError};

/// A relay. It pairs connections, so a run needs as many producers as consumers.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    /// Where producers connect.
    pub producers: SocketAddr,
    /// Where consumers connect.
    pub consumers: SocketAddr,
}

impl Target for Relay {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        let about = About {
            version: format!("handoff {}", env!("CARGO_PKG_VERSION")),
            configuration: "bytes carried from socket to socket, nothing understood".into(),
            durability: "confirmed by the consumer's acknowledgement itself".into(),
        };
        Box::pin(async { Ok(about) })
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Ok(()) })
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(async {
            let link = Link::connect(self.producers).await?;
            Ok(Box::new(AmqpProducer::new(link)) as Box<dyn Producer>)
        })
    }

    fn consumer(&self, _prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async {
            let link = Link::connect(self.consumers).await?;
            Ok(Box::new(AmqpConsumer::new(link)) as Box<dyn Consumer>)
        })
    }

    fn keeps(&self) -> Result<(), TargetError> {
        Err(TargetError::unsupported("a relay keeps nothing: it has no queue"))
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Ok(()) })
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.producers)
    }
}
