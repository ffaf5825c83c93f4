//! What a broker is run with: the keys of the TOML file, each with a safe default.
//!
//! Flags of the command line change these settings; what they mean together is checked afterwards, by
//! [`Settings::check`].

mod access;
mod check;
mod limits;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use handoff_scenarios::document::{self, DocumentError};
use serde::Deserialize;

pub use check::Checked;
pub use limits::Limits;

/// Everything that can be set. The fields are the keys of the TOML file, and all of them may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where AMQP is spoken in the clear; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Where metrics, health and the management API are served; nowhere unless it is said.
    pub http: Option<SocketAddr>,
    /// The heartbeat interval that is proposed to clients, in seconds; 0 proposes none.
    pub heartbeat_s: u16,
    /// How long clients may take to leave when the broker is asked to, in seconds.
    pub shutdown_timeout_s: u64,
    /// How logs are written.
    pub log_format: LogFormat,
    /// The virtual hosts.
    pub virtual_hosts: Vec<String>,
    /// Who may connect. If nobody is named it is `guest` with the password `guest`, over the loopback interface.
    #[serde(rename = "user")]
    pub users: Vec<User>,
    /// AMQP over TLS.
    pub tls: Option<Tls>,
    /// What no client may exceed.
    pub limits: Limits,
    /// The log baseline, on Kafka's protocol; not served unless it is said where.
    pub log: Log,
}

/// How logs are written to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// `[[user]]`: somebody who may connect.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password's hash, as `handoff hash-password` prints it.
    pub password_hash: String,
    /// Whether it may connect over the loopback interface only.
    #[serde(default)]
    pub loopback_only: bool,
    /// Whether it may read the management API.
    #[serde(default)]
    pub monitoring: bool,
    /// What it may do, by virtual host. It may not open a virtual host that is not named here.
    #[serde(default, rename = "permission")]
    pub permissions: Vec<Permission>,
}

/// `[[user.permission]]`: what a user may do in a virtual host, as regular expressions that names have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The virtual host.
    #[serde(default = "default_virtual_host")]
    pub virtual_host: String,
    /// The queues and exchanges that it may create and delete.
    #[serde(default)]
    pub configure: String,
    /// Those that it may put messages into.
    #[serde(default)]
    pub write: String,
    /// Those that it may take messages out of.
    #[serde(default)]
    pub read: String,
}

/// `[tls]`: AMQP over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Where it is spoken; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// The certificate, followed by those that issued it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// Certificates of the authorities that clients' certificates must come from, in PEM. Without it clients are asked
    /// for none.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Whether a client must have one, if there is a `client_ca`.
    #[serde(default)]
    pub client_certificate: ClientCertificate,
}

/// Whether clients must have a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificate {
    /// A client without one is refused.
    #[default]
    Required,
    /// A client may have none; one that it has must be good.
    Optional,
}

/// `[log]`: the log baseline.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Where it is served; nowhere unless it is said.
    pub listen: Option<SocketAddr>,
    /// How many partitions topics get when they are first asked for.
    pub partitions: i32,
    /// How many bytes of each partition's newest records are kept at least; older ones may be dropped.
    pub retention_bytes: u64,
}

fn default_virtual_host() -> String {
    "/".to_owned()
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: vec![(Ipv4Addr::LOCALHOST, 5672).into()],
            http: None,
            heartbeat_s: 60,
            shutdown_timeout_s: 10,
            log_format: LogFormat::default(),
            virtual_hosts: vec![default_virtual_host()],
            users: Vec::new(),
            tls: None,
            limits: Limits::default(),
            log: Log::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { listen: None, partitions: 3, retention_bytes: 256 << 20 }
    }
}

impl Settings {
    /// Reads `file`. The paths in it are meant from its folder.
    ///
    /// # Errors
    /// If it cannot be read, is no TOML, or has a key that is unknown or of the wrong type. Values are not checked.
    pub fn load(file: &str) -> Result<Settings, DocumentError> {
        let mut settings: Settings = document::parse(file, &document::read(file)?)?;
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        if let Some(tls) = &mut settings.tls {
            let paths = [Some(&mut tls.certificate), Some(&mut tls.key), tls.client_ca.as_mut()];
            paths.into_iter().flatten().for_each(|path| *path = folder.join(&*path));
        }
        Ok(settings)
    }

    /// How long clients may take to leave when the broker is asked to.
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout_s)
    }
}

/// A hash does not belong into a log.
impl std::fmt::Debug for User {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}
