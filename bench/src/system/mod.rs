//! The systems that can be put under load by name or by URL, and a run of each in figures.
//!
//! Ours are started for it, each in a process of its own; others must be up already.

mod measurement;
mod name;

use std::fmt;
use std::io;

use thiserror::Error;

pub use self::measurement::SystemMeasurement;
pub use self::name::{SystemName, SystemNameError};
use crate::measurement::Verdict;
use crate::own::Own;
use crate::target::amqp::{Amqp, Relay};
use crate::target::beanstalk::Beanstalk;
use crate::target::call::Call;
use crate::target::kafka::Kafka;
use crate::target::{About, Address, Target, TargetError};
#[cfg(feature = "targets")]
use crate::target::{nats::Nats, redis::Redis};
use crate::workload::Workload;

/// How much memory our broker may take before it blocks publishers: 4 GiB, room for the largest backlog.
const BROKER_WATERMARK_BYTES: &str = "4294967296";
/// What our log keeps of a partition: 4 GiB.
const LOG_RETENTION_BYTES: &str = "4294967296";

/// A system that is up.
pub struct System {
    name: String,
    what: SystemName,
    about: About,
    target: Box<dyn Target>,
    /// Ends with this.
    own: Option<Own>,
}

/// Why a system could not be put under load.
#[derive(Debug, Error)]
#[error("{name}: {reason}")]
pub struct SystemError {
    name: String,
    #[source]
    reason: Reason,
}

#[derive(Debug, Error)]
enum Reason {
    #[error("cannot be started: {0}")]
    Start(#[from] io::Error),
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl SystemError {
    /// What is wrong, without the system's name.
    pub fn reason(&self) -> impl fmt::Display {
        &self.reason
    }

    /// What the system does not have, if that is all that is wrong: no failure, only no figure.
    pub fn unsupported(&self) -> Option<&str> {
        match &self.reason {
            Reason::Target(TargetError::Unsupported(what)) => Some(what),
            _ => None,
        }
    }
}

impl SystemName {
    /// Starts it if it is ours, and asks it what it is.
    ///
    /// # Errors
    /// If it cannot be started, or nobody answers.
    pub async fn start(&self) -> Result<System, SystemError> {
        self.start_as(&self.to_string()).await
    }

    /// The same, under a name of its own.
    ///
    /// # Errors
    /// As [`start`](SystemName::start).
    pub async fn start_as(&self, name: &str) -> Result<System, SystemError> {
        let name = name.to_owned();
        self.try_start(name.clone()).await.map_err(|reason| SystemError { name, reason })
    }

    async fn try_start(&self, name: String) -> Result<System, Reason> {
        let (target, own): (Box<dyn Target>, _) = match self {
            SystemName::Broker => {
                let memory = ["--memory-watermark", BROKER_WATERMARK_BYTES];
                let own = Own::start(&[&["serve", "--listen", "127.0.0.1:0"], &memory[..]].concat(), 1)?;
                let promise = "confirmed when the queue has it in memory, all there is";
                (Box::new(Amqp::at(own.addresses[0], promise)), Some(own))
            }
            SystemName::Relay => {
                let own = Own::start(&["bench-relay"], 2)?;
                (Box::new(Relay { producers: own.addresses[0], consumers: own.addresses[1] }), Some(own))
            }
            SystemName::LogServer => {
                // Room for a backlog: what is dropped before it is read would be lost. It names its AMQP port first.
                let log = ["--log", "127.0.0.1:0", "--log-retention", LOG_RETENTION_BYTES];
                let own = Own::start(&[&["serve", "--listen", "127.0.0.1:0"], &log[..]].concat(), 2)?;
                (Box::new(Kafka::ours(own.addresses[1])), Some(own))
            }
            SystemName::Call => (Box::new(Call::default()), None),
            SystemName::Remote { address, .. } => (remote(address)?, None),
        };
        let about = target.about().await?;
        Ok(System { name, what: self.clone(), about, target, own })
    }
}

/// The driver of a URL's scheme.
fn remote(address: &Address) -> Result<Box<dyn Target>, TargetError> {
    Ok(match address.scheme.as_str() {
        "beanstalk" => Box::new(Beanstalk::new(address)?),
        "kafka" => Box::new(Kafka::new(address)?),
        #[cfg(feature = "targets")]
        "nats" => Box::new(Nats::new(address)?),
        #[cfg(feature = "targets")]
        "redis" => Box::new(Redis::new(address)?),
        _ => Box::new(Amqp::new(address)?),
    })
}

impl System {
    /// Puts `workload` on it once. If that [weighs memory](Workload::weighs_memory) and the system is ours, it is started
    /// anew for it.
    ///
    /// # Errors
    /// If it could not be driven to the end, or [has no such thing](SystemError::unsupported).
    pub async fn measure(&self, workload: &Workload, repetition: u32) -> Result<SystemMeasurement, SystemError> {
        if workload.weighs_memory() && self.own.is_some() {
            let fresh = self.what.start_as(&self.name).await?;
            return fresh.measure_here(workload, repetition).await;
        }
        self.measure_here(workload, repetition).await
    }

    async fn measure_here(&self, workload: &Workload, repetition: u32) -> Result<SystemMeasurement, SystemError> {
        let run = workload.run(&*self.target).await;
        let figures = run.map_err(|error| SystemError { name: self.name.clone(), reason: error.into() })?;
        Ok(SystemMeasurement {
            target: self.name.clone(),
            about: self.about.clone(),
            workload: workload.to_string(),
            workload_id: workload.id(),
            repetition,
            attempted_per_s: figures.sent_per_s,
            messages_per_s: figures.messages_per_s,
            latency_us: figures.latency_us,
            cpu_s_per_million: figures.cpu_s_per_million,
            rss_bytes: figures.rss_bytes,
            generator_cpu: figures.generator_cpu,
            generator_limited: figures.generator_limited,
            waiting_bytes: figures.waiting_bytes,
            after_bytes: figures.after_bytes,
            connection_bytes: figures.connection_bytes,
            fill_per_s: figures.fill_per_s,
            drain_per_s: figures.drain_per_s,
            redelivered: figures.redelivered,
            verdict: if figures.findings.is_clean() { Verdict::Valid } else { Verdict::Violated },
            findings: figures.findings,
        })
    }
}
