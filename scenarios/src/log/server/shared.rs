//! What the tasks of a server share: the broker, and who waits for which answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use handoff_broker::Timestamp;
use tokio::sync::{Notify, oneshot, watch};

use crate::log::broker::{Advertised, Answer, Broker, BrokerOptions, RequestId, Snapshot};
use crate::log::wire::api::{Incoming, Response};

/// The broker with those who wait for it.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told when a deadline comes up that is earlier than the one slept for.
    earlier: Notify,
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    broker: Broker,
    waiting: BTreeMap<RequestId, oneshot::Sender<Response>>,
    last_id: u64,
    /// The deadline that is slept for.
    armed: Timestamp,
}

/// What a connection gets for a request.
pub(super) enum Outcome {
    /// The response.
    Now(Box<Response>),
    /// The response will come here.
    Later(Waiting),
    /// No response.
    Nothing,
    /// No response, and the connection is to be closed.
    Close,
}

/// A response to come.
pub(super) struct Waiting {
    pub(super) id: RequestId,
    pub(super) response: oneshot::Receiver<Response>,
}

impl Shared {
    pub(super) fn new(broker: Broker) -> Self {
        let state = State { broker, waiting: BTreeMap::new(), last_id: 0, armed: Timestamp::EPOCH };
        Shared { state: Mutex::new(state), earlier: Notify::new(), stopped: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A broker with what this one keeps on its disk; this one is left with nothing.
    pub(super) fn recover(&self, options: BrokerOptions, advertised: Advertised) -> Broker {
        self.lock().broker.recover(options, advertised)
    }

    /// What the log holds now.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.lock().broker.snapshot()
    }

    /// Carries a request out and passes on every answer that has become ready by it.
    pub(super) fn handle(&self, incoming: Incoming, now: Timestamp) -> Outcome {
        let mut state = self.lock();
        state.last_id += 1;
        let id = RequestId(state.last_id);
        let outcome = match state.broker.handle(id, incoming, now) {
            Answer::Now(response) => Outcome::Now(response),
            Answer::Nothing => Outcome::Nothing,
            Answer::Close => Outcome::Close,
            Answer::Later => {
                let (sender, response) = oneshot::channel();
                state.waiting.insert(id, sender);
                Outcome::Later(Waiting { id, response })
            }
        };
        state.pass_on();
        if state.broker.next_deadline() < state.armed {
            self.earlier.notify_one();
        }
        outcome
    }

    /// Forgets a request whose connection is gone.
    pub(super) fn cancel(&self, id: RequestId) {
        let mut state = self.lock();
        state.waiting.remove(&id);
        state.broker.cancel(id);
    }

    /// Does what is due.
    pub(super) fn expire(&self, now: Timestamp) {
        let mut state = self.lock();
        state.broker.expire(now);
        state.pass_on();
    }

    /// The deadline to sleep for.
    pub(super) fn next_deadline(&self) -> Timestamp {
        let mut state = self.lock();
        state.armed = state.broker.next_deadline();
        state.armed
    }

    /// Completes when a deadline earlier than the last one returned has come up.
    pub(super) async fn earlier_deadline(&self) {
        self.earlier.notified().await;
    }

    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Completes when the server is to stop.
    pub(super) async fn stopped(&self) {
        // the sender lives as long as self, so this cannot fail
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }
}

impl State {
    fn pass_on(&mut self) {
        for (id, response) in self.broker.take_answers() {
            if let Some(sender) = self.waiting.remove(&id) {
                // a receiver that is gone is a connection that is gone
                let _ = sender.send(response);
            }
        }
    }
}
