//! The task that owns a client's socket: sends what the handles want sent, gives what comes to whoever waits for it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::delivery::Delivery;
use super::error::ClientError;
use super::shared::{Answer, ChannelState, Incoming, Shared, State};
use crate::amqp::Heartbeat;
use crate::amqp::codec::{self, ContentHeader, Frame, FrameKind, Method};
use crate::runtime::Runtime;
use crate::time::Timestamp;
use crate::transport::Transport;

/// How many reads and writes one poll may do before others get their turn.
const ROUNDS_A_POLL: usize = 16;

/// The driver of one connection.
pub(super) struct Driver<R: Runtime> {
    runtime: R,
    transport: Transport<R::Stream>,
    shared: Shared,
    heartbeat: Heartbeat,
    timer: Option<(Timestamp, Pin<Box<R::Sleep>>)>,
}

impl<R: Runtime> Driver<R> {
    /// Takes over a connection after its handshake.
    pub fn new(runtime: R, transport: Transport<R::Stream>, shared: Shared, heartbeat_s: u16) -> Self {
        let heartbeat = Heartbeat::every(Duration::from_secs(heartbeat_s.into()), runtime.now());
        Driver { runtime, transport, shared, heartbeat, timer: None }
    }

    /// Beats, or gives up on a silent broker. Ready when the timer fired.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let deadline = self.heartbeat.deadline();
        if deadline == Timestamp::NEVER {
            return Poll::Pending;
        }
        if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
            self.timer = Some((deadline, Box::pin(self.runtime.sleep_until(deadline))));
        }
        if let Some((_, sleep)) = &mut self.timer {
            ready!(sleep.as_mut().poll(context));
        }
        self.timer = None;
        let now = self.runtime.now();
        if self.heartbeat.is_dead(now) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the broker fell silent")));
        }
        if now >= self.heartbeat.deadline() {
            self.heartbeat.beat(now, &mut self.shared.lock().output);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if ready!(self.transport.poll_receive(context))? == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the broker closed the socket")));
        }
        self.heartbeat.heard(self.runtime.now());
        self.take_frames()?;
        Poll::Ready(Ok(()))
    }

    fn take_frames(&mut self) -> io::Result<()> {
        let mut state = self.shared.lock();
        let frame_max = state.output.frame_max();
        while let Some((frame, taken_bytes)) =
            codec::parse_frame(self.transport.received(), frame_max).map_err(io::Error::other)?
        {
            state.take(frame).map_err(io::Error::other)?;
            self.transport.consume(taken_bytes);
        }
        Ok(())
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.transport.unsent_bytes() == 0 {
            self.shared.lock().output.take(self.transport.outgoing());
        }
        self.transport.poll_send(context)
    }

    fn poll_round(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let fired = self.poll_timer(context)?;
        let received = self.poll_receive(context)?;
        let sent = self.poll_send(context)?;
        if fired.is_ready() || received.is_ready() || sent.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl<R: Runtime> Future for Driver<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        for _ in 0..ROUNDS_A_POLL {
            {
                let mut state = this.shared.lock();
                if state.abandoned {
                    return Poll::Ready(());
                }
                state.listen(context.waker());
            }
            if let Err(error) = ready!(this.poll_round(context)) {
                this.shared.lock().end(&error.to_string());
                return Poll::Ready(());
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<R: Runtime> Drop for Driver<R> {
    fn drop(&mut self) {
        self.shared.lock().end("the connection was dropped");
    }
}

impl State {
    /// Gives a frame to whom it concerns. An error ends the connection.
    fn take(&mut self, frame: Frame<'_>) -> Result<(), String> {
        match frame.kind {
            FrameKind::Heartbeat => Ok(()),
            FrameKind::Method => {
                let method = Method::parse(frame.payload).map_err(|error| error.to_string())?;
                if frame.channel == 0 {
                    self.take_connection_method(&method)
                } else {
                    self.take_method(frame.channel, &method)
                }
            }
            FrameKind::Header => self.take_content(frame.channel, |incoming| {
                let header = ContentHeader::parse(frame.payload).map_err(|error| error.to_string())?;
                incoming.delivery.properties = header.properties.to_vec();
                incoming.missing_bytes = Some(header.body_size);
                Ok(())
            }),
            FrameKind::Body => self.take_content(frame.channel, |incoming| {
                let missing_bytes = incoming.missing_bytes.unwrap_or_default();
                let left_bytes = missing_bytes.checked_sub(frame.payload.len() as u64).ok_or("a body is too long")?;
                incoming.delivery.body.extend_from_slice(frame.payload);
                incoming.missing_bytes = Some(left_bytes);
                Ok(())
            }),
        }
    }

    fn take_connection_method(&mut self, method: &Method<'_>) -> Result<(), String> {
        match method {
            Method::ConnectionClose { reply_code, reply_text, .. } => {
                self.send(0, &Method::ConnectionCloseOk {});
                self.end(&format!("closed by the broker: {reply_code} {reply_text}"));
                Ok(())
            }
            Method::ConnectionCloseOk {} => Err("closed by this client".into()),
            _ => Ok(()),
        }
    }

    fn take_method(&mut self, number: u16, method: &Method<'_>) -> Result<(), String> {
        // What comes for a channel that is over here was sent before the broker knew.
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        match *method {
            Method::ChannelClose { reply_code, reply_text, class_id, method_id } => {
                self.close_channel(number, reply_code, reply_text, (class_id, method_id));
            }
            Method::ChannelCloseOk {} => {
                channel.answer(Ok(Answer::Done));
                self.drop_channel(number, "closed by this client");
            }
            Method::BasicDeliver { consumer_tag, .. } => channel.begin(method, Some(consumer_tag)),
            Method::BasicGetOk { .. } => channel.begin(method, None),
            Method::BasicGetEmpty {} => channel.answer(Ok(Answer::Got(None))),
            Method::BasicAck { delivery_tag, multiple } => channel.confirm(delivery_tag, multiple, true),
            Method::BasicNack { delivery_tag, multiple, .. } => channel.confirm(delivery_tag, multiple, false),
            Method::BasicCancel { consumer_tag, .. } => drop(channel.consumers.remove(consumer_tag)),
            Method::QueueDeclareOk { queue, message_count, consumer_count } => channel.answer(Ok(Answer::Declared {
                queue: queue.to_owned(),
                messages: message_count,
                consumers: consumer_count,
            })),
            Method::QueuePurgeOk { message_count } | Method::QueueDeleteOk { message_count } => {
                channel.answer(Ok(Answer::Count(message_count)));
            }
            _ => channel.answer(Ok(Answer::Done)),
        }
        Ok(())
    }

    /// The broker closed a channel: the request it names was refused, everything else there is unknown.
    fn close_channel(&mut self, number: u16, code: u16, text: &str, ids: (u16, u16)) {
        self.send(number, &Method::ChannelCloseOk {});
        if let Some(channel) = self.channels.get_mut(&number)
            && channel.requests.front().is_some_and(|request| request.ids == ids)
        {
            channel.answer(Err(ClientError::Refused { code, text: text.to_owned() }));
        }
        self.drop_channel(number, &format!("closed by the broker: {code} {text}"));
    }

    fn drop_channel(&mut self, number: u16, reason: &str) {
        if let Some(channel) = self.channels.remove(&number) {
            channel.end(reason);
        }
    }

    fn take_content(
        &mut self,
        number: u16,
        take: impl FnOnce(&mut Incoming) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        // A returned message has content too; this client never asks for one to be returned.
        let Some(incoming) = &mut channel.incoming else { return Ok(()) };
        take(incoming)?;
        if incoming.missing_bytes == Some(0) {
            channel.finish();
        }
        Ok(())
    }
}

impl ChannelState {
    /// A delivery's content follows.
    fn begin(&mut self, method: &Method<'_>, consumer_tag: Option<&str>) {
        self.incoming = Delivery::begin(method).map(|delivery| Incoming {
            delivery,
            consumer_tag: consumer_tag.map(str::to_owned),
            missing_bytes: None,
        });
    }

    /// A delivery is whole.
    fn finish(&mut self) {
        let Some(Incoming { delivery, consumer_tag, .. }) = self.incoming.take() else { return };
        match consumer_tag {
            None => self.answer(Ok(Answer::Got(Some(delivery)))),
            Some(tag) => {
                if let Some(consumer) = self.consumers.get(&tag) {
                    // A consumer that nobody reads any more keeps its deliveries unacknowledged.
                    let _ = consumer.send(delivery);
                }
            }
        }
    }
}
