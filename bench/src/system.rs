//! The systems that can be put under load by name or by URL, and a run of each in figures.
//!
//! Ours are started for it, each in a process of its own; others must be up already.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::audit::Findings;
use crate::latency::LatencySummary;
use crate::measurement::Verdict;
use crate::own::Own;
use crate::target::amqp::{Amqp, Relay};
use crate::target::beanstalk::Beanstalk;
use crate::target::call::Call;
use crate::target::kafka::Kafka;
use crate::target::{About, Address, AddressError, Target, TargetError};
#[cfg(feature = "targets")]
use crate::target::{nats::Nats, redis::Redis};
use crate::workload::Workload;

/// Which system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemName {
    /// Our broker, as `handoff serve` runs it.
    Broker,
    /// The byte relay: what no broker can exceed here.
    Relay,
    /// Our log, as `handoff serve --log` runs it.
    LogServer,
    /// No broker at all: producers call consumers.
    Call,
    /// A system that others make, wherever it is: one of [`SCHEMES`].
    Remote {
        /// What was written, without a password.
        text: String,
        /// What it says.
        address: Address,
    },
}

/// A text that names no system.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SystemNameError {
    /// It is no URL either.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A URL of something that is not spoken here.
    #[error(
        "'{0}': expected broker, relay, log-server, call or a URL that begins with amqp://, beanstalk://, kafka://, nats:// or redis://"
    )]
    Unknown(String),
    /// A URL of something whose client was left out.
    #[error("'{0}': built without the feature 'targets': cargo run --release --features targets -- bench ...")]
    LeftOut(String),
}

/// What is spoken here, and whether it is in this build.
const SCHEMES: [(&str, bool); 5] = [
    ("amqp", true),
    ("beanstalk", true),
    ("kafka", true),
    ("nats", cfg!(feature = "targets")),
    ("redis", cfg!(feature = "targets")),
];

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

/// What one run of a system came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemMeasurement {
    /// What was driven.
    pub target: String,
    /// What exactly that is.
    pub about: About,
    /// With what, in a line.
    pub workload: String,
    /// The workload's short name.
    #[serde(default)]
    pub workload_id: String,
    /// Which repetition, from 1.
    pub repetition: u32,
    /// Messages sent a second.
    pub attempted_per_s: f64,
    /// Messages that arrived for the first time, a second.
    pub messages_per_s: f64,
    /// From the moment at which a message was meant to be sent until its consumer had it.
    pub latency_us: LatencySummary,
    /// Processor seconds of the system's process for a million messages; none if it is not on this machine.
    pub cpu_s_per_million: Option<f64>,
    /// The most memory that its process had, in bytes; none if it is not on this machine.
    pub rss_bytes: Option<u64>,
    /// How much of one processor the generator used, from 0 to 1: near 1, it may be what was measured.
    pub generator_cpu: f64,
    /// Whether the generator was the limit: it used more than nine tenths of a processor, or sent less than was asked
    /// although the target kept up.
    #[serde(default)]
    pub generator_limited: bool,
    /// Resident bytes for each waiting message above what the system has when it is empty; backlog only.
    #[serde(default)]
    pub waiting_bytes: Option<f64>,
    /// Resident bytes when everything was taken again; backlog only.
    #[serde(default)]
    pub after_bytes: Option<u64>,
    /// Resident bytes for each connection that does nothing; idle only.
    #[serde(default)]
    pub connection_bytes: Option<f64>,
    /// Messages confirmed a second while nothing was consumed; backlog only.
    #[serde(default)]
    pub fill_per_s: Option<f64>,
    /// Messages taken a second while nothing was sent; backlog only.
    #[serde(default)]
    pub drain_per_s: Option<f64>,
    /// Messages that came again because whoever held them died; churn only.
    #[serde(default)]
    pub redelivered: Option<u64>,
    /// Whether everything that was confirmed arrived, once, whole and in order.
    pub verdict: Verdict,
    /// What was wrong, in counts.
    pub findings: Findings,
}

impl SystemName {
    /// Whether it can be driven with so many producers and consumers. The relay pairs them.
    pub fn takes(&self, producers: usize, consumers: usize) -> bool {
        *self != SystemName::Relay || producers == consumers
    }

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

impl fmt::Display for SystemName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SystemName::Broker => "broker",
            SystemName::Relay => "relay",
            SystemName::LogServer => "log-server",
            SystemName::Call => "call",
            SystemName::Remote { text, .. } => text,
        })
    }
}

impl FromStr for SystemName {
    type Err = SystemNameError;

    fn from_str(text: &str) -> Result<Self, SystemNameError> {
        match text {
            "broker" => Ok(SystemName::Broker),
            "relay" => Ok(SystemName::Relay),
            "log-server" => Ok(SystemName::LogServer),
            "call" => Ok(SystemName::Call),
            _ if !text.contains("://") => Err(SystemNameError::Unknown(text.to_owned())),
            url => {
                let address: Address = url.parse()?;
                match SCHEMES.iter().find(|(scheme, _)| *scheme == address.scheme) {
                    Some((_, true)) => Ok(SystemName::Remote { text: without_password(url), address }),
                    Some((_, false)) => Err(SystemNameError::LeftOut(text.to_owned())),
                    None => Err(SystemNameError::Unknown(text.to_owned())),
                }
            }
        }
    }
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_ours_or_a_url() {
        for name in [SystemName::Broker, SystemName::Relay, SystemName::LogServer, SystemName::Call] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let name: SystemName = "amqp://me:secret@127.0.0.1:5673/?queue=quorum".parse().expect("a URL");
        assert_eq!(name.to_string(), "amqp://127.0.0.1:5673/?queue=quorum");
        assert!("beanstalk://127.0.0.1".parse::<SystemName>().is_ok());
        assert!("kafka://127.0.0.1?partitions=4".parse::<SystemName>().is_ok());
        for text in ["kafka", "http://127.0.0.1", "amqp://", "://"] {
            let error = text.parse::<SystemName>().expect_err("no system").to_string();
            assert!(error.contains(&format!("'{text}': expected")), "{error}");
        }
    }

    #[test]
    fn what_needs_a_client_is_refused_in_a_line_where_it_was_left_out() {
        for text in ["nats://127.0.0.1?storage=memory", "redis://127.0.0.1?structure=list"] {
            match text.parse::<SystemName>() {
                Ok(name) => assert!(cfg!(feature = "targets") && name.to_string() == text),
                Err(error) => {
                    assert_eq!(error, SystemNameError::LeftOut(text.to_owned()));
                    assert!(error.to_string().contains("--features targets") && !error.to_string().contains('\n'));
                }
            }
        }
    }

    #[test]
    fn a_relay_takes_pairs_only() {
        assert!(SystemName::Relay.takes(2, 2) && !SystemName::Relay.takes(1, 2) && SystemName::Broker.takes(1, 2));
    }
}
