//! From what was written to what a broker is made of: whatever is wrong is found here, before anything listens.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::server::{MemoryWatermark, ServerOptions};
use handoff_broker::{amqp, core};
use handoff_scenarios::document::Invalid;
use handoff_scenarios::log;

use super::{Limits, Settings, access};
use crate::tls::Identity;

/// Settings that go together, with everything they name.
pub struct Checked {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls: Option<(Vec<SocketAddr>, Identity)>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) log: Option<(SocketAddr, log::ServerOptions)>,
    pub(crate) options: ServerOptions,
    /// Those of each virtual host.
    pub(crate) limits: core::Limits,
    /// Who may read the management API.
    pub(crate) monitors: BTreeSet<String>,
}

impl Settings {
    /// Checks every value, and reads the files that they name.
    ///
    /// # Errors
    /// At the first value that is out of bounds, or does not go with the others.
    pub fn check(&self) -> Result<Checked, Invalid> {
        self.limits.check()?;
        if self.log.partitions < 1 || self.log.partitions > 10_000 {
            return Err(Invalid::new("log.partitions", "1 to 10000", self.log.partitions));
        }
        let (access, monitors) = access::access(self)?;
        let tls = self.tls.as_ref().map(|settings| Ok((settings.listen.clone(), Identity::load(settings)?)));
        let tls = tls.transpose()?;
        if self.listen.is_empty() && tls.as_ref().is_none_or(|(addresses, _)| addresses.is_empty()) {
            return Err(Invalid::new("listen", "at least one address, here or in tls.listen", "none"));
        }
        let log = self.log.listen.map(|address| {
            let log = log::LogOptions { retention_bytes: Some(self.log.retention_bytes), ..Default::default() };
            let broker = log::BrokerOptions { partitions: self.log.partitions, log, ..Default::default() };
            (address, log::ServerOptions { broker, max_connections: self.limits.connections, ..Default::default() })
        });
        let options = self.options(access);
        Ok(Checked {
            listen: self.listen.clone(),
            tls,
            http: self.http,
            log,
            options,
            limits: self.limits.of_virtual_host(),
            monitors,
        })
    }

    fn options(&self, access: handoff_broker::access::AccessControl) -> ServerOptions {
        let limits = &self.limits;
        let settings = amqp::Settings {
            access: Arc::new(access),
            frame_max: limits.frame_max_bytes,
            channel_max: limits.channel_max,
            heartbeat: Duration::from_secs(self.heartbeat_s.into()),
            handshake_timeout: Duration::from_secs(limits.handshake_timeout_s),
            max_message_bytes: limits.message_max_bytes,
            // Within the time that leaving may take, those who do not answer are to be told from those who do.
            close_timeout: amqp::Settings::default().close_timeout.min(self.shutdown_timeout()),
            ..amqp::Settings::default()
        };
        ServerOptions {
            settings,
            max_connections: limits.connections,
            memory: MemoryWatermark::at(limits.memory_watermark_bytes),
            shutdown_timeout: self.shutdown_timeout(),
        }
    }
}

impl Limits {
    fn check(&self) -> Result<(), Invalid> {
        let at_least = |key: &str, least: u64, value: u64| {
            let invalid = || Invalid::new(format!("limits.{key}"), format!("at least {least}"), value);
            if value < least { Err(invalid()) } else { Ok(()) }
        };
        at_least("connections", 1, self.connections as u64)?;
        at_least("channel_max", 1, self.channel_max.into())?;
        at_least("frame_max_bytes", 4_096, self.frame_max_bytes.into())?;
        at_least("message_max_bytes", 1, self.message_max_bytes)?;
        at_least("handshake_timeout_s", 1, self.handshake_timeout_s)?;
        at_least("memory_watermark_bytes", 1024 * 1024, self.memory_watermark_bytes)?;
        if self.frame_max_bytes > 16 * 1024 * 1024 {
            return Err(Invalid::new("limits.frame_max_bytes", "at most 16777216", self.frame_max_bytes));
        }
        Ok(())
    }
}
