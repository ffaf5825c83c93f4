//! What systems are called: ours by their names, others by their URLs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::target::{Address, AddressError};

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
    /// A system that others make, wherever it is.
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

impl SystemName {
    /// Whether it can be driven with so many producers and consumers. The relay pairs them.
    pub fn takes(&self, producers: usize, consumers: usize) -> bool {
        *self != SystemName::Relay || producers == consumers
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
