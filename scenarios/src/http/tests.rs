//! Client and server against each other over loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use handoff_broker::{Listener, Runtime};
use tokio::sync::Semaphore;

use super::*;
use crate::stage::{Stage, TcpStage};

/// Counts requests, and answers each with 200 when it is let through.
struct Gate {
    begun: Semaphore,
    open: Semaphore,
    ended: AtomicUsize,
}

impl Handler for Gate {
    async fn handle(&self, _: Bytes) -> StatusCode {
        self.begun.add_permits(1);
        self.open.acquire().await.expect("never closed").forget();
        self.ended.fetch_add(1, Ordering::SeqCst);
        StatusCode::OK
    }
}

async fn start(stage: &TcpStage, open: usize) -> (SocketAddr, Arc<Gate>) {
    let gate = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(open), ended: AtomicUsize::new(0) });
    let runtime = stage.node("server");
    let listener = runtime.listen(stage.listen_address("server")).await.expect("a free port");
    let address = listener.local_address().expect("an address");
    runtime.spawn(serve(runtime.clone(), listener, gate.clone()));
    (address, gate)
}

#[tokio::test]
async fn calls_are_answered_and_a_body_that_is_too_long_is_refused() {
    let stage = TcpStage::new();
    let (address, gate) = start(&stage, 2).await;
    let client = Client::new(stage.node("client"));
    for _ in 0..2 {
        assert_eq!(client.post(address, Bytes::from_static(b"job")).await.expect("an answer"), StatusCode::OK);
    }
    let long = client.post(address, vec![0; (1 << 20) + 1].into()).await;
    assert!(matches!(long, Ok(StatusCode::PAYLOAD_TOO_LARGE) | Err(CallError::Lost(_))), "{long:?}");
    assert_eq!(gate.ended.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_request_is_handled_to_its_end_though_its_caller_gave_up() {
    let stage = TcpStage::new();
    let (address, gate) = start(&stage, 0).await;
    let client = Client::new(stage.node("client"));
    tokio::select! {
        biased;
        answer = client.post(address, Bytes::new()) => panic!("the gate is shut, yet {answer:?}"),
        begun = gate.begun.acquire() => begun.expect("never closed").forget(),
    }
    gate.open.add_permits(2);
    assert_eq!(client.post(address, Bytes::new()).await.expect("an answer"), StatusCode::OK);
    while gate.ended.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_lost_and_one_that_is_gone_refuses() {
    let stage = TcpStage::new();
    let (address, gate) = start(&stage, 1).await;
    let client = Client::new(stage.node("client"));
    client.post(address, Bytes::new()).await.expect("an answer");
    gate.begun.acquire().await.expect("never closed").forget();
    let crash = async {
        gate.begun.acquire().await.expect("never closed").forget();
        stage.crash("server");
    };
    let (answer, ()) = tokio::join!(client.post(address, Bytes::new()), crash);
    assert!(matches!(answer, Err(CallError::Lost(_))), "{answer:?}");
    let answer = client.post(address, Bytes::new()).await;
    assert!(matches!(answer, Err(CallError::Refused(_))), "{answer:?}");
}

#[test]
fn every_answer_survives_its_status() {
    for answer in [Answer::Accepted, Answer::Done, Answer::Rejected, Answer::Failed, Answer::TimedOut] {
        assert_eq!(answer_of(status_of(answer)), answer);
    }
    assert_eq!(answer_of(StatusCode::BAD_REQUEST), Answer::Failed);
}
