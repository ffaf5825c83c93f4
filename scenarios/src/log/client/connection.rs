//! A client's connection: requests are pipelined, and answered in the order in which they were sent.
//!
//! Two tasks, one writes and one reads, so that a peer that writes before it reads cannot block both. They end
//! together: when the stream does, when a request times out, or when the last handle is dropped.

use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use handoff_broker::{Runtime, Timestamp};
use kafka_protocol::messages::ApiVersionsRequest;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::{ClientError, check};
use super::versions::{Spoken, USED};
use crate::log::wire::frame::read_frame;

/// The largest answer that is taken.
const MAX_RESPONSE_BYTES: usize = 256 << 20;

type Reply = oneshot::Sender<Result<Bytes, ClientError>>;

/// A request on its way to the writer.
struct Outgoing {
    frame: Bytes,
    /// Whether the broker answers; if not, having been written is the answer.
    is_answered: bool,
    reply: Reply,
}

/// A handle on a connection. Cheap to clone; clones are the same connection.
#[derive(Clone)]
pub(super) struct Connection<R: Runtime> {
    runtime: R,
    shared: Arc<Shared>,
    outgoing: mpsc::UnboundedSender<Outgoing>,
}

struct Shared {
    client_id: String,
    timeout: Duration,
    last_correlation_id: AtomicI32,
    closed: watch::Sender<bool>,
}

impl<R: Runtime> Connection<R> {
    /// Connects and makes sure that the broker speaks what this client needs. Each call from then on, and connecting
    /// as a whole, may take `timeout`.
    pub(super) async fn open(
        runtime: &R,
        address: SocketAddr,
        client_id: &str,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let deadline = runtime.now() + timeout;
        let connected = runtime.timeout_at(deadline, runtime.connect(address)).await;
        let stream = connected
            .ok_or(ClientError::Connect(io::ErrorKind::TimedOut))?
            .map_err(|error| ClientError::Connect(error.kind()))?;
        let connection = Self::over(runtime, stream, client_id, timeout);
        connection.check_versions().await?;
        Ok(connection)
    }

    fn over(runtime: &R, stream: R::Stream, client_id: &str, timeout: Duration) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let (outgoing, to_write) = mpsc::unbounded_channel();
        let (written, in_flight) = mpsc::unbounded_channel();
        let closed = watch::Sender::new(false);
        runtime.spawn(write_all(writer, to_write, written, closed.clone()));
        runtime.spawn(read_all(reader, in_flight, closed.clone()));
        let shared =
            Shared { client_id: client_id.to_owned(), timeout, last_correlation_id: AtomicI32::new(0), closed };
        Connection { runtime: runtime.clone(), shared: Arc::new(shared), outgoing }
    }

    async fn check_versions(&self) -> Result<(), ClientError> {
        let spoken = self.call(&ApiVersionsRequest::default()).await?;
        check(spoken.error_code)?;
        let is_spoken = |&(key, version): &(i16, i16)| {
            spoken
                .api_keys
                .iter()
                .any(|api| api.api_key == key && (api.min_version..=api.max_version).contains(&version))
        };
        match USED.iter().find(|used| !is_spoken(used)) {
            Some(&(key, version)) => Err(ClientError::Unsupported { key, version }),
            None => Ok(()),
        }
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn call<Q: Spoken>(&self, request: &Q) -> Result<Q::Response, ClientError> {
        self.begin(request, Duration::ZERO)?.answer().await
    }

    /// Sends a request to which the broker may take `patience` before it answers. Requests are written in the order
    /// in which this is called, whenever their answers are waited for.
    pub(super) fn begin<Q: Spoken>(&self, request: &Q, patience: Duration) -> Result<Call<R, Q>, ClientError> {
        self.hand_over(request, true, patience)
    }

    /// Sends a request that has no answer.
    pub(super) fn begin_unanswered<Q: Spoken>(&self, request: &Q) -> Result<Call<R, Q>, ClientError> {
        self.hand_over(request, false, Duration::ZERO)
    }

    fn hand_over<Q: Spoken>(
        &self,
        request: &Q,
        is_answered: bool,
        patience: Duration,
    ) -> Result<Call<R, Q>, ClientError> {
        let correlation_id = self.shared.last_correlation_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let frame = request
            .encode_request(Q::VERSION, correlation_id, &self.shared.client_id)
            .map_err(|_| ClientError::Unencodable)?;
        let (reply, answer) = oneshot::channel();
        self.outgoing.send(Outgoing { frame, is_answered, reply }).map_err(|_| ClientError::NotSent)?;
        let deadline = self.runtime.now() + self.shared.timeout + patience;
        Ok(Call { connection: self.clone(), answer, deadline, request: PhantomData })
    }

    /// Ends the connection; whatever is in flight is lost.
    pub(super) fn close(&self) {
        self.shared.closed.send_replace(true);
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        *self.shared.closed.borrow()
    }
}

