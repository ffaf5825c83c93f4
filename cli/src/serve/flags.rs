//! The flags of `handoff serve`, and what they change in the settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use handoff_serve::Settings;
use handoff_serve::settings::{ClientCertificate, LogFormat, Tls};

use crate::outcome::BadInput;

/// What can be said on the command line. Users, virtual hosts and permissions are only in the file: passwords do not
/// belong on a command line, where others see them.
#[derive(clap::Args)]
pub struct Flags {
    /// Where to listen, once for each address; port 0 takes a free one [default: 127.0.0.1:5672]
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<SocketAddr>,
    /// Where to listen for TLS, once for each address; prints `TLS listening on ADDRESS`
    #[arg(long, value_name = "ADDRESS")]
    tls_listen: Vec<SocketAddr>,
    /// The certificate for TLS, followed by those that issued it, in PEM
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Ask clients for a certificate that one of these issued, in PEM
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// Whether clients must have a certificate if there is a --tls-client-ca [default: required]
    #[arg(long, value_name = "HOW")]
    tls_client_certificate: Option<ClientCertificateFlag>,
    /// Serve metrics, health and the management API at this address; prints `HTTP listening on ADDRESS`
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Also serve the log baseline, on Kafka's protocol, at this address; prints `log listening on ADDRESS`
    #[arg(long, value_name = "ADDRESS")]
    log: Option<SocketAddr>,
    /// How many partitions the log's topics get when they are first asked for [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=10_000))]
    log_partitions: Option<i32>,
    /// How many bytes of each partition's newest records the log keeps at least [default: 268435456]
    #[arg(long, value_name = "BYTES")]
    log_retention: Option<u64>,
    /// How logs are written to stderr [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormatFlag>,
    /// The heartbeat interval that is proposed to clients, in seconds; 0 proposes none [default: 60]
    #[arg(long, value_name = "SECONDS")]
    heartbeat: Option<u16>,
    /// How long clients may take to leave on SIGTERM, in seconds [default: 10]
    #[arg(long, value_name = "SECONDS")]
    shutdown_timeout: Option<u64>,
    /// The largest frame, in bytes [default: 131072]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(4096..=16_777_216))]
    frame_max: Option<u32>,
    /// The largest message, in bytes [default: 134217728]
    #[arg(long, value_name = "BYTES")]
    message_max: Option<u64>,
    /// The most channels on one connection [default: 2047]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    channel_max: Option<u16>,
    /// The most connections at once [default: 20000]
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// How much memory messages and buffers may take before publishers are blocked, in bytes [default: 1073741824]
    #[arg(long, value_name = "BYTES")]
    memory_watermark: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClientCertificateFlag {
    Required,
    Optional,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormatFlag {
    Text,
    Json,
}

/// The settings' keys that flags changed, each with its flag.
#[derive(Default)]
pub struct Changed(Vec<(&'static str, &'static str)>);

impl Changed {
    /// The flag that changed `key`.
    pub fn flag_of(&self, key: &str) -> Option<&'static str> {
        self.0.iter().find(|(changed, _)| *changed == key).map(|(_, flag)| *flag)
    }

    /// Puts what a flag says in the place of a setting.
    fn set<T>(&mut self, key: &'static str, flag: &'static str, setting: &mut T, said: Option<T>) {
        if let Some(said) = said {
            *setting = said;
            self.0.push((key, flag));
        }
    }
}

impl Flags {
    /// The settings with what the flags say in them.
    pub fn change(&self, mut settings: Settings) -> Result<(Settings, Changed), BadInput> {
        let mut changed = Changed::default();
        let listen = (!self.listen.is_empty()).then(|| self.listen.clone());
        changed.set("listen", "--listen", &mut settings.listen, listen);
        changed.set("http", "--http", &mut settings.http, self.http.map(Some));
        changed.set("log.listen", "--log", &mut settings.log.listen, self.log.map(Some));
        changed.set("log.partitions", "--log-partitions", &mut settings.log.partitions, self.log_partitions);
        changed.set("log.retention_bytes", "--log-retention", &mut settings.log.retention_bytes, self.log_retention);
        changed.set("log_format", "--log-format", &mut settings.log_format, self.log_format.map(LogFormat::from));
        changed.set("heartbeat_s", "--heartbeat", &mut settings.heartbeat_s, self.heartbeat);
        let shutdown_timeout_s = &mut settings.shutdown_timeout_s;
        changed.set("shutdown_timeout_s", "--shutdown-timeout", shutdown_timeout_s, self.shutdown_timeout);
        let limits = &mut settings.limits;
        changed.set("limits.frame_max_bytes", "--frame-max", &mut limits.frame_max_bytes, self.frame_max);
        changed.set("limits.message_max_bytes", "--message-max", &mut limits.message_max_bytes, self.message_max);
        changed.set("limits.channel_max", "--channel-max", &mut limits.channel_max, self.channel_max);
        changed.set("limits.connections", "--max-connections", &mut limits.connections, self.max_connections);
        let watermark_bytes = &mut limits.memory_watermark_bytes;
        changed.set("limits.memory_watermark_bytes", "--memory-watermark", watermark_bytes, self.memory_watermark);
        self.change_tls(&mut settings.tls, &mut changed)?;
        Ok((settings, changed))
    }

