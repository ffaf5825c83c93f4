//! What the handles of one connection and its driver share: what is to be sent, and who waits for what.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::{mpsc, oneshot};

use super::delivery::Delivery;
use super::error::ClientError;
use crate::amqp::Output;
use crate::amqp::codec::Method;

/// The state of a connection, in many hands.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<State>>);

/// The state of a connection.
pub(super) struct State {
    /// What is to be sent.
    pub output: Output,
    /// The channels that are open or opening.
    pub channels: BTreeMap<u16, ChannelState>,
    /// Why nothing can be asked any more.
    pub ended: Option<String>,
    /// Nobody holds the connection any more: the driver lets go of the socket.
    pub abandoned: bool,
    channels_opened: u16,
    channel_max: u16,
    driver: Option<Waker>,
}

/// The state of a channel.
#[derive(Default)]
pub(super) struct ChannelState {
    /// Who waits for the answer to which request, in the order of the requests.
    pub requests: VecDeque<Request>,
    /// How many messages were published since confirms were selected.
    pub published: u64,
    /// Who waits for which confirm.
    pub confirms: BTreeMap<u64, oneshot::Sender<Result<(), ClientError>>>,
    /// Where each consumer's deliveries go.
    pub consumers: BTreeMap<String, mpsc::UnboundedSender<Delivery>>,
    /// The delivery whose content is coming in.
    pub incoming: Option<Incoming>,
}

/// A request that was sent and not answered.
pub(super) struct Request {
    /// The class and method that a refusal will name.
    pub ids: (u16, u16),
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, ClientError>>,
}

/// The broker's answer to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// Done.
    Done,
    /// A queue was declared.
    Declared { queue: String, messages: u32, consumers: u32 },
    /// Messages were purged or deleted.
    Count(u32),
    /// A get brought this.
    Got(Option<Delivery>),
}

/// A delivery whose content is coming in.
pub(super) struct Incoming {
    /// What has come so far.
    pub delivery: Delivery,
    /// The consumer it is for; `None` for the answer to a get.
    pub consumer_tag: Option<String>,
    /// How many bytes of the body are still to come; `None` before the header.
    pub missing_bytes: Option<u64>,
}

impl Shared {
    /// The state after the handshake.
    pub fn new(frame_max: u32, channel_max: u16) -> Self {
        Shared(Arc::new(Mutex::new(State {
            output: Output::new(frame_max),
            channels: BTreeMap::new(),
            ended: None,
            abandoned: false,
            channels_opened: 0,
            channel_max,
            driver: None,
        })))
    }

    /// A panic elsewhere leaves the state whole: nothing here panics half way.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request on a channel and waits for its answer.
    pub async fn ask(&self, number: u16, method: &Method<'_>) -> Result<Answer, ClientError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.lock();
            state.channel(number)?.requests.push_back(Request { ids: method.class_and_method_id(), answer });
            state.send(number, method);
        }
        answered.await.unwrap_or_else(|_| Err(ClientError::Interrupted { reason: "the client ended".into() }))
    }

    /// Sends a method that has no answer.
    pub fn tell(&self, number: u16, method: &Method<'_>) -> Result<(), ClientError> {
        let mut state = self.lock();
        state.channel(number)?;
        state.send(number, method);
        Ok(())
    }
}

impl State {
    /// The state of an open channel.
    pub fn channel(&mut self, number: u16) -> Result<&mut ChannelState, ClientError> {
        if let Some(reason) = &self.ended {
            return Err(ClientError::NotOpen { reason: reason.clone() });
        }
        self.channels
            .get_mut(&number)
            .ok_or_else(|| ClientError::NotOpen { reason: format!("channel {number} was closed") })
    }

    /// Takes a channel number that was never used on this connection.
    pub fn add_channel(&mut self) -> Result<u16, ClientError> {
        if self.channels_opened >= self.channel_max {
            let reason = format!("all {} channels were used", self.channel_max);
            return Err(ClientError::NotOpen { reason });
        }
        self.channels_opened += 1;
        self.channels.insert(self.channels_opened, ChannelState::default());
        Ok(self.channels_opened)
    }

    /// Queues a method to be sent.
    pub fn send(&mut self, number: u16, method: &Method<'_>) {
        self.output.method(number, method);
        self.wake_driver();
    }

    /// The driver asks to be woken when there is something to do.
    pub fn listen(&mut self, waker: &Waker) {
        match &mut self.driver {
            Some(driver) => driver.clone_from(waker),
            None => self.driver = Some(waker.clone()),
        }
    }

    /// There is something to do.
    pub fn wake_driver(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }

    /// The connection is over: whoever waits learns it.
    pub fn end(&mut self, reason: &str) {
        self.ended.get_or_insert_with(|| reason.to_owned());
        for (_, channel) in std::mem::take(&mut self.channels) {
            channel.end(reason);
        }
    }
}

impl ChannelState {
    /// The channel is over: whoever waits learns that the outcome is unknown; consumers see their end.
    pub fn end(self, reason: &str) {
        let interrupted = || ClientError::Interrupted { reason: reason.to_owned() };
        for request in self.requests {
            // Nobody waits any more: their loss.
            let _ = request.answer.send(Err(interrupted()));
        }
        for (_, confirm) in self.confirms {
            let _ = confirm.send(Err(interrupted()));
        }
    }

    /// Answers the oldest request.
    pub fn answer(&mut self, answer: Result<Answer, ClientError>) {
        if let Some(request) = self.requests.pop_front() {
            // Nobody waits any more: their loss.
            let _ = request.answer.send(answer);
        }
    }

    /// The broker answered one publish, or all up to one.
    pub fn confirm(&mut self, delivery_tag: u64, multiple: bool, taken: bool) {
        let later = self.confirms.split_off(&(delivery_tag + 1));
        let mut answered = std::mem::replace(&mut self.confirms, later);
        if !multiple {
            let only = answered.split_off(&delivery_tag);
            let mut earlier = std::mem::replace(&mut answered, only);
            self.confirms.append(&mut earlier);
        }
        for (_, confirm) in answered {
            let _ = confirm.send(if taken { Ok(()) } else { Err(ClientError::Nacked) });
        }
    }
}
