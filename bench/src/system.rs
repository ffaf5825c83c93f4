//! The systems that can be put under load by name or by URL, and a run of each in figures.
//!
//! Ours are started for it, each in a process of its own; others must be up already.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::audit::Findings;
use crate::drive::{self, Load};
use crate::latency::LatencySummary;
use crate::measurement::Verdict;
use crate::own::Own;
use crate::target::amqp::{Amqp, Relay};
use crate::target::call::Call;
use crate::target::kafka::Kafka;
use crate::target::{About, Address, AddressError, Target, TargetError};

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
    /// A broker that speaks Kafka's protocol, wherever it is.
    Kafka {
        /// What was written.
        text: String,
        /// What it says.
        address: Address,
    },
    /// A broker that speaks AMQP 0-9-1, wherever it is.
    Amqp {
        /// What was written.
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
    #[error("'{0}': expected broker, relay, log-server, call, or a URL with amqp:// or kafka://")]
    Unknown(String),
}

/// A system that is up.
pub struct System {
    name: String,
    about: About,
    target: Box<dyn Target>,
    /// Ends with this.
    _own: Option<Own>,
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

/// What one run of a system came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemMeasurement {
    /// What was driven.
    pub target: String,
    /// What exactly that is.
    pub about: About,
    /// With what, in a line.
    pub workload: String,
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
    /// Whether everything that was confirmed arrived, once, whole and in order.
    pub verdict: Verdict,
    /// What was wrong, in counts.
    pub findings: Findings,
}

impl SystemName {
    /// Whether it can be driven with so many producers and consumers. The relay pairs them; a call needs somebody who
    /// is called.
    pub fn takes(&self, producers: usize, consumers: usize) -> bool {
        match self {
            SystemName::Relay => producers == consumers,
            SystemName::Call => consumers > 0,
            _ => true,
        }
    }

    /// Starts it if it is ours, and asks it what it is.
    ///
    /// # Errors
    /// If it cannot be started, or nobody answers.
    pub async fn start(&self) -> Result<System, SystemError> {
        let name = self.to_string();
        self.try_start(name.clone()).await.map_err(|reason| SystemError { name, reason })
    }

    async fn try_start(&self, name: String) -> Result<System, Reason> {
        let (target, own): (Box<dyn Target>, _) = match self {
            SystemName::Broker => {
                let own = Own::start(&["serve", "--listen", "127.0.0.1:0"], 1)?;
                let promise = "confirmed when the queue has it in memory, all there is";
                (Box::new(Amqp::at(own.addresses[0], promise)), Some(own))
            }
            SystemName::Relay => {
                let own = Own::start(&["bench-relay"], 2)?;
                (Box::new(Relay { producers: own.addresses[0], consumers: own.addresses[1] }), Some(own))
            }
            SystemName::LogServer => {
                let own = Own::start(&["serve", "--listen", "127.0.0.1:0", "--log", "127.0.0.1:0"], 2)?;
                // It names its AMQP port first.
                (Box::new(Kafka::ours(own.addresses[1])), Some(own))
            }
            SystemName::Call => (Box::new(Call::default()), None),
            SystemName::Kafka { address, .. } => (Box::new(Kafka::new(address)?), None),
            SystemName::Amqp { address, .. } => (Box::new(Amqp::new(address)?), None),
        };
        let about = target.about().await?;
        Ok(System { name, about, target, _own: own })
    }
}

impl System {
    /// Puts `load` on it once.
    ///
    /// # Errors
    /// If it could not be driven to the end.
    pub async fn measure(&self, load: &Load, repetition: u32) -> Result<SystemMeasurement, SystemError> {
        let run = drive::run(&*self.target, load).await;
        let figures = run.map_err(|error| SystemError { name: self.name.clone(), reason: error.into() })?;
        Ok(SystemMeasurement {
            target: self.name.clone(),
            about: self.about.clone(),
            workload: load.to_string(),
            repetition,
            attempted_per_s: figures.sent_per_s,
            messages_per_s: figures.messages_per_s,
            latency_us: figures.latency_us,
            cpu_s_per_million: figures.cpu_s_per_million,
            rss_bytes: figures.rss_bytes,
            generator_cpu: figures.generator_cpu,
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
            SystemName::Kafka { text, .. } | SystemName::Amqp { text, .. } => text,
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
            url => match url.parse::<Address>()? {
                address if address.scheme == "amqp" => Ok(SystemName::Amqp { text: without_password(url), address }),
                address if address.scheme == "kafka" => Ok(SystemName::Kafka { text: without_password(url), address }),
                _ => Err(SystemNameError::Unknown(text.to_owned())),
            },
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
        for (text, name) in
            [("relay", SystemName::Relay), ("log-server", SystemName::LogServer), ("call", SystemName::Call)]
        {
            assert_eq!((text.parse(), name.to_string().as_str()), (Ok(name), text));
        }
        let name: SystemName = "kafka://127.0.0.1?partitions=4".parse().expect("a URL");
        assert!(matches!(&name, SystemName::Kafka { address, .. } if address.get("partitions") == Some("4")));
        let name: SystemName = "amqp://me:secret@127.0.0.1:5673/?queue=quorum".parse().expect("a URL");
        assert_eq!(name.to_string(), "amqp://127.0.0.1:5673/?queue=quorum");
        for text in ["kafka", "http://127.0.0.1", "amqp://", "://"] {
            let error = text.parse::<SystemName>().expect_err("no system").to_string();
            assert!(error.contains(&format!("'{text}': expected")), "{error}");
        }
    }

    #[test]
    fn a_relay_takes_pairs_only_and_a_call_needs_a_consumer() {
        assert!(SystemName::Call.takes(1, 2) && !SystemName::Call.takes(1, 0) && SystemName::LogServer.takes(1, 0));
        assert!(SystemName::Relay.takes(2, 2) && !SystemName::Relay.takes(1, 2) && SystemName::Broker.takes(1, 2));
    }
}
