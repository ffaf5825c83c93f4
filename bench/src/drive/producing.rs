//! One producer of a run.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::load::Pace;
use super::session::{Lane, Phase, Session};
use super::ticker::Ticker;
use crate::stamp::Stamp;
use crate::target::{Producer, TargetError};

/// An open loop sends what has become due this often.
const TICK: Duration = Duration::from_micros(200);

/// Sends until the run drains or its quota is sent, then waits for what is not confirmed.
pub(crate) async fn produce(session: &Session, number: usize, producer: Box<dyn Producer>) -> Result<(), TargetError> {
    let mut sender = Sender::new(session, number, producer);
    match session.load.pace {
        Pace::Closed => sender.closed_loop().await?,
        Pace::Open { rate_per_s } => sender.open_loop(rate_per_s / session.load.producers as f64).await?,
    }
    sender.take_last_confirms().await?;
    // Its connection stays: a relay would close the consumer's with it.
    session.reached(Phase::Over).await;
    Ok(())
}

/// A producer's connection, and what is known of what it sent.
pub(crate) struct Sender<'a> {
    session: &'a Session,
    number: usize,
    lane: &'a Lane,
    producer: Box<dyn Producer>,
    /// Used again for each batch.
    bodies: Vec<Vec<u8>>,
    unconfirmed: u64,
    draining: BoxFuture<'a, ()>,
}

impl<'a> Sender<'a> {
    /// Nothing is sent yet.
    pub fn new(session: &'a Session, number: usize, producer: Box<dyn Producer>) -> Self {
        let (lane, draining) = (&session.lanes[number], Box::pin(session.reached(Phase::Draining)));
        Sender { session, number, lane, producer, bodies: Vec::new(), unconfirmed: 0, draining }
    }

    async fn closed_loop(&mut self) -> Result<(), TargetError> {
        let limits = self.session.load.limits;
        let quota = self.session.quota_of(self.number);
        while self.session.phase() == Phase::Sending && self.sent() < quota {
            let batch = (limits.batch as u64).min(quota - self.sent());
            let in_flight = self.sent() - self.lane.arrived();
            let is_window_full = self.unconfirmed + batch > limits.window;
            if is_window_full || (!self.session.is_storing && in_flight + batch > limits.in_flight) {
                self.wait_for_room(is_window_full).await?;
            } else {
                let now_ns = self.session.now_ns();
                self.send(batch, |_| now_ns).await?;
            }
        }
        Ok(())
    }

    /// Sends whatever has become due, again and again; takes confirms as they come.
    async fn open_loop(&mut self, rate_per_s: f64) -> Result<(), TargetError> {
        let due_ns = |sequence: u64| (sequence as f64 / rate_per_s * 1e9) as u64;
        let ticker = Ticker::every(TICK);
        while self.session.phase() == Phase::Sending {
            let now_ns = self.session.now_ns();
            let first = self.sent();
            let due = (now_ns as f64 * rate_per_s / 1e9) as u64;
            if due > first {
                self.send((due - first).min(10_000), due_ns).await?;
            }
            tokio::select! {
                biased;
                () = ticker.tick() => {}
                confirmed = self.producer.confirmed(), if self.unconfirmed > 0 => {
                    let count = confirmed?;
                    self.note_confirms(count);
                }
            }
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        self.lane.sent()
    }

    /// Sends `count` messages; `intended_ns` says of each sequence number when it was meant to be sent.
    pub async fn send(&mut self, count: u64, intended_ns: impl Fn(u64) -> u64) -> Result<(), TargetError> {
        let first = self.sent();
        let length = count as usize;
        if self.bodies.len() < length {
            self.bodies.resize_with(length, Vec::new);
        }
        for (sequence, body) in (first..first + count).zip(&mut self.bodies) {
            let (run, producer) = (self.session.run, self.number as u16);
            let stamp = Stamp { run, producer, sequence, intended_ns: intended_ns(sequence) };
            stamp.write(self.session.load.body_bytes, body);
        }
        // Before they are on their way, so that none arrives that is not known to be sent.
        self.lane.add_sent(count);
        self.unconfirmed += count;
        self.producer.send(&self.bodies[..length]).await
    }

    /// Waits until nothing is unconfirmed any more, or the run is over.
    pub async fn take_last_confirms(&mut self) -> Result<(), TargetError> {
        let over = self.session.reached(Phase::Over);
        tokio::pin!(over);
        while self.unconfirmed > 0 {
            tokio::select! {
                biased;
                () = &mut over => return Ok(()),
                confirmed = self.producer.confirmed() => {
                    let count = confirmed?;
                    self.note_confirms(count);
                }
            }
        }
        Ok(())
    }

    fn note_confirms(&mut self, count: u64) {
        self.unconfirmed = self.unconfirmed.saturating_sub(count);
        self.lane.add_confirmed(count);
    }

    /// Waits until something is confirmed or, if that is not what is waited for, arrives; or the run goes on.
    async fn wait_for_room(&mut self, is_window_full: bool) -> Result<(), TargetError> {
        tokio::select! {
            biased;
            () = &mut self.draining => Ok(()),
            confirmed = self.producer.confirmed(), if self.unconfirmed > 0 => {
                let count = confirmed?;
                self.note_confirms(count);
                Ok(())
            }
            () = self.lane.arrival.notified(), if !is_window_full => Ok(()),
        }
    }
}