    fn change_tls(&self, tls: &mut Option<Tls>, changed: &mut Changed) -> Result<(), BadInput> {
        if tls.is_none() {
            *tls = self.new_tls()?;
        }
        let Some(tls) = tls else { return Ok(()) };
        let listen = (!self.tls_listen.is_empty()).then(|| self.tls_listen.clone());
        changed.set("tls.listen", "--tls-listen", &mut tls.listen, listen);
        changed.set("tls.certificate", "--tls-certificate", &mut tls.certificate, self.tls_certificate.clone());
        changed.set("tls.key", "--tls-key", &mut tls.key, self.tls_key.clone());
        changed.set("tls.client_ca", "--tls-client-ca", &mut tls.client_ca, self.tls_client_ca.clone().map(Some));
        let wanted = self.tls_client_certificate.map(ClientCertificate::from);
        changed.set("tls.client_certificate", "--tls-client-certificate", &mut tls.client_certificate, wanted);
        Ok(())
    }

    /// TLS that only flags speak of: all of what it needs, or nothing.
    fn new_tls(&self) -> Result<Option<Tls>, BadInput> {
        let is_mentioned = !self.tls_listen.is_empty()
            || self.tls_certificate.is_some()
            || self.tls_key.is_some()
            || self.tls_client_ca.is_some()
            || self.tls_client_certificate.is_some();
        match (&self.tls_listen[..], &self.tls_certificate, &self.tls_key) {
            ([_, ..], Some(certificate), Some(key)) => {
                let (certificate, key) = (certificate.clone(), key.clone());
                let client_certificate = ClientCertificate::default();
                Ok(Some(Tls { listen: Vec::new(), certificate, key, client_ca: None, client_certificate }))
            }
            _ if is_mentioned => {
                let needed = "--tls-listen, --tls-certificate and --tls-key: expected all three or none of them";
                Err(BadInput(needed.to_owned()))
            }
            _ => Ok(None),
        }
    }
}

impl From<ClientCertificateFlag> for ClientCertificate {
    fn from(flag: ClientCertificateFlag) -> Self {
        match flag {
            ClientCertificateFlag::Required => ClientCertificate::Required,
            ClientCertificateFlag::Optional => ClientCertificate::Optional,
        }
    }
}

impl From<LogFormatFlag> for LogFormat {
    fn from(flag: LogFormatFlag) -> Self {
        match flag {
            LogFormatFlag::Text => LogFormat::Text,
            LogFormatFlag::Json => LogFormat::Json,
        }
    }
}
