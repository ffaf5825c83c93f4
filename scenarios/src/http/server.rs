//! Serves POST requests.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handoff_broker::{Listener, Runtime};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

/// Longer bodies are answered with 413.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How long to wait after `accept` failed, for want of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request with this body. It is run to its end even if the caller goes away meanwhile, as a thread
    /// that is busy does not notice that either.
    fn handle(&self, body: Bytes) -> impl Future<Output = StatusCode> + Send;
}

/// Accepts connections for ever, and serves each in a task of its own.
pub async fn serve<R: Runtime>(runtime: R, mut listener: R::Listener, handler: Arc<impl Handler>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => runtime.spawn(serve_connection(runtime.clone(), stream, handler.clone())),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                runtime.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection<R: Runtime>(runtime: R, stream: R::Stream, handler: Arc<impl Handler>) {
    let service = service_fn(move |request| respond(runtime.clone(), handler.clone(), request));
    let served = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn respond(
    runtime: impl Runtime,
    handler: Arc<impl Handler>,
    request: Request<Incoming>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let status = match Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await {
        Ok(body) => {
            let (reply, answer) = oneshot::channel();
            runtime.spawn(async move {
                // The caller may have gone; then nobody is left to tell.
                let _ = reply.send(handler.handle(body.to_bytes()).await);
            });
            answer.await.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}
