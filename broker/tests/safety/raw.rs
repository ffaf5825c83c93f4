//! A client that does only what it is told: bytes on a socket, no library in between.

use std::net::SocketAddr;

use handoff_broker::amqp::codec::{
    self, BASIC_CLASS_ID, ContentHeader, FrameKind, Method, PROTOCOL_HEADER, Table, TableBuilder, Value,
    write_body_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection to the broker.
pub struct RawClient {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawClient {
    /// Connects and says nothing.
    pub async fn connect(address: SocketAddr) -> RawClient {
        RawClient { stream: TcpStream::connect(address).await.unwrap(), received: Vec::new() }
    }

    /// An open connection of `guest`'s with channel 1 open.
    pub async fn open(address: SocketAddr) -> RawClient {
        let mut client = RawClient::connect(address).await;
        client
            .send(|out| {
                out.extend_from_slice(&PROTOCOL_HEADER);
                write_start_ok(b"\0guest\0guest", out);
                Method::ConnectionTuneOk { channel_max: 0, frame_max: 0, heartbeat: 0 }.write(0, out);
                Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
                Method::ChannelOpen {}.write(1, out);
            })
            .await;
        client.expect("channel.open-ok").await;
        client
    }

    pub async fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut out = Vec::new();
        write(&mut out);
        self.stream.write_all(&out).await.unwrap();
    }

    /// As much as the socket takes now.
    pub fn try_send(&mut self, bytes: &[u8]) -> usize {
        self.stream.try_write(bytes).unwrap_or(0)
    }

    /// The next method, described; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            while let Ok(Some((frame, taken))) = codec::parse_frame(&self.received, u32::MAX) {
                let method = match frame.kind {
                    FrameKind::Method => Some(describe(Method::parse(frame.payload).unwrap())),
                    _ => None,
                };
                self.received.drain(..taken);
                if method.is_some() {
                    return method;
                }
            }
            if self.stream.read_buf(&mut self.received).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Reads until a method that is described so.
    pub async fn expect(&mut self, expected: &str) {
        let mut seen = Vec::new();
        while let Some(method) = self.next().await {
            if method == expected {
                return;
            }
            seen.push(method);
        }
        panic!("{expected} did not come, but {seen:?}");
    }
}

/// `connection.start-ok` of a client that wants to know when it is blocked and when its login fails.
pub fn write_start_ok(response: &[u8], out: &mut Vec<u8>) {
    let mut capabilities = TableBuilder::new();
    capabilities.insert("connection.blocked", Value::Boolean(true));
    capabilities.insert("authentication_failure_close", Value::Boolean(true));
    let mut properties = TableBuilder::new();
    properties.insert("capabilities", Value::Table(capabilities.as_table()));
    let client_properties = properties.as_table();
    Method::ConnectionStartOk { client_properties, mechanism: "PLAIN", response, locale: "en_US" }.write(0, out);
}

pub fn declare(queue: &str, out: &mut Vec<u8>) {
    let arguments = Table::default();
    let (passive, durable, exclusive, auto_delete, no_wait) = (false, false, false, false, false);
    Method::QueueDeclare { queue, passive, durable, exclusive, auto_delete, no_wait, arguments }.write(1, out);
}

pub fn publish(queue: &str, body: &[u8], out: &mut Vec<u8>) {
    begin_publish(1, queue, body.len() as u64, out);
    write_body_frame(1, body, out);
}

/// A publish without its body.
pub fn begin_publish(channel: u16, queue: &str, body_size: u64, out: &mut Vec<u8>) {
    let routing_key = queue.as_bytes();
    Method::BasicPublish { exchange: "", routing_key, mandatory: false, immediate: false }.write(channel, out);
    ContentHeader { class_id: BASIC_CLASS_ID, body_size, properties: &[0, 0] }.write(channel, out);
}

fn describe(method: Method<'_>) -> String {
    match method {
        Method::ConnectionClose { reply_text, .. } | Method::ChannelClose { reply_text, .. } => {
            format!("{}: {reply_text}", method.name())
        }
        Method::ConnectionBlocked { reason } => format!("{}: {reason}", method.name()),
        Method::BasicAck { delivery_tag, .. } => format!("{} {delivery_tag}", method.name()),
        _ => method.name().to_owned(),
    }
}
