//! From a connected stream to an open connection, the client's side (AMQP 0-9-1, 2.2.4).

use std::future::poll_fn;

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::ConnectionOptions;
use super::error::ClientError;
use crate::amqp::codec::{self, FrameKind, Method, PROTOCOL_HEADER, TableBuilder, Value};
use crate::transport::Transport;

/// What client and broker agreed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// The largest frame in bytes, framing included.
    pub frame_max: u32,
    /// The most channels.
    pub channel_max: u16,
    /// The heartbeat interval in seconds; 0 is none.
    pub heartbeat_s: u16,
}

/// Logs in, tunes and opens the virtual host.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    transport: &mut Transport<S>,
    options: &ConnectionOptions,
) -> Result<Tuning, ClientError> {
    transport.outgoing().extend_from_slice(&PROTOCOL_HEADER);
    send(transport).await?;
    receive(transport, |method| match method {
        Method::ConnectionStart { .. } => Ok(()),
        other => Err(unexpected(&other)),
    })
    .await?;

    write_start_ok(options, transport.outgoing());
    send(transport).await?;
    let tuning = receive(transport, |method| match method {
        Method::ConnectionTune { channel_max, frame_max, heartbeat } => Ok(Tuning {
            frame_max: if frame_max == 0 { u32::MAX } else { frame_max },
            channel_max: if channel_max == 0 { u16::MAX } else { channel_max },
            heartbeat_s: options.heartbeat_s.unwrap_or(heartbeat),
        }),
        other => Err(unexpected(&other)),
    })
    .await?;

    let Tuning { frame_max, channel_max, heartbeat_s } = tuning;
    let tune_ok = Method::ConnectionTuneOk { channel_max, frame_max, heartbeat: heartbeat_s };
    tune_ok.write(0, transport.outgoing());
    Method::ConnectionOpen { virtual_host: &options.virtual_host }.write(0, transport.outgoing());
    send(transport).await?;
    receive(transport, |method| match method {
        Method::ConnectionOpenOk {} => Ok(()),
        other => Err(unexpected(&other)),
    })
    .await?;
    Ok(tuning)
}

fn write_start_ok(options: &ConnectionOptions, out: &mut Vec<u8>) {
    let mut capabilities = TableBuilder::new();
    for capability in ["publisher_confirms", "basic.nack", "consumer_cancel_notify", "authentication_failure_close"] {
        capabilities.insert(capability, Value::Boolean(true));
    }
    let mut properties = TableBuilder::new();
    properties
        .insert("product", Value::LongString(b"handoff client"))
        .insert("capabilities", Value::Table(capabilities.as_table()));
    let response = format!("\0{}\0{}", options.user, options.password);
    let start_ok = Method::ConnectionStartOk {
        client_properties: properties.as_table(),
        mechanism: "PLAIN",
        response: response.as_bytes(),
        locale: "en_US",
    };
    start_ok.write(0, out);
}

fn unexpected(method: &Method<'_>) -> ClientError {
    match method {
        Method::ConnectionClose { reply_code, reply_text, .. } => {
            ClientError::Refused { code: *reply_code, text: (*reply_text).to_owned() }
        }
        other => ClientError::connect(format!("{} in the handshake", other.name())),
    }
}

/// Sends everything that is on its way out.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(transport: &mut Transport<S>) -> Result<(), ClientError> {
    while transport.unsent_bytes() > 0 {
        poll_fn(|context| transport.poll_send(context)).await?;
    }
    Ok(())
}

/// Waits for the next method and gives it to `take`.
async fn receive<S: AsyncRead + AsyncWrite + Unpin, T>(
    transport: &mut Transport<S>,
    take: impl FnOnce(Method<'_>) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    loop {
        let received = transport.received();
        if received.starts_with(b"AMQP") {
            return Err(ClientError::connect("the broker speaks another protocol version"));
        }
        if let Some((frame, taken_bytes)) = codec::parse_frame(received, u32::MAX).map_err(ClientError::connect)? {
            let taken = match frame.kind {
                FrameKind::Heartbeat => None,
                _ => Some(Method::parse(frame.payload).map_err(ClientError::connect)?),
            };
            if let Some(method) = taken {
                let result = take(method);
                transport.consume(taken_bytes);
                return result;
            }
            transport.consume(taken_bytes);
        } else if poll_fn(|context| transport.poll_receive(context)).await? == 0 {
            return Err(ClientError::connect("the broker closed the connection in the handshake"));
        }
    }
}