/// A request that was handed over, and its answer to come.
pub(super) struct Call<R: Runtime, Q> {
    connection: Connection<R>,
    answer: oneshot::Receiver<Result<Bytes, ClientError>>,
    deadline: Timestamp,
    request: PhantomData<fn() -> Q>,
}

impl<R: Runtime, Q: Spoken> Call<R, Q> {
    /// The answer. Nothing is lost if the future is dropped: it can be asked for again.
    pub(super) async fn answer(&mut self) -> Result<Q::Response, ClientError> {
        let frame = self.frame().await?;
        Q::decode_response(Q::VERSION, frame).map(|(_, response)| response).map_err(|_| ClientError::Malformed)
    }

    /// Done when a request that has no answer is written.
    pub(super) async fn written(&mut self) -> Result<(), ClientError> {
        self.frame().await.map(drop)
    }

    async fn frame(&mut self) -> Result<Bytes, ClientError> {
        match self.connection.runtime.timeout_at(self.deadline, &mut self.answer).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(ClientError::ConnectionLost),
            None => {
                self.connection.close();
                Err(ClientError::TimedOut)
            }
        }
    }
}

/// Writes requests until the connection ends or nobody has a handle any more; those not begun are answered as such.
async fn write_all<W>(
    mut writer: WriteHalf<W>,
    mut requests: mpsc::UnboundedReceiver<Outgoing>,
    written: mpsc::UnboundedSender<Reply>,
    closed: watch::Sender<bool>,
) where
    WriteHalf<W>: tokio::io::AsyncWrite + Unpin,
{
    let mut end = closed.subscribe();
    loop {
        let request = tokio::select! {
            biased;
            _ = end.wait_for(|closed| *closed) => break,
            request = requests.recv() => request,
        };
        let Some(Outgoing { frame, is_answered, reply }) = request else { break };
        let unanswered = if is_answered {
            drop(written.send(reply));
            None
        } else {
            Some(reply)
        };
        let write = async {
            writer.write_all(&frame).await?;
            writer.flush().await
        };
        let outcome = tokio::select! {
            biased;
            _ = end.wait_for(|closed| *closed) => break,
            outcome = write => outcome,
        };
        if outcome.is_err() {
            break;
        }
        if let Some(reply) = unanswered {
            let _ = reply.send(Ok(Bytes::new()));
        }
    }
    closed.send_replace(true);
    requests.close();
    while let Ok(request) = requests.try_recv() {
        let _ = request.reply.send(Err(ClientError::NotSent));
    }
}

/// Reads answers until the connection ends. Those still waited for are dropped with `in_flight`.
async fn read_all<S>(
    mut reader: ReadHalf<S>,
    mut in_flight: mpsc::UnboundedReceiver<Reply>,
    closed: watch::Sender<bool>,
) where
    ReadHalf<S>: tokio::io::AsyncRead + Unpin,
{
    let mut end = closed.subscribe();
    let mut buffer = BytesMut::new();
    loop {
        let frame = tokio::select! {
            biased;
            _ = end.wait_for(|closed| *closed) => break,
            frame = read_frame(&mut reader, &mut buffer, MAX_RESPONSE_BYTES) => frame,
        };
        // an answer that nobody asked for ends the connection as much as no answer does
        let (Ok(Some(frame)), Ok(reply)) = (frame, in_flight.try_recv()) else { break };
        let _ = reply.send(Ok(frame));
    }
    closed.send_replace(true);
}
