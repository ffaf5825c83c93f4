//! One connection: requests are read, carried out and answered, one after the other.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use handoff_broker::Runtime;
use kafka_protocol::messages::ApiKey;
use thiserror::Error;
use tokio::io::AsyncWriteExt;

use super::ServerOptions;
use super::idle::IdleTimer;
use super::shared::{Outcome, Shared, Waiting};
use crate::log::broker::Broker;
use crate::log::wire::WireError;
use crate::log::wire::api::{Response, decode_request, encode_response};
use crate::log::wire::frame::{FrameError, read_frame, read_more};

/// Why a connection ended other than by its client's wish.
#[derive(Debug, Error)]
pub(super) enum ConnectionError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("nothing moved for too long")]
    Idle,
    #[error("a request that has no answer failed")]
    Unanswerable,
}

pub(super) struct Connection<R: Runtime> {
    runtime: R,
    stream: R::Stream,
    shared: Arc<Shared>,
    idle: IdleTimer<R>,
    max_request_bytes: usize,
    /// What was read and not yet carried out.
    buffer: BytesMut,
}

impl<R: Runtime> Connection<R> {
    pub(super) fn new(runtime: R, stream: R::Stream, options: &ServerOptions, shared: Arc<Shared>) -> Self {
        let idle = IdleTimer::new(runtime.clone(), Duration::from_millis(options.max_idle_ms));
        let max_request_bytes = options.max_request_bytes;
        Connection { runtime, stream, shared, idle, max_request_bytes, buffer: BytesMut::new() }
    }

    /// Serves until the client closes, sends something that is not a request, or nothing moves for too long.
    pub(super) async fn serve(mut self) -> Result<(), ConnectionError> {
        loop {
            let read = read_frame(&mut self.stream, &mut self.buffer, self.max_request_bytes);
            let Some(frame) = self.idle.watch(read).await.ok_or(ConnectionError::Idle)?? else {
                return Ok(());
            };
            if let Some(response) = self.answer(frame).await? {
                let write = async {
                    self.stream.write_all(&response).await?;
                    self.stream.flush().await
                };
                self.idle.watch(write).await.ok_or(ConnectionError::Idle)??;
            }
        }
    }

    /// The response to a request as a frame, if it has one.
    async fn answer(&mut self, frame: Bytes) -> Result<Option<Bytes>, ConnectionError> {
        let incoming = match decode_request(frame) {
            Err(WireError::UnknownApiVersions { correlation_id }) => {
                let refusal = Broker::refuse_api_versions();
                return Ok(Some(encode_response(&refusal, ApiKey::ApiVersions, 0, correlation_id)?));
            }
            decoded => decoded?,
        };
        let (api, version, correlation_id) = (incoming.api, incoming.version, incoming.correlation_id);
        let response = match self.shared.handle(incoming, self.runtime.now()) {
            Outcome::Now(response) => *response,
            Outcome::Later(waiting) => self.wait(waiting).await?,
            Outcome::Nothing => return Ok(None),
            Outcome::Close => return Err(ConnectionError::Unanswerable),
        };
        Ok(Some(encode_response(&response, api, version, correlation_id)?))
    }

    /// Waits for a response, and meanwhile for the client's end: whoever is gone need not be waited for.
    async fn wait(&mut self, waiting: Waiting) -> Result<Response, ConnectionError> {
        let Waiting { id, mut response } = waiting;
        let gone = loop {
            // a whole request more than the one in hand is read ahead, no further
            let may_read = self.buffer.len() < self.max_request_bytes + 4;
            tokio::select! {
                biased;
                answered = &mut response => match answered {
                    Ok(response) => return Ok(response),
                    Err(_) => break ConnectionError::Unanswerable,
                },
                read = read_more(&mut self.stream, &mut self.buffer), if may_read => match read {
                    Ok(0) => break io::Error::from(io::ErrorKind::UnexpectedEof).into(),
                    Ok(_) => {}
                    Err(error) => break error.into(),
                },
            }
        };
        self.shared.cancel(id);
        Err(gone)
    }
}
