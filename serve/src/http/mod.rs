//! The operator's door: metrics, health and a read-only part of RabbitMQ's management API, over HTTP/1.1.
//!
//! `/metrics` and `/health` are for everybody who can reach the port; `/api` is for users who may monitor. Nothing here
//! changes the broker, and nothing is kept: each answer is one look at it. A connection carries one request and has a
//! limited time for it, and there are few of them, so this door costs the broker little whoever stands at it.

mod api;
mod authentication;
mod client;
mod exposition;
mod metrics;
mod route;
mod view;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use self::authentication::Refused;
use self::route::Route;
pub use client::{Client, ClientError};
pub use view::{AMQP, AMQP_OVER_TLS, HTTP, KAFKA, Listening, View};

/// The most requests at a time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// How long a connection may take from accept to close.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request's head may take to come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a wrong password waits for its answer.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);
/// How long to wait after `accept` failed, for want of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type Answer = Response<Full<Bytes>>;

/// Serves `view` on `listener`, for ever.
pub async fn serve(listener: TcpListener, view: Arc<View>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(permit) = permits.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let view = view.clone();
                tokio::spawn(async move {
                    serve_connection(stream, peer, view).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting an HTTP connection failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, view: Arc<View>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let view = view.clone();
        async move { Ok::<_, Infallible>(answer(&request, peer, &view).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "an HTTP connection ended early"),
        Err(_) => tracing::debug!(%peer, "an HTTP connection took too long"),
    }
}

/// Answers a request. Its body is not read.
async fn answer(request: &Request<Incoming>, peer: SocketAddr, view: &View) -> Answer {
    let route = Route::of(request.uri().path());
    if route.needs_login()
        && let Err(refused) = view.admit(request.headers(), peer)
    {
        return refuse(refused, peer).await;
    }
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return with(plain(StatusCode::METHOD_NOT_ALLOWED, "expected GET or HEAD\n"), ALLOW, "GET, HEAD");
    }
    match route {
        Route::Metrics => metrics_text(metrics::summed(&view.look())),
        Route::MetricsPerObject => metrics_text(metrics::per_object(&view.look())),
        Route::Health if view.is_stopping() => plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        Route::Health => plain(StatusCode::OK, "ok\n"),
        Route::Api(resource) => match api::document(&resource, view) {
            Some(document) => json(StatusCode::OK, document),
            None => not_found(),
        },
        Route::UnknownApi => not_found(),
        Route::Unknown => plain(StatusCode::NOT_FOUND, "expected /metrics, /health or /api/...\n"),
    }
}

/// Says no more than that the login was refused; why stands in the log.
async fn refuse(refused: Refused, peer: SocketAddr) -> Answer {
    if let Refused::Login { user, reason } = &refused {
        tracing::warn!(%peer, user, reason, "HTTP login refused");
        sleep(REFUSAL_DELAY).await;
    }
    let document = r#"{"error":"not_authorised","reason":"Login failed"}"#.to_owned();
    with(json(StatusCode::UNAUTHORIZED, document), WWW_AUTHENTICATE, "Basic realm=\"handoff\"")
}

fn not_found() -> Answer {
    json(StatusCode::NOT_FOUND, r#"{"error":"Object Not Found","reason":"Not Found"}"#.to_owned())
}

fn metrics_text(text: String) -> Answer {
    content(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

fn plain(status: StatusCode, text: &str) -> Answer {
    content(status, "text/plain; charset=utf-8", text.to_owned())
}

fn json(status: StatusCode, document: String) -> Answer {
    content(status, "application/json", document)
}

fn content(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    with(with(answer, CONTENT_TYPE, kind), CACHE_CONTROL, "no-cache")
}

fn with(mut answer: Answer, name: HeaderName, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}
