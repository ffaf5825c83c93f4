//! Sends POST requests over kept-alive connections.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use handoff_broker::Runtime;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;

type Body = Full<Bytes>;
type Idle = BTreeMap<SocketAddr, Vec<SendRequest<Body>>>;

/// A client with a pool of connections, as large as the calls under way need. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Client<R> {
    runtime: R,
    idle: Arc<Mutex<Idle>>,
}

/// Why a call has no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// There was no connection: the request was definitely not handled.
    #[error("no connection: {0}")]
    Refused(#[source] io::Error),
    /// The connection was lost: the request may have been handled.
    #[error("the connection was lost: {0}")]
    Lost(#[source] hyper::Error),
}

impl<R: Runtime> Client<R> {
    /// A client without connections yet.
    pub fn new(runtime: R) -> Self {
        Client { runtime, idle: Arc::default() }
    }

    /// Posts `body` to `address`. Waits as long as it takes; if the call is dropped, its connection closes, and the
    /// request may have been handled or not.
    pub async fn post(&self, address: SocketAddr, body: Bytes) -> Result<StatusCode, CallError> {
        let mut request = request(address, body);
        while let Some(mut connection) = self.take_idle(address) {
            if connection.ready().await.is_err() {
                continue;
            }
            match connection.try_send_request(request).await {
                Ok(response) => return self.receive(address, connection, response).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(CallError::Lost(error.into_error())),
                },
            }
        }
        let mut connection = self.connect(address).await?;
        let response = connection.send_request(request).await.map_err(CallError::Lost)?;
        self.receive(address, connection, response).await
    }

    async fn connect(&self, address: SocketAddr) -> Result<SendRequest<Body>, CallError> {
        let stream = self.runtime.connect(address).await.map_err(CallError::Refused)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(CallError::Lost)?;
        self.runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
        Ok(sender)
    }

    /// Reads the response to its end, after which the connection may be used again.
    async fn receive(
        &self,
        address: SocketAddr,
        connection: SendRequest<Body>,
        response: Response<Incoming>,
    ) -> Result<StatusCode, CallError> {
        let status = response.status();
        response.into_body().collect().await.map_err(CallError::Lost)?;
        self.lock().entry(address).or_default().push(connection);
        Ok(status)
    }

    /// The connection that was used last: others may then be closed as idle.
    fn take_idle(&self, address: SocketAddr) -> Option<SendRequest<Body>> {
        self.lock().get_mut(&address)?.pop()
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(address: SocketAddr, body: Bytes) -> Request<Body> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    if let Ok(host) = HeaderValue::try_from(address.to_string()) {
        request.headers_mut().insert(HOST, host);
    }
    request
}
