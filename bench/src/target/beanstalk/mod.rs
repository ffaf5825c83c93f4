//! beanstalkd: a work queue of its own protocol, which is lines of text.
//!
//! Its clients send one command and wait for its answer. That would measure the way there and back, so this driver is
//! written on the protocol itself, as little of it as a benchmark needs, and sends whole batches as the others do.

mod consumer;
mod link;
mod producer;
mod reply;
#[cfg(test)]
mod tests;
mod undertaker;

use std::net::SocketAddr;

use futures_util::future::BoxFuture;

use self::consumer::BeanstalkConsumer;
use self::link::Link;
use self::producer::BeanstalkProducer;
use self::undertaker::Undertaker;
use super::{About, Address, Consumer, Producer, Target, TargetError};

/// A beanstalkd, and one tube of it.
#[derive(Clone, Copy, Debug)]
pub struct Beanstalk {
    address: SocketAddr,
}

impl Beanstalk {
    /// The one of a `beanstalk://` URL.
    ///
    /// # Errors
    /// [`TargetError::Down`] if the host has no address.
    pub fn new(address: &Address) -> Result<Self, TargetError> {
        let resolved = address.resolve(11_300);
        let resolved = resolved.map_err(|error| TargetError::Down { address: address.host.clone(), error })?;
        Ok(Beanstalk { address: resolved })
    }

    async fn sweep(&self) -> Result<(), TargetError> {
        Link::open(self.address).await?.sweep().await
    }
}

/// What its statistics tell of it.
fn about(statistics: &str) -> About {
    let value = |key: &str| {
        let values = statistics.lines().filter_map(|line| line.split_once(": "));
        values.into_iter().find(|(name, _)| *name == key).map_or("unknown", |(_, value)| value.trim_matches('"'))
    };
    let durability = match value("binlog-current-index") {
        "0" => "confirmed when it is in memory, all there is (no -b)",
        _ => "confirmed when it is written to the binlog, synced now and then (-f)",
    };
    About {
        version: format!("beanstalkd {}", value("version")),
        configuration: "one tube, put, reserve and delete in batches".into(),
        durability: durability.into(),
    }
}

impl Target for Beanstalk {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        Box::pin(async { Ok(about(&Link::open(self.address).await?.statistics().await?)) })
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.sweep())
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(async {
            let link = Link::open(self.address).await?;
            Ok(Box::new(BeanstalkProducer::new(link)) as Box<dyn Producer>)
        })
    }

    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async move {
            let link = Link::open(self.address).await?;
            Ok(Box::new(BeanstalkConsumer::new(link, prefetch)) as Box<dyn Consumer>)
        })
    }

    fn redelivers(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        self.prepare()
    }

    fn dead_letter_consumer(&self, _prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async move {
            let link = Link::open(self.address).await?;
            Ok(Box::new(Undertaker::new(link)) as Box<dyn Consumer>)
        })
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.sweep())
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.address)
    }
}
