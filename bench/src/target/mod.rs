//! The systems that messages are sent through: one driver a system, all driven by the same code.
//!
//! A driver does what its system's clients do and nothing else: it connects, sends batches, waits for confirms, takes
//! what is pushed or fetched, acknowledges. How much, how fast and whether it came right is [`drive`](crate::drive)'s
//! business.

mod address;
pub mod amqp;
pub mod beanstalk;
pub mod call;
mod connect;
mod demand;
pub mod kafka;
#[cfg(feature = "targets")]
pub mod nats;
#[cfg(feature = "targets")]
pub mod redis;
mod wire;

use std::net::SocketAddr;
use std::{fmt, io};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use address::{Address, AddressError};

/// A system that messages can be sent through, and one queue of it.
pub trait Target: Send + Sync {
    /// What exactly is driven, asked of the system itself where it tells.
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>>;

    /// Says how many consumers will compete, for systems whose queues are split among them beforehand. Comes before
    /// [`prepare`](Target::prepare).
    fn split_among(&self, _consumers: usize) {}

    /// Makes an empty queue for the next run, and forgets the last one's.
    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>>;

    /// Connects a producer.
    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>>;

    /// Connects a consumer, which is sent messages from now on and may hold `prefetch` of them unacknowledged.
    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>>;

    /// Whether messages wait in it for consumers that come later; an error that says why not.
    fn keeps(&self) -> Result<(), TargetError> {
        Ok(())
    }

    /// Whether what a consumer had not acknowledged when its connection ended is sent to another one at once; an error
    /// that says why not.
    fn redelivers(&self) -> Result<(), TargetError> {
        Err(TargetError::unsupported("it does not redeliver at once what a dead consumer held"))
    }

    /// As [`prepare`](Target::prepare), and what consumers reject goes to a second queue.
    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Err(TargetError::unsupported("it has no dead letter queue")) })
    }

    /// Connects a consumer of the second queue, which may hold `prefetch` messages unacknowledged.
    fn dead_letter_consumer(&self, _prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(async { Err(TargetError::unsupported("it has no dead letter queue")) })
    }

    /// Deletes what was made.
    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>>;

    /// Where it listens, so that its process can be found on this machine; `None` if it has no process of its own.
    fn listens_on(&self) -> Option<SocketAddr>;
}

/// A producer on a connection of its own.
pub trait Producer: Send {
    /// Sends messages with these bodies, without waiting for their confirms.
    fn send<'a>(&'a mut self, bodies: &'a [Vec<u8>]) -> BoxFuture<'a, Result<(), TargetError>>;

    /// Waits for confirms, at least one; says how many came. Not to be called when none is outstanding. Cancel safe.
    fn confirmed(&mut self) -> BoxFuture<'_, Result<u64, TargetError>>;
}

/// A consumer on a connection of its own.
pub trait Consumer: Send {
    /// Waits for messages, at least one, and gives each body to `take`. Cancel safe.
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>>;

    /// Acknowledges everything that was received.
    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>>;

    /// Rejects everything that was received and not acknowledged: it goes to the dead letter queue.
    fn reject(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Err(TargetError::unsupported("it cannot reject a message")) })
    }
}

/// What was measured, so that it can be measured again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The system's version.
    pub version: String,
    /// How it was set up.
    pub configuration: String,
    /// What its confirm promises.
    pub durability: String,
}

/// Why a target could not be driven, or not any further.
#[derive(Debug, Error)]
pub enum TargetError {
    /// Nobody answers there.
    #[error("nobody answers at {address}: {error}")]
    Down {
        /// Where.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// It answered, and will not do what was asked.
    #[error("refused: {0}")]
    Refused(String),
    /// It has no such thing.
    #[error("{0}")]
    Unsupported(String),
    /// It went away in the middle.
    #[error("died half way: {0}")]
    Died(String),
    /// It was silent for too long.
    #[error("no answer in {0} s")]
    Silent(u64),
    /// It had been driven for a while by then.
    #[error("{error} ({known})")]
    HalfWay {
        /// What happened.
        error: Box<TargetError>,
        /// What was known when it did.
        known: String,
    },
}

impl TargetError {
    /// It has no such thing as `what`.
    pub fn unsupported(what: &str) -> Self {
        TargetError::Unsupported(what.to_owned())
    }

    /// With what was known when it happened. What a target does not have, it has not at any time.
    pub fn half_way(self, known: String) -> Self {
        match self {
            TargetError::Unsupported(what) => TargetError::Unsupported(what),
            error => TargetError::HalfWay { error: Box::new(error), known },
        }
    }

    /// The connection is over.
    pub fn died(reason: impl fmt::Display) -> Self {
        TargetError::Died(reason.to_string())
    }
}

impl From<io::Error> for TargetError {
    fn from(error: io::Error) -> Self {
        TargetError::died(error)
    }
}
