//! From the protocol header to an open connection, and the other methods of channel 0 (AMQP 0-9-1, 2.2.4).

use std::sync::Arc;
use std::time::Duration;

use super::login::MECHANISMS;
use super::{Connection, Host, Phase, Turn};
use crate::access::HostRefused;
use crate::amqp::codec::{FRAME_MIN_SIZE, Method, PROTOCOL_HEADER, ReplyCode, TableBuilder, Value};
use crate::amqp::description::ClientDescription;
use crate::amqp::fault::Fault;
use crate::amqp::heartbeat::Heartbeat;
use crate::amqp::output::Output;
use crate::core::Machine;

/// How clients of 0-9 begin, some of which speak 0-9-1; RabbitMQ takes it for that.
const OLDER_HEADER: [u8; 8] = *b"AMQP\x01\x01\0\x09";

/// What we do beyond the specification.
const CAPABILITIES: [&str; 9] = [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "per_consumer_qos",
    "authentication_failure_close",
    "consumer_priorities",
    "direct_reply_to",
];

impl Connection {
    /// Anything but our protocol's header is answered with that header, and the end (AMQP 0-9-1, 4.2.2).
    pub(super) fn receive_protocol_header(&mut self, input: &[u8], output: &mut Output) -> usize {
        let header_bytes = PROTOCOL_HEADER.len();
        let is_ours = |header: &[u8; 8]| header.starts_with(&input[..input.len().min(header_bytes)]);
        if !is_ours(&PROTOCOL_HEADER) && !is_ours(&OLDER_HEADER) {
            output.bytes().extend_from_slice(&PROTOCOL_HEADER);
            self.note_end("another protocol");
            self.phase = Phase::Finished;
            return input.len();
        }
        if input.len() < header_bytes {
            return 0;
        }
        let server_properties = server_properties();
        let start = Method::ConnectionStart {
            version_major: 0,
            version_minor: 9,
            server_properties: server_properties.as_table(),
            mechanisms: MECHANISMS,
            locales: b"en_US",
        };
        output.method(0, &start);
        self.phase = Phase::Start;
        header_bytes
    }

    /// A method on channel 0.
    pub(super) fn connection_method<M: Machine>(
        &mut self,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        match (self.phase, method) {
            (Phase::Start, Method::ConnectionStartOk { client_properties, mechanism, response, .. }) => {
                self.begin_login(client_properties, mechanism, response)
            }
            (Phase::Tune, Method::ConnectionTuneOk { channel_max, frame_max, heartbeat }) => {
                self.tune(channel_max, frame_max, heartbeat, turn)
            }
            (Phase::Open, Method::ConnectionOpen { virtual_host }) => self.open(virtual_host, turn),
            (Phase::Finished, _) => Ok(()),
            // A secret that does not expire needs no renewal: any is taken and changes nothing, as with RabbitMQ's
            // own users.
            (Phase::Running, Method::ConnectionUpdateSecret { .. }) => {
                turn.output.method(0, &Method::ConnectionUpdateSecretOk {});
                Ok(())
            }
            (_, Method::ConnectionClose { .. }) => {
                self.flush(turn.output);
                turn.output.method(0, &Method::ConnectionCloseOk {});
                self.note_end("closed by the client");
                self.end(turn.now, turn.machine);
                Ok(())
            }
            _ => Err(self.unexpected_method()),
        }
    }

    pub(super) fn propose_tuning(&mut self, output: &mut Output) {
        let tune = Method::ConnectionTune {
            channel_max: self.settings.channel_max,
            frame_max: self.settings.frame_max,
            heartbeat: u16::try_from(self.settings.heartbeat.as_secs()).unwrap_or(u16::MAX),
        };
        output.method(0, &tune);
        self.phase = Phase::Tune;
    }

    /// The client's answer stands as long as it asks for no more than was proposed; 0 asks for all of it.
    fn tune<M: Machine>(
        &mut self,
        channel_max: u16,
        frame_max: u32,
        heartbeat_s: u16,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let settings = &self.settings;
        let too_high = |what: &str, asked: u32, most: u32| {
            Fault::new(
                ReplyCode::NotAllowed,
                format!("negotiated {what} = {asked} is higher than the maximum allowed value ({most})"),
            )
        };
        if channel_max > settings.channel_max {
            return Err(too_high("channel_max", channel_max.into(), settings.channel_max.into()));
        }
        if frame_max > settings.frame_max {
            return Err(too_high("frame_max", frame_max, settings.frame_max));
        }
        if frame_max != 0 && frame_max < FRAME_MIN_SIZE {
            let text = format!(
                "negotiated frame_max = {frame_max} is lower than the minimum allowed value ({FRAME_MIN_SIZE})"
            );
            return Err(Fault::new(ReplyCode::NotAllowed, text));
        }
        self.channel_max = if channel_max == 0 { settings.channel_max } else { channel_max };
        turn.output.set_frame_max(if frame_max == 0 { settings.frame_max } else { frame_max });
        self.heartbeat = Heartbeat::every(Duration::from_secs(heartbeat_s.into()), turn.now);
        self.phase = Phase::Open;
        Ok(())
    }

    fn open<M: Machine>(&mut self, virtual_host: &str, turn: &mut Turn<'_, M>) -> Result<(), Fault> {
        let (index, permissions) = self.settings.access.open(&self.user, virtual_host).map_err(|refused| {
            let text = match refused {
                HostRefused::Unknown => format!("vhost {virtual_host} not found"),
                HostRefused::NoAccess => format!("access to vhost '{virtual_host}' refused for user '{}'", self.user),
            };
            Fault::new(ReplyCode::NotAllowed, text)
        })?;
        let name: Arc<str> = virtual_host.into();
        let client = ClientDescription {
            user: Arc::clone(&self.user),
            virtual_host: Arc::clone(&name),
            channel_max: self.channel_max,
            frame_max: turn.output.frame_max(),
            heartbeat: self.heartbeat.interval(),
            properties: self.attempt.take().map(|attempt| attempt.properties).unwrap_or_default().into(),
        };
        self.host = Host { index, name, permissions, client: Some(Arc::new(client)) };
        turn.output.method(0, &Method::ConnectionOpenOk {});
        self.phase = Phase::Running;
        Ok(())
    }
}

/// Who we are and what we can do beyond the specification; clients choose their ways by the capabilities.
fn server_properties() -> TableBuilder {
    let mut capabilities = TableBuilder::new();
    for capability in CAPABILITIES {
        capabilities.insert(capability, Value::Boolean(true));
    }
    let mut properties = TableBuilder::new();
    properties
        .insert("capabilities", Value::Table(capabilities.as_table()))
        .insert("product", Value::LongString(b"handoff"))
        .insert("version", Value::LongString(env!("CARGO_PKG_VERSION").as_bytes()))
        .insert("platform", Value::LongString(b"Rust"))
        .insert("information", Value::LongString(b"Messages are kept in memory only"));
    properties
}
