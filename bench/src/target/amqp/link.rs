//! A connection to a broker: its handshake, and its frames.

use std::net::SocketAddr;

use handoff_broker::amqp::codec::{self, Frame, FrameKind, Method, PROTOCOL_HEADER, TableBuilder, Value};

use super::{Login, property};
use crate::target::TargetError;
use crate::target::connect::answered;
use crate::target::wire::Wire;

/// The largest frame where none was agreed on: what brokers propose.
const DEFAULT_FRAME_MAX: u32 = 131_072;

/// An open connection.
pub(super) struct Link {
    /// What the server says that it is.
    pub server: String,
    /// The largest frame in bytes, framing included.
    pub frame_max: u32,
    /// The bytes that go out and come in.
    pub wire: Wire,
}

impl Link {
    /// Connects, logs in and opens the virtual host.
    pub async fn open(login: &Login) -> Result<Link, TargetError> {
        let mut link = Link::connect(login.address).await?;
        link.wire.output.extend_from_slice(&PROTOCOL_HEADER);
        link.log_in(login).await?;
        Ok(link)
    }

    /// Connects, and says nothing.
    pub async fn connect(address: SocketAddr) -> Result<Link, TargetError> {
        Ok(Link { server: String::new(), frame_max: DEFAULT_FRAME_MAX, wire: Wire::connect(address).await? })
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), TargetError> {
        self.server = self
            .answer(|method| match method {
                Method::ConnectionStart { server_properties, .. } => {
                    let of = |name| property(*server_properties, name);
                    Some(format!("{} {}", of("product"), of("version")).trim().to_owned())
                }
                _ => None,
            })
            .await?;
        let response = format!("\0{}\0{}", login.user, login.password);
        let mut properties = TableBuilder::new();
        properties.insert("product", Value::LongString(b"handoff bench"));
        let start_ok = Method::ConnectionStartOk {
            client_properties: properties.as_table(),
            mechanism: "PLAIN",
            response: response.as_bytes(),
            locale: "en_US",
        };
        start_ok.write(0, &mut self.wire.output);
        let (channel_max, frame_max) = self
            .answer(|method| match *method {
                Method::ConnectionTune { channel_max, frame_max, .. } => Some((channel_max, frame_max)),
                _ => None,
            })
            .await?;
        self.frame_max = if frame_max == 0 { DEFAULT_FRAME_MAX } else { frame_max };
        Method::ConnectionTuneOk { channel_max, frame_max: self.frame_max, heartbeat: 0 }
            .write(0, &mut self.wire.output);
        Method::ConnectionOpen { virtual_host: &login.virtual_host }.write(0, &mut self.wire.output);
        self.answer(|method| matches!(method, Method::ConnectionOpenOk {}).then_some(())).await
    }

    /// Sends a request and waits for the answer that `is_answer` knows.
    pub async fn ask(
        &mut self,
        channel: u16,
        request: &Method<'_>,
        is_answer: impl Fn(&Method<'_>) -> bool,
    ) -> Result<(), TargetError> {
        request.write(channel, &mut self.wire.output);
        self.answer(|method| is_answer(method).then_some(())).await
    }

    /// Sends what is to be written and waits for a method in which `find` finds something. Passes over everything else
    /// but a close.
    async fn answer<T>(&mut self, mut find: impl FnMut(&Method<'_>) -> Option<T>) -> Result<T, TargetError> {
        self.wire.flush().await?;
        answered(async {
            loop {
                let mut found = None;
                self.take_frames(|frame| {
                    if frame.kind == FrameKind::Method && found.is_none() {
                        found = find(&parse(frame)?);
                        return Ok(found.is_none());
                    }
                    Ok(true)
                })?;
                match found {
                    Some(found) => return Ok(found),
                    None => self.wire.fill().await?,
                }
            }
        })
        .await
    }

    /// Gives each whole frame that has come to `take`, until it says false.
    pub fn take_frames(
        &mut self,
        mut take: impl FnMut(&Frame<'_>) -> Result<bool, TargetError>,
    ) -> Result<(), TargetError> {
        loop {
            let parsed = codec::parse_frame(self.wire.input(), u32::MAX).map_err(TargetError::died)?;
            let Some((frame, taken_bytes)) = parsed else { return Ok(()) };
            let goes_on = take(&frame)?;
            self.wire.take(taken_bytes);
            if !goes_on {
                return Ok(());
            }
        }
    }
}

/// The method of a frame; an error if it is the end of the channel or the connection.
pub(super) fn parse<'a>(frame: &Frame<'a>) -> Result<Method<'a>, TargetError> {
    match Method::parse(frame.payload).map_err(TargetError::died)? {
        Method::ConnectionClose { reply_code, reply_text, .. }
        | Method::ChannelClose { reply_code, reply_text, .. } => {
            Err(TargetError::Refused(format!("{reply_code} {reply_text}")))
        }
        method => Ok(method),
    }
}
